package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"countersign/internal/audit"
	"countersign/internal/staff"
)

const (
	// atWork locks the member's row: whoever is switched off meanwhile begins no
	// session.
	atWork         = `UPDATE staff_member SET state = state WHERE sk = $1 AND id = $2 AND state = 'active'`
	insertSession  = `INSERT INTO staff_session (sk, id, member, begun_us, seen_us, proved_us, until_us, doc) VALUES ($1, $2, $3, $4, $4, $5, $6, $7)`
	sessionRow     = `SELECT id, member, begun_us, seen_us, proved_us, until_us, doc FROM staff_session `
	selectSession  = sessionRow + `WHERE sk = $1 AND id = $2`
	selectSessions = sessionRow + `WHERE sk = $1 AND member = $2 ORDER BY begun_us DESC, id`
	seeSession     = `UPDATE staff_session SET
seen_us = CASE WHEN seen_us < $3 THEN $3 ELSE seen_us END,
proved_us = CASE WHEN proved_us < $4 THEN $4 ELSE proved_us END WHERE sk = $1 AND id = $2`
	endSession       = `DELETE FROM staff_session WHERE sk = $1 AND member = $2 AND id = $3`
	endOtherSessions = `DELETE FROM staff_session WHERE sk = $1 AND member = $2 AND id <> $3`
	endAllSessions   = `DELETE FROM staff_session WHERE sk = $1 AND member = $2`
	cutSessions      = `DELETE FROM staff_session WHERE sk = $1 AND until_us < $2`
	cutTickets       = `DELETE FROM staff_ticket WHERE sk = $1 AND until_us < $2`
)

// BeginSession implements staff.Sessions.
func (db *DB) BeginSession(ctx context.Context, s staff.Session, replaces staff.Hash, e audit.Event) error {
	doc, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("begin session: %w", err)
	}
	err = db.report(ctx, e, func(t tx) error {
		if _, err := t.exec(endSession, onlyShard, string(s.Member), replaces[:]); err != nil {
			return err
		}
		n, err := t.exec(atWork, onlyShard, string(s.Member))
		if err == nil && n == 0 {
			err = staff.ErrNotFound
		}
		if err != nil {
			return err
		}
		_, err = t.exec(insertSession, onlyShard, s.Hash[:], string(s.Member), s.Begun.UnixMicro(), toMicro(s.Proved), s.Until.UnixMicro(), doc)
		return err
	})
	if err != nil {
		return fmt.Errorf("begin session: %w", err)
	}
	return nil
}

// Session implements staff.Sessions.
func (db *DB) Session(ctx context.Context, h staff.Hash) (staff.Session, error) {
	var s staff.Session
	found := false
	err := db.eng.read(ctx, func(t tx) error {
		return t.each(selectSession, []any{onlyShard, h[:]}, func(scan func(...any) error) (err error) {
			found = true
			s, err = scanSession(scan)
			return err
		})
	})
	if err == nil && !found {
		err = staff.ErrNoSession
	}
	if err != nil {
		return staff.Session{}, fmt.Errorf("read session: %w", err)
	}
	return s, nil
}

func scanSession(scan func(...any) error) (staff.Session, error) {
	var s staff.Session
	var id, doc []byte
	var member string
	var begun, seen, proved, until int64
	if err := scan(&id, &member, &begun, &seen, &proved, &until, &doc); err != nil {
		return s, err
	}
	err := json.Unmarshal(doc, &s)
	copy(s.Hash[:], id)
	s.Member, s.Begun, s.Seen, s.Until = staff.ID(member), fromMicro(begun), fromMicro(seen), fromMicro(until)
	if proved != 0 {
		s.Proved = fromMicro(proved)
	}
	return s, err
}

// SeeSession implements staff.Sessions.
func (db *DB) SeeSession(ctx context.Context, h staff.Hash, seen, proved time.Time) error {
	err := db.change(ctx, func(t tx, _ bool) error {
		_, err := t.exec(seeSession, onlyShard, h[:], seen.UnixMicro(), toMicro(proved))
		return err
	})
	if err != nil {
		return fmt.Errorf("note use of session: %w", err)
	}
	return nil
}

// Sessions implements staff.Sessions.
func (db *DB) Sessions(ctx context.Context, id staff.ID) ([]staff.Session, error) {
	var out []staff.Session
	err := db.eng.read(ctx, func(t tx) error {
		return t.each(selectSessions, []any{onlyShard, string(id)}, func(scan func(...any) error) error {
			s, err := scanSession(scan)
			out = append(out, s)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	return out, nil
}

// EndSession implements staff.Sessions.
func (db *DB) EndSession(ctx context.Context, id staff.ID, h staff.Hash, e audit.Event) error {
	err := db.report(ctx, e, func(t tx) error {
		n, err := t.exec(endSession, onlyShard, string(id), h[:])
		if err == nil && n == 0 {
			err = staff.ErrNoSession
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// EndOtherSessions implements staff.Sessions.
func (db *DB) EndOtherSessions(ctx context.Context, id staff.ID, keep staff.Hash, e audit.Event) error {
	err := db.report(ctx, e, func(t tx) error {
		_, err := t.exec(endOtherSessions, onlyShard, string(id), keep[:])
		return err
	})
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// sweepStaff removes sessions and links that are over.
func (db *DB) sweepStaff(ctx context.Context, now time.Time) error {
	var over int64
	const count = `SELECT (SELECT count(*) FROM staff_session WHERE sk = $1 AND until_us < $2) + (SELECT count(*) FROM staff_ticket WHERE sk = $1 AND until_us < $2)`
	err := db.eng.read(ctx, func(t tx) error {
		_, err := t.one(count, []any{onlyShard, now.UnixMicro()}, &over)
		return err
	})
	if err != nil || over == 0 {
		return err
	}
	return db.change(ctx, func(t tx, _ bool) error {
		for _, text := range []string{cutSessions, cutTickets} {
			if _, err := t.exec(text, onlyShard, now.UnixMicro()); err != nil {
				return err
			}
		}
		return nil
	})
}
