package admin

import (
	"context"
	"errors"
	"strings"

	"countersign/internal/account"
	"countersign/internal/oauth"
)

// PeoplePage is a part of a search. More says that there may be further people,
// after the id Last.
type PeoplePage struct {
	People []*account.Account
	Last   oauth.UserID
	More   bool
}

// A search reads people in order of age, so many at a time and at the most, so
// that no search of a million people holds anybody up: whoever wants goes on from
// where it ended.
const (
	searchBatch = 500
	searchMost  = 20_000
)

// FindPeople reads people whose user name, e-mail address or name contains a
// text, case aside, or who are in a state; empty conditions hold for everybody.
// An id, or a whole user name or e-mail address, is found at once, however many
// people there are.
func (d *Desk) FindPeople(ctx context.Context, text string, state account.State, after oauth.UserID, limit int) (PeoplePage, error) {
	text = strings.TrimSpace(text)
	if text != "" && after == "" {
		a, err := d.User(ctx, text)
		if err == nil && (state == "" || a.State == state) {
			return PeoplePage{People: []*account.Account{a}, Last: a.ID}, nil
		}
		if err != nil && !errors.Is(err, account.ErrNotFound) {
			return PeoplePage{}, err
		}
	}
	out := PeoplePage{Last: after}
	want := strings.ToLower(text)
	for read := 0; read < searchMost; {
		batch, err := d.People.Accounts(ctx, out.Last, searchBatch)
		if err != nil {
			return PeoplePage{}, err
		}
		for _, a := range batch {
			if !matches(a, want, state) {
				out.Last = a.ID
				continue
			}
			if len(out.People) == limit {
				out.More = true
				return out, nil
			}
			out.Last = a.ID
			out.People = append(out.People, a)
		}
		if read += len(batch); len(batch) < searchBatch {
			return out, nil
		}
	}
	out.More = true
	return out, nil
}

func matches(a *account.Account, want string, state account.State) bool {
	if state != "" && a.State != state {
		return false
	}
	for _, text := range []string{a.Username, a.Email, a.Profile.Name, a.Profile.GivenName + " " + a.Profile.FamilyName} {
		if strings.Contains(strings.ToLower(text), want) {
			return true
		}
	}
	return false
}

// UserSettings are the fields of UserFields as text, by name; a list has a blank
// between its values.
func UserSettings(a *account.Account) map[string]string {
	out := map[string]string{}
	for _, l := range Lines(UserFields, a) {
		out[l.Name] = l.Value
	}
	return out
}
