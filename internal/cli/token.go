package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"countersign/internal/secret"
	"countersign/internal/server"
)

type tokenCommands struct {
	Decode     tokenDecode     `cmd:"" help:"Show what a JWT says, without believing it."`
	Introspect tokenIntrospect `cmd:"" help:"Say whether a token or code of this data is alive, and why not."`
}

// tokenArg is a token, or - for standard input, which other people on the
// machine cannot read.
type tokenArg struct {
	Token string `arg:"" optional:"" default:"-" help:"The token; - or nothing reads standard input."`
}

const maxTokenInput = 64 << 10

func (t tokenArg) read(s *session) (string, error) {
	if t.Token != "-" {
		return strings.TrimSpace(t.Token), nil
	}
	b, err := io.ReadAll(io.LimitReader(s.in, maxTokenInput))
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return "", usage{"no token was given"}
	}
	return string(bytes.TrimSpace(b)), nil
}

type tokenDecode struct{ tokenArg }

// decoded is what a JWT says. Its JSON names are stable.
type decoded struct {
	Header   json.RawMessage `json:"header"`
	Claims   json.RawMessage `json:"claims"`
	Verified bool            `json:"verified"` // never: nothing was checked
}

// errSealed sends sealed tokens to the other command.
var errSealed = errors.New("this is a sealed code or token: nobody can read it without the master key; use: countersign token introspect --data DIR")

// errNoJWT says what a JWT looks like.
var errNoJWT = errors.New("this is no JWT: three parts of base64url with dots between them, the first two JSON (RFC 7515 §3.1)")

// Run prints header and claims.
func (c *tokenDecode) Run(s *session) error {
	text, err := c.read(s)
	if err != nil {
		return err
	}
	for _, k := range []secret.Kind{secret.KindCode, secret.KindRefresh, secret.KindAccess} {
		if strings.HasPrefix(text, k.Prefix()) {
			return errSealed
		}
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return errNoJWT
	}
	var v decoded
	for i, into := range []*json.RawMessage{&v.Header, &v.Claims} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || !json.Valid(b) {
			return errNoJWT
		}
		*into = b
	}
	s.warn([]string{"nothing was verified: signature, issuer and expiry may all be wrong"})
	return s.json(v)
}

type tokenIntrospect struct{ tokenArg }

// Run says whether the token is alive.
func (c *tokenIntrospect) Run(s *session) error {
	text, err := c.read(s)
	if err != nil {
		return err
	}
	return s.with(reading, func(d *server.Data) error {
		v, err := d.Standing(s.ctx, text, s.now)
		if err != nil {
			return err
		}
		return one(s, v, standingLines(v))
	})
}

func standingLines(v server.Standing) [][]string {
	lines := [][]string{{"kind", v.Kind}, {"active", yes(v.Active)}}
	for _, l := range [][]string{
		{"why not", v.Why},
		{"client_id", string(v.App)},
		{"sub", string(v.User)},
		{"flow", string(v.Flow)},
		{"scope", v.Scopes.String()},
		{"grant", v.Grant},
		{"aud", strings.Join(v.Audience, " ")},
		{"issued", precise(v.Issued)},
		{"expires", precise(v.Expires)},
		{"auth_time", precise(v.AuthTime)},
	} {
		if l[1] != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

func precise(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
