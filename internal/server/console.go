package server

import (
	"context"
	"net/url"
	"time"

	"countersign/internal/account"
	"countersign/internal/config"
	"countersign/internal/console"
	"countersign/internal/gate"
	"countersign/internal/web"
)

// console builds the pages for administrators and the gate in front of them.
func (s *Server) console() ([]web.Route, error) {
	if !bool(s.cfg.Console.Enabled) {
		return nil, nil
	}
	s.Desk.LinkFor = time.Duration(s.cfg.Console.Link)
	s.gate = gate.New(gate.Options{
		Members: s.DB, Sessions: s.DB, People: s.DB, Log: s.DB, Keys: s.Keys, Pool: s.pool, Params: s.cfg.Password.Params(),
		Policy: account.PasswordPolicy{MinLength: max(s.cfg.Password.MinLength, account.DefaultMinPassword)},
		Limits: s.cfg.Login.Limits(), Lives: lives(s.cfg.Console), Pause: pause, OnFault: s.onFault, Now: s.o.Now,
		RequireFactor: bool(s.cfg.Console.SecondFactor),
	})
	return console.Routes(console.Deps{Issuer: s.Issuer, Desk: s.Desk, Gate: s.gate, Keys: s.Keys, Address: s.origin(), HTTPS: s.https(), Now: s.o.Now})
}

func lives(c config.Console) gate.Lives {
	return gate.Lives{
		Idle: time.Duration(c.Idle), Absolute: time.Duration(c.Absolute), Proof: time.Duration(c.Proof), Link: time.Duration(c.Link),
	}
}

// Bootstrap is the address at which the first owner sets a password, good for
// once. It is empty when there is an administrator already, or no console.
func (s *Server) Bootstrap(ctx context.Context) (string, error) {
	if s.gate == nil {
		return "", nil
	}
	token, err := s.gate.Bootstrap(ctx)
	if err != nil || token == "" {
		return "", err
	}
	return s.ConsoleURL() + "join?" + url.Values{"link": {token}}.Encode(), nil
}

// ConsoleURL is where administrators go; empty where the console is switched
// off.
func (s *Server) ConsoleURL() string {
	if s.gate == nil {
		return ""
	}
	return s.origin() + "/console/"
}

// origin is the issuer without its path: the console stands at the root.
func (s *Server) origin() string {
	u, err := url.Parse(s.Issuer)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
