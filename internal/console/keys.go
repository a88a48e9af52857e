package console

import (
	"errors"
	"net/http"
	"slices"

	"countersign/internal/admin"
	"countersign/internal/jose"
	"countersign/internal/key"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type keysBody struct {
	Keys []keyRow
	Gone int  // removed keys that are not shown
	All  bool // removed ones, too
}

type keyRow struct {
	ID, Alg, Means string
	State          page.Badge
	Created, Since page.Moment
	Retire         string // address; empty: nothing to retire
}

// keyStates is what a state looks like and means.
var keyStates = map[key.State]struct {
	badge page.Badge
	means string
}{
	key.Next:     {page.Badge{Tone: page.Info, Text: "Published"}, "Apps may fetch it; it signs 15 minutes after it was made."},
	key.Active:   {page.Badge{Tone: page.Good, Text: "Signs"}, "Every new token of its algorithm is signed with it."},
	key.Retiring: {page.Badge{Tone: page.Medium, Text: "Verifies"}, "It signs no more; its last tokens are still accepted, for 25 hours."},
	key.Removed:  {page.Badge{Tone: page.Calm, Text: "Removed"}, "Nothing it signed is accepted."},
}

// keysPage lists signing keys, the newest first.
func (c *Console) keysPage(v *visit) (web.Answer, error) {
	all, err := v.desk.SigningKeys(v.ctx())
	if err != nil {
		return web.Answer{}, err
	}
	b := keysBody{All: v.query("all") == "yes"}
	for _, k := range slices.Backward(all) {
		if k.State == key.Removed && !b.All {
			b.Gone++
			continue
		}
		b.Keys = append(b.Keys, v.keyRow(k))
	}
	return v.page("keys", page.Frame{Title: "Signing keys", Body: b})
}

func (v *visit) keyRow(k *key.Key) keyRow {
	look := keyStates[k.State]
	row := keyRow{ID: k.ID, Alg: string(k.Alg), State: look.badge, Means: look.means, Created: v.at(k.Created), Since: v.at(k.Activated)}
	if !k.Retired.IsZero() {
		row.Since = v.at(k.Retired)
	}
	if k.State != key.Removed && v.may("edit-keys") {
		row.Retire = "/console/keys/" + k.ID + "/retire"
	}
	return row
}

type rotateBody struct {
	Alg  page.Choice
	When page.Choice
}

func rotateFrame(alg, when string, fault *page.Fault) page.Frame {
	return page.Frame{
		Title: "Make a new key", Crumbs: []page.Link{{Text: "Signing keys", Path: "/console/keys"}},
		Body: rotateBody{
			Alg: page.Choice{Name: "alg", Label: "Algorithm", Fault: fault, Options: []page.Option{
				{Value: "ES256", Label: "ES256", Hint: "Elliptic curve P-256: access tokens, and ID tokens of apps that ask for it. Small and quick.", Chosen: alg == "ES256"},
				{Value: "RS256", Label: "RS256", Hint: "RSA: ID tokens of apps that know nothing else.", Chosen: alg == "RS256"},
			}},
			When: page.Choice{Name: "when", Label: "When does it sign?", Options: []page.Option{
				{Value: "later", Label: "In 15 minutes", Hint: "Everybody who verifies tokens has fetched it by then. The right choice unless a key leaked.", Chosen: when != "now"},
				{Value: "now", Label: "At once", Hint: "For a key that leaked. Apps that keep an old key set refuse new tokens until they fetch it again.", Chosen: when == "now"},
			}},
		},
	}
}

// rotatePage asks which key to make, and when it is to sign.
func (c *Console) rotatePage(v *visit) (web.Answer, error) {
	return v.page("keys-rotate", rotateFrame("ES256", "later", nil))
}

func (c *Console) rotate(v *visit) (web.Answer, error) {
	alg, now := v.form("alg"), v.form("when") == "now"
	k, err := v.desk.RotateKey(v.ctx(), jose.Alg(alg), now)
	if errors.Is(err, admin.ErrKeyAlg) {
		return v.pageStatus(http.StatusUnprocessableEntity, "keys-rotate", rotateFrame(alg, v.form("when"), page.FaultOf(err)))
	} else if err != nil {
		return web.Answer{}, err
	}
	text := "The key " + k.ID + " was made and is published. It signs in 15 minutes."
	if now {
		text = "The key " + k.ID + " signs from now on. The one before it only verifies."
	}
	return v.done("/console/keys", page.Notice{Tone: page.Good, Text: text})
}

func (v *visit) key() (*key.Key, error) {
	all, err := v.desk.SigningKeys(v.ctx())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(k *key.Key) bool { return k.ID == v.path("kid") })
	if i < 0 {
		return nil, ErrGone
	}
	return all[i], nil
}

// retirePage asks before a key goes.
func (c *Console) retirePage(v *visit) (web.Answer, error) {
	k, err := v.key()
	if err != nil {
		return web.Answer{}, err
	}
	return v.page("confirm", retireFrame(k, nil))
}

func retireFrame(k *key.Key, fault *page.Fault) page.Frame {
	effects := []string{"Nothing it signed is accepted any more, from this moment on.", "It leaves the published key set."}
	switch k.State {
	case key.Active:
		effects = append(effects, "The next key of "+string(k.Alg)+" signs at once. Access tokens of people who are signed in become invalid; their apps refresh them.")
	case key.Retiring:
		effects = append(effects, "It would go by itself 25 hours after it stopped signing. Sooner is needed only when it leaked.")
	case key.Next, key.Removed:
	}
	return page.Frame{
		Title: "Remove this key?", Crumbs: []page.Link{{Text: "Signing keys", Path: "/console/keys"}},
		Body: page.Confirm{
			Action: "/console/keys/" + k.ID + "/retire", Lead: "Key " + k.ID + ", " + string(k.Alg) + ".", Effects: effects,
			Button: "Remove the key", Back: "/console/keys", Fault: fault,
		},
	}
}

func (c *Console) retire(v *visit) (web.Answer, error) {
	k, err := v.key()
	if err != nil {
		return web.Answer{}, err
	}
	switch err := v.desk.RetireKey(v.ctx(), k.ID); {
	case errors.Is(err, admin.ErrOnlyKey):
		return v.pageStatus(http.StatusUnprocessableEntity, "confirm", retireFrame(k, &page.Fault{
			Text: "This key signs and no other can take its place.", Remedy: "Make a new one first; it may sign at once.",
		}))
	case errors.Is(err, admin.ErrKeyGone), errors.Is(err, key.ErrConflict):
		return v.done("/console/keys", page.Notice{Tone: page.Info, Text: "This key was changed meanwhile. Nothing was done."})
	case err != nil:
		return web.Answer{}, err
	}
	return v.done("/console/keys", page.Notice{Tone: page.Good, Text: "The key " + k.ID + " is removed. What it signed is not accepted any more."})
}
