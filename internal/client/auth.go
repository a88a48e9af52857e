package client

import (
	"time"

	"countersign/internal/fault"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// Credentials are what a request brought to say which app it comes from. A
// dialect fills it in; nothing here was checked yet.
type Credentials struct {
	ID     oauth.ClientID // from client_id or the Basic header
	Method AuthMethod     // how the secret came; AuthNone when none came
	Secret string
	// AnySecretMethod is set by a dialect that knows no registered method: header
	// and body count alike (Salesforce).
	AnySecretMethod bool
}

// Identity is the app that asks. Proven says whether it authenticated: a public
// app is identified, never proven.
type Identity struct {
	*Entry
	Proven bool
	Key    string // the id of the app's secret that was presented; empty if none was
	Secret string // the secret that was presented and right; never kept, logged or stored
}

// Refusals of Authenticate, in the order of checking.
var (
	ErrNoClientID = oauth.Refuse(oauth.InvalidClient, "client.id-missing", "RFC 6749 §2.3.1",
		"the request does not say which app it comes from")
	ErrUnknownClient = oauth.Refuse(oauth.UnknownClient, "client.unknown", "RFC 6749 §5.2",
		"client authentication failed")
	ErrWrongSecret = oauth.Refuse(oauth.InvalidClient, "client.wrong-secret", "RFC 6749 §2.3.1",
		"client authentication failed")
	ErrWrongMethod = oauth.Refuse(oauth.InvalidClient, "client.wrong-method", "RFC 7591 §2",
		"client authentication failed")
	ErrPublicSecret = oauth.Refuse(oauth.InvalidClient, "client.public-with-secret", "RFC 6749 §2.1",
		"client authentication failed")
	ErrClientDisabled = oauth.Refuse(oauth.FlowDisabled, "client.disabled", "RFC 6749 §5.2",
		"the app is switched off")
)

// Verifier checks app secrets against their keyed hashes.
type Verifier struct {
	Directory *Directory
	Keys      *secret.Keyring
	Now       func() time.Time
}

const hashPurpose = "client secret"

// Authenticate answers "who is asking?". A secret that was sent is checked,
// needed or not; whether one was needed is the flow's question, not this one's.
// Unknown apps cost the same work as a wrong secret. Errors: ErrNoClientID,
// ErrUnknownClient, ErrPublicSecret, ErrWrongMethod, ErrWrongSecret,
// ErrClientDisabled.
//
// Spec: RFC 6749 §2.3, §3.2.1.
func (v *Verifier) Authenticate(c Credentials) (Identity, error) {
	if c.ID == "" {
		return Identity{}, ErrNoClientID
	}
	entry := v.Directory.Lookup(c.ID)
	sent, key := c.Method != AuthNone, ""
	if entry == nil {
		v.burn(c)
		return Identity{}, ErrUnknownClient
	}
	if sent {
		var err error
		if key, err = v.checkSecret(entry.Client, c); err != nil {
			return Identity{}, err
		}
	}
	if !entry.Effective.Enabled {
		return Identity{}, ErrClientDisabled
	}
	return Identity{Entry: entry, Proven: sent, Key: key, Secret: c.Secret}, nil
}

// checkSecret returns the id of the secret that was right.
func (v *Verifier) checkSecret(app *Client, c Credentials) (string, error) {
	key, ok := v.matches(app, c.Secret)
	switch {
	case fault.Is(fault.PublicSecret):
		return key, nil
	case app.Type == Public || app.Settings.AuthMethod == AuthNone:
		return "", ErrPublicSecret
	case !c.AnySecretMethod && c.Method != app.Settings.AuthMethod:
		return "", ErrWrongMethod
	case !ok && !fault.Is(fault.SecretUnchecked):
		return "", ErrWrongSecret
	}
	return key, nil
}

// matches compares the secret with each one the app has, in constant time, and
// returns the id of the one that is right.
//
// Spec: RFC 6749 §2.3.1.
func (v *Verifier) matches(app *Client, text string) (key string, ok bool) {
	now := v.Now()
	for _, s := range app.Secrets {
		right := v.Keys.Match(s.Hash, hashPurpose, []byte(app.ID), []byte(text))
		if live := s.Expires.IsZero() || now.Before(s.Expires); right && live {
			key, ok = s.ID, true
		}
	}
	return key, ok
}

// burn spends on an unknown app what a wrong secret costs.
func (v *Verifier) burn(c Credentials) {
	v.Keys.Match([32]byte{}, hashPurpose, []byte(c.ID), []byte(c.Secret))
}

// SecretPrefix marks app secrets for leak scanners.
const SecretPrefix = "css_"

// NewSecret draws an app secret of 256 bits and the record that is kept of it.
// The text is shown once. expires may be zero.
func NewSecret(keys *secret.Keyring, app oauth.ClientID, now, expires time.Time) (text string, kept Secret) {
	text = SecretPrefix + secret.Text(32)
	return text, Secret{
		ID:      secret.NewID(now).String(),
		Hash:    keys.Hash(hashPurpose, []byte(app), []byte(text)),
		Hint:    text[len(text)-4:],
		Created: now,
		Expires: expires,
	}
}
