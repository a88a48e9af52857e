package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/staff"
)

const (
	insertMember = `INSERT INTO staff_member (sk, id, name, role, state, ver, doc) VALUES ($1, $2, $3, $4, $5, 1, $6) ON CONFLICT DO NOTHING RETURNING ver`
	memberRow    = `SELECT ver, doc FROM staff_member `
	selectMember = memberRow + `WHERE sk = $1 AND id = $2`
	memberByName = memberRow + `WHERE sk = $1 AND name = $2`
	selectAll    = memberRow + `WHERE sk = $1 ORDER BY id`
	changeMember = `UPDATE staff_member SET role = $3, state = $4, doc = $5, ver = ver + 1 WHERE sk = $1 AND id = $2 AND ver = $6 RETURNING ver`
	deleteMember = `DELETE FROM staff_member WHERE sk = $1 AND id = $2`
	// lockOwners comes before a change that could leave no owner: two owners who
	// demote each other at the same time wait for one another here. It is one row,
	// so that no two wait for each other's.
	lockOwners   = `UPDATE config_version SET ver = ver WHERE id = 1`
	otherOwners  = `SELECT count(*) FROM staff_member WHERE sk = $1 AND role = 'owner' AND state = 'active' AND id <> $2`
	countMembers = `SELECT count(*) FROM staff_member WHERE sk = $1`

	putTicket = `INSERT INTO staff_ticket (sk, member, id, purpose, until_us) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (sk, member) DO UPDATE SET id = excluded.id, purpose = excluded.purpose, until_us = excluded.until_us`
	selectTicket = `SELECT member, purpose, until_us FROM staff_ticket WHERE sk = $1 AND id = $2 AND until_us > $3`
	spendTicket  = `DELETE FROM staff_ticket WHERE sk = $1 AND id = $2 AND until_us > $3 RETURNING member, purpose`
	dropTicket   = `DELETE FROM staff_ticket WHERE sk = $1 AND member = $2`
)

// AddMember implements staff.Store.
func (db *DB) AddMember(ctx context.Context, m *staff.Member, e audit.Event) error {
	err := db.report(ctx, e, func(t tx) error { return addMember(t, m) })
	if err != nil {
		return fmt.Errorf("add administrator: %w", err)
	}
	m.Version = 1
	return nil
}

func addMember(t tx, m *staff.Member) error {
	doc, err := json.Marshal(m)
	if err != nil {
		return err
	}
	var ver int64
	fresh, err := t.one(insertMember, []any{onlyShard, string(m.ID), account.Identifier(m.Name), string(m.Role), string(m.State), doc}, &ver)
	if err == nil && !fresh {
		err = staff.ErrTaken
	}
	return err
}

// Member implements staff.Store.
func (db *DB) Member(ctx context.Context, id staff.ID) (*staff.Member, error) {
	return db.member(ctx, selectMember, string(id))
}

// MemberByName implements staff.Store.
func (db *DB) MemberByName(ctx context.Context, name string) (*staff.Member, error) {
	return db.member(ctx, memberByName, account.Identifier(name))
}

