package server

import (
	"context"
	"log/slog"

	"countersign/internal/sqlstore"
)

// apply takes what a poll found into the memory that requests are answered from.
func (s *Server) apply(c sqlstore.Changes) {
	if c.Org != nil || c.Clients != nil {
		s.apps.Apply(c.Org, c.Clients)
	}
	if c.Keys != nil {
		if err := s.ring.Apply(s.Keys, c.Keys); err != nil {
			s.o.Log.LogAttrs(context.Background(), slog.LevelError, "signing keys not taken over", slog.String("fault", err.Error()))
		}
	}
	s.endings.Add(c.Endings...)
}
