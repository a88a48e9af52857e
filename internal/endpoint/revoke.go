package endpoint

import (
	"countersign/internal/client"
	"countersign/internal/inspect"
	"countersign/internal/web"
)

// revoke ends a token of the app that asks. An unknown token is ended already,
// so the answer is the same.
//
// Spec: RFC 7009 §2.2.
func (e *dialect) revoke(r *web.Request) (web.Answer, error) {
	return web.Answer{}, e.asks(r, func(c client.Credentials) error {
		_, err := e.Inspector.Revoke(r.Context(), inspect.Revocation{
			Client: c, Token: r.Form.Body.Text("token"), Address: r.Address(), RequestID: r.ID(),
		})
		return err
	})
}