func (db *DB) member(ctx context.Context, text, arg string) (m *staff.Member, err error) {
	err = db.eng.read(ctx, func(t tx) error {
		m, err = readMember(t, text, arg)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read administrator: %w", err)
	}
	return m, nil
}

// readMember reads one row. Errors: staff.ErrNotFound.
func readMember(t tx, text, arg string) (*staff.Member, error) {
	var ver int64
	var doc []byte
	found, err := t.one(text, []any{onlyShard, arg}, &ver, &doc)
	if err == nil && !found {
		err = staff.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	m := &staff.Member{Version: ver}
	return m, json.Unmarshal(doc, m)
}

// Members implements staff.Store.
func (db *DB) Members(ctx context.Context) ([]*staff.Member, error) {
	var out []*staff.Member
	err := db.eng.read(ctx, func(t tx) error {
		return t.each(selectAll, []any{onlyShard}, func(scan func(...any) error) error {
			m := &staff.Member{}
			var doc []byte
			if err := scan(&m.Version, &doc); err != nil {
				return err
			}
			out = append(out, m)
			return json.Unmarshal(doc, m)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read administrators: %w", err)
	}
	return out, nil
}

// ChangeMember implements staff.Store.
func (db *DB) ChangeMember(ctx context.Context, m *staff.Member, e audit.Event) error {
	var ver int64
	err := db.report(ctx, e, func(t tx) (err error) {
		ver, err = changeStaff(t, m)
		return err
	})
	if err != nil {
		return fmt.Errorf("change administrator: %w", err)
	}
	m.Version = max(ver, m.Version+1)
	return nil
}

// changeStaff replaces a member's row and ends the sessions that must not
// outlive the change.
func changeStaff(t tx, m *staff.Member) (ver int64, err error) {
	was, err := readMember(t, selectMember, string(m.ID))
	if err != nil {
		return 0, err
	}
	if err := keepOwner(t, was, m); err != nil {
		return 0, err
	}
	next := *m
	next.Name = was.Name
	doc, err := json.Marshal(&next)
	if err != nil {
		return 0, err
	}
	won, err := t.one(changeMember, []any{onlyShard, string(m.ID), string(m.Role), string(m.State), doc, m.Version}, &ver)
	switch {
	case err != nil:
		return 0, err
	case !won:
		return 0, staff.ErrConflict
	case m.State == staff.Active && m.PasswordHash == was.PasswordHash:
		return ver, nil
	}
	_, err = t.exec(endAllSessions, onlyShard, string(m.ID))
	return ver, err
}

// keepOwner refuses what would leave the server without an owner who can sign
// in. A nil next is a removal.
func keepOwner(t tx, was, next *staff.Member) error {
	if was.Role != staff.Owner || was.State != staff.Active ||
		next != nil && next.Role == staff.Owner && next.State == staff.Active {
		return nil
	}
	if _, err := t.exec(lockOwners); err != nil {
		return err
	}
	var others int64
	if _, err := t.one(otherOwners, []any{onlyShard, string(was.ID)}, &others); err != nil {
		return err
	}
	if others == 0 {
		return staff.ErrLastOwner
	}
	return nil
}

// RemoveMember implements staff.Store.
func (db *DB) RemoveMember(ctx context.Context, id staff.ID, e audit.Event) error {
	err := db.report(ctx, e, func(t tx) error {
		was, err := readMember(t, selectMember, string(id))
		if err != nil {
			return err
		}
		if err := keepOwner(t, was, nil); err != nil {
			return err
		}
		for _, text := range []string{deleteMember, endAllSessions, dropTicket} {
			if _, err := t.exec(text, onlyShard, string(id)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove administrator: %w", err)
	}
	return nil
}

// KeepTicket implements staff.Store.
func (db *DB) KeepTicket(ctx context.Context, k staff.Ticket, e audit.Event) error {
	err := db.report(ctx, e, func(t tx) error {
		if err := mayHaveTicket(t, k); err != nil {
			return err
		}
		_, err := t.exec(putTicket, onlyShard, string(k.Member), k.Hash[:], string(k.Purpose), k.Until.UnixMicro())
		return err
	})
	if err != nil {
		return fmt.Errorf("keep link: %w", err)
	}
	return nil
}

func mayHaveTicket(t tx, k staff.Ticket) error {
	if k.Purpose != staff.Bootstrap {
		_, err := readMember(t, selectMember, string(k.Member))
		return err
	}
	var n int64
	if _, err := t.one(countMembers, []any{onlyShard}, &n); err != nil {
		return err
	}
	if n > 0 {
		return staff.ErrTaken
	}
	return nil
}

// Ticket implements staff.Store.
func (db *DB) Ticket(ctx context.Context, h staff.Hash, now time.Time) (staff.Ticket, error) {
	k := staff.Ticket{Hash: h}
	err := db.eng.read(ctx, func(t tx) error {
		var member, purpose string
		var until int64
		found, err := t.one(selectTicket, []any{onlyShard, h[:], now.UnixMicro()}, &member, &purpose, &until)
		k.Member, k.Purpose, k.Until = staff.ID(member), staff.Purpose(purpose), fromMicro(until)
		if err == nil && !found {
			err = staff.ErrNoTicket
		}
		return err
	})
	if err != nil {
		return staff.Ticket{}, fmt.Errorf("read link: %w", err)
	}
	return k, nil
}

// RedeemTicket implements staff.Store.
func (db *DB) RedeemTicket(ctx context.Context, h staff.Hash, now time.Time, m *staff.Member, e audit.Event) error {
	var ver int64
	err := db.report(ctx, e, func(t tx) error {
		var member, purpose string
		won, err := t.one(spendTicket, []any{onlyShard, h[:], now.UnixMicro()}, &member, &purpose)
		switch {
		case err != nil:
			return err
		case !won:
			return staff.ErrNoTicket
		case purpose == string(staff.Bootstrap):
			ver = 1
			return errors.Join(mayHaveTicket(t, staff.Ticket{Purpose: staff.Bootstrap}), addMember(t, m))
		case member != string(m.ID):
			return staff.ErrNoTicket
		}
		ver, err = changeStaff(t, m)
		return err
	})
	if err != nil {
		return fmt.Errorf("use link: %w", err)
	}
	m.Version = ver
	return nil
}
