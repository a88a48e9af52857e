package server

import (
	"countersign/internal/api"
	"countersign/internal/inspect"
	"countersign/internal/web"
)

// plane is the Admin API, if the configuration has it served.
func (s *Server) plane(inspector *inspect.Inspector) ([]web.Route, error) {
	if !bool(s.cfg.AdminAPI.Enabled) {
		return nil, nil
	}
	return api.Routes(api.Deps{Issuer: s.Issuer, Desk: s.Desk, Inspector: inspector, Keys: s.Keys, Now: s.o.Now})
}
