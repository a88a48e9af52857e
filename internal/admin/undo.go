package admin

import (
	"context"
	"errors"
	"time"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// Errors of UndoApp.
var (
	ErrNothingToUndo = errors.New("nothing was changed since the app was made, so there is nothing to undo")
	ErrTurnPassed    = errors.New("the app was changed again since; look at it anew before you undo")
)

// turned keeps a change with the app, so that it can be taken back. A change of
// secrets alone leaves the turn before it in place. Whoever undoes one has put
// its id into the app's turn.
func turned(next, old *client.Client, changes []Change, by string) {
	t := &client.Turn{ID: secret.NewID(next.Updated).String(), At: next.Updated, By: by}
	if next.Turn != old.Turn && next.Turn != nil {
		t.Undoes = next.Turn.Undoes
	}
	for _, c := range changes {
		if c.Name != "secrets" {
			t.Changes = append(t.Changes, client.Turned(c))
		}
	}
	next.Turn = old.Turn
	if len(t.Changes) > 0 {
		next.Turn = t
	}
}

// undoing says in the event which change was taken back, if one was.
func undoing(e audit.Event, next, old *client.Client) audit.Event {
	if next.Turn != old.Turn && next.Turn.Undoes != "" {
		return e.With("undoes", next.Turn.Undoes)
	}
	return e
}

// UndoSets are the settings that write the former values of a turn back.
func UndoSets(t *client.Turn) []Set {
	changes := make([]Change, len(t.Changes))
	for i, c := range t.Changes {
		changes[i] = Change(c)
	}
	return formerly(changes)
}

// UndoApp takes the last change of an app back, as a change like any other:
// checked, linted, recorded, and itself to be undone. turn is the id of the
// change that is meant; empty means the last one, whatever it is. Tokens that
// ended when a flow or the app was switched off stay dead. Errors:
// client.ErrNotFound, ErrNothingToUndo, ErrTurnPassed, Invalid, Stopped.
func (d *Desk) UndoApp(ctx context.Context, id oauth.ClientID, turn string, consent ...Consent) (AppResult, error) {
	return d.changeApp(ctx, id, audit.AppChanged, given(consent), func(c *client.Client, now time.Time) (string, error) {
		switch {
		case c.Turn == nil:
			return "", ErrNothingToUndo
		case turn != "" && turn != c.Turn.ID:
			return "", ErrTurnPassed
		}
		faults := apply(AppFields, c, UndoSets(c.Turn), now, false)
		if faults = append(faults, checkApp(c)...); len(faults) > 0 {
			return "", faults
		}
		c.Turn = &client.Turn{Undoes: c.Turn.ID}
		return "", nil
	})
}
