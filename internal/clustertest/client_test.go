package clustertest

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// fleet is the servers as clients see them: any will do.
type fleet struct {
	house   *house
	servers []*server
	client  *http.Client
	turn    atomic.Int64
}

func newFleet(h *house, servers ...*server) *fleet {
	return &fleet{house: h, servers: servers, client: &http.Client{
		Timeout:   15 * time.Second, // a server holds a doubtful write for ten
		Transport: &http.Transport{MaxIdleConnsPerHost: 32},
	}}
}

// reply is one answer, or none.
type reply struct {
	status int
	err    error
	Error  string `json:"error"`
	Access string `json:"access_token"`
	Token  string `json:"refresh_token"`
	Code   string `json:"authorization_code"`
}

func (r reply) won() bool { return r.err == nil && r.status == http.StatusOK }

// lost says that the server decided: what was sent is not, or no longer, good.
func (r reply) lost() bool { return r.err == nil && r.status == http.StatusBadRequest }

// unknown says that nothing follows: no answer, or 503.
func (r reply) unknown() bool {
	return r.err != nil || r.status == http.StatusServiceUnavailable
}

// unsent says that no connection could be made: nothing was asked.
func (r reply) unsent() bool {
	var op *net.OpError
	return errors.As(r.err, &op) && op.Op == "dial"
}

// on sends a form to one server.
func (f *fleet) on(s *server, path string, form url.Values) (out reply) {
	req, err := http.NewRequest(http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return reply{err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", f.house.basic)
	resp, err := f.client.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer resp.Body.Close()
	err = json.NewDecoder(resp.Body).Decode(&out)
	if resp.ContentLength == 0 {
		err = nil // a revocation says nothing
	}
	out.status, out.err = resp.StatusCode, err
	return out
}

// any is the next server, round and round.
func (f *fleet) any() *server {
	return f.servers[int(f.turn.Add(1))%len(f.servers)]
}

func login(username string) url.Values {
	return url.Values{
		"response_type": {"code"}, "username": {username}, "password": {password}, "scope": {"openid offline_access"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
}

func redeem(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {verifier}}
}

func refresh(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

func revoke(token string) url.Values { return url.Values{"token": {token}} }

const (
	challengePath = "/oauth2/challenge"
	tokenPath     = "/oauth2/token"
	revokePath    = "/oauth2/revoke"
)
