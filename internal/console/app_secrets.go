package console

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type secretsBody struct {
	Secrets []secretRow
	Counted bool
	Rotate  string
}

type secretRow struct {
	Hint, End           string
	Made, Expires, Used page.Moment
	Age                 string
	State               page.Badge
}

// secretsPage lists an app's secrets: how old they are, when each was last used.
func (c *Console) secretsPage(v *visit) (web.Answer, error) {
	a, err := v.app()
	if err != nil {
		return web.Answer{}, err
	}
	use, since, err := v.desk.SecretUse(v.ctx(), a.ID)
	if err != nil {
		return web.Answer{}, err
	}
	b, now := secretsBody{Counted: !since.IsZero()}, v.c.Now()
	for _, s := range a.Secrets {
		row := secretRow{Hint: s.Hint, Made: v.at(s.Created), Expires: v.at(s.Expires), Used: v.at(use[s.ID]), Age: page.Span(now.Sub(s.Created))}
		over := !s.Expires.IsZero() && !s.Expires.After(now)
		switch {
		case over:
			row.State = page.Badge{Tone: page.Calm, Text: "Over"}
		case !s.Expires.IsZero():
			row.State = page.Badge{Tone: page.Medium, Text: "Ends"}
		case now.Sub(s.Created) > 365*24*time.Hour:
			row.State = page.Badge{Tone: page.High, Text: "Old: rotate it"}
		default:
			row.State = page.Badge{Tone: page.Good, Text: "In use"}
		}
		if v.may("edit-apps") && len(a.Secrets) > 1 {
			row.End = appPath(a.ID) + "/secrets/" + s.ID + "/end"
		}
		b.Secrets = append(b.Secrets, row)
	}
	if v.may("edit-apps") && a.Type == client.Confidential {
		b.Rotate = appPath(a.ID) + "/secrets/rotate"
	}
	return v.page("app-secrets", v.appFrame(a, "Secrets", b))
}

type rotateSecretBody struct {
	Action, Back string
	Overlap      page.Choice
}

func (v *visit) rotateSecretForm(status int, a *client.Client, chosen string, fault *page.Fault) (web.Answer, error) {
	b := rotateSecretBody{
		Action: appPath(a.ID) + "/secrets/rotate", Back: appPath(a.ID) + "/secrets",
		Overlap: page.Choice{Name: "overlap", Label: "What becomes of the present secret?", Fault: fault, Options: []page.Option{
			{Value: "24h", Label: "It lives on for a day", Hint: "Time to roll the new one out. The right choice unless it leaked."},
			{Value: "7d", Label: "It lives on for a week", Hint: "For apps that are deployed rarely."},
			{Value: "0s", Label: "It ends at once", Hint: "It leaked. Every request with it is refused from this moment on."},
		}},
	}
	for i := range b.Overlap.Options {
		b.Overlap.Options[i].Chosen = b.Overlap.Options[i].Value == chosen
	}
	f := v.appFrame(a, "New secret", b)
	f.Crumbs = append(f.Crumbs, page.Link{Text: a.Name, Path: appPath(a.ID)})
	return v.pageStatus(status, "app-rotate", f)
}

// rotateSecretPage asks how long the present secret is to live on.
func (c *Console) rotateSecretPage(v *visit) (web.Answer, error) {
	a, err := v.confidential()
	if err != nil {
		return web.Answer{}, err
	}
	return v.rotateSecretForm(http.StatusOK, a, "24h", nil)
}

// confidential is the app, if it can have secrets.
func (v *visit) confidential() (*client.Client, error) {
	a, err := v.app()
	if err == nil && a.Type == client.Public {
		err = ErrGone
	}
	return a, err
}

// rotateSecret draws a new secret and shows it once.
func (c *Console) rotateSecret(v *visit) (web.Answer, error) {
	a, err := v.confidential()
	if err != nil {
		return web.Answer{}, err
	}
	overlap, err := client.ParseDuration(v.form("overlap"))
	if err != nil {
		return v.rotateSecretForm(http.StatusUnprocessableEntity, a, v.form("overlap"), &page.Fault{Text: "Choose what becomes of the present secret."})
	}
	r, err := v.desk.RotateSecret(v.ctx(), a.ID, time.Duration(overlap))
	var invalid admin.Invalid
	if errors.As(err, &invalid) {
		return v.rotateSecretForm(http.StatusUnprocessableEntity, a, v.form("overlap"), &page.Fault{Text: sentence(invalid[0].Text)})
	} else if err != nil {
		return web.Answer{}, err
	}
	text := "A new secret is made. Copy it now: it is shown this once, and kept nowhere. The one before it ended."
	if overlap > 0 {
		text = "A new secret is made. Copy it now: it is shown this once, and kept nowhere. The one before it is accepted for " + page.Span(time.Duration(overlap)) + " more."
	}
	return v.done(appPath(a.ID)+"/secrets", page.Notice{Tone: page.Good, Text: text, Reveal: []page.Fact{
		{Name: "client_id", Value: string(a.ID), Code: true}, {Name: secretName, Value: r.Secret, Code: true},
	}})
}

func (v *visit) secret() (*client.Client, client.Secret, error) {
	a, err := v.app()
	if err != nil {
		return nil, client.Secret{}, err
	}
	i := slices.IndexFunc(a.Secrets, func(s client.Secret) bool { return s.ID == v.path("key") })
	if i < 0 {
		return nil, client.Secret{}, ErrGone
	}
	return a, a.Secrets[i], nil
}

func (v *visit) endSecretFrame(a *client.Client, s client.Secret, fault *page.Fault) page.Frame {
	back := appPath(a.ID) + "/secrets"
	return page.Frame{
		Title: "End this secret?", Crumbs: []page.Link{{Text: "Apps", Path: "/console/apps"}, {Text: a.Name, Path: appPath(a.ID)}},
		Body: page.Confirm{
			Action: back + "/" + s.ID + "/end", Lead: "The secret of " + a.Name + " that ends in …" + s.Hint + ".",
			Effects: []string{"Every request with it is refused from this moment on.", "It cannot be brought back."},
			Button:  "End the secret", Back: back, Fault: fault,
		},
	}
}

// endSecretPage asks before a secret ends.
func (c *Console) endSecretPage(v *visit) (web.Answer, error) {
	a, s, err := v.secret()
	if err != nil {
		return web.Answer{}, err
	}
	return v.page("confirm", v.endSecretFrame(a, s, nil))
}

func (c *Console) endSecret(v *visit) (web.Answer, error) {
	a, s, err := v.secret()
	if err != nil {
		return web.Answer{}, err
	}
	_, err = v.desk.RemoveSecret(v.ctx(), a.ID, s.ID)
	if errors.Is(err, admin.ErrLastSecret) {
		return v.pageStatus(http.StatusUnprocessableEntity, "confirm", v.endSecretFrame(a, s, &page.Fault{
			Text: "This is the app's only secret.", Remedy: "Make a new one first, or switch the app off.",
		}))
	} else if err != nil {
		return web.Answer{}, err
	}
	return v.done(appPath(a.ID)+"/secrets", page.Notice{Tone: page.Good, Text: "The secret …" + s.Hint + " ended."})
}
