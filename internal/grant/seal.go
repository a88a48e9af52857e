package grant

import (
	"crypto/sha256"
	"strings"
	"time"

	"countersign/internal/fault"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// Refusals of opening a sealed value. A guesser learns nothing beyond that.
var (
	ErrCodeForeign = oauth.Refuse(oauth.InvalidGrant, "code.not-ours", "RFC 6749 §4.1.3",
		"the authorization code is not one of this server")
	ErrCodeExpired = oauth.Refuse(oauth.InvalidGrant, "code.expired", "RFC 6749 §4.1.2",
		"the authorization code has expired")
	ErrRefreshForeign = oauth.Refuse(oauth.InvalidGrant, "refresh.not-ours", "RFC 6749 §6",
		"the refresh token is not one of this server")
	ErrAccessForeign = oauth.Refuse(oauth.InvalidToken, "token.not-ours", "RFC 6750 §3.1",
		"the access token is not one of this server, or was changed")
	ErrAccessExpired = oauth.Refuse(oauth.InvalidToken, "token.expired", "RFC 6750 §3.1",
		"the access token has expired")
)

// RedirectHash is what a code keeps of a redirect URI: SHA-256 of its bytes; the
// zero hash for an absent one.
func RedirectHash(uri string) [32]byte {
	if uri == "" {
		return [32]byte{}
	}
	return sha256.Sum256([]byte(uri))
}

// ChallengeHash is the S256 challenge of a verifier, before base64url.
//
// Spec: RFC 7636 §4.6.
func ChallengeHash(verifier string) [32]byte { return sha256.Sum256([]byte(verifier)) }

// SealCode writes an authorization code. Its id's time is its issue time.
//
// Spec: RFC 6749 §4.1.2; RFC 9700 §4.5.
func SealCode(keys *secret.Keyring, c Code) string {
	p := new(secret.Packer)
	packGrant(p, &c.Grant)
	p.Number(c.Expires.UnixMilli()).Bytes(trim(c.Redirect)).Bytes(trim(c.Challenge))
	return keys.Seal(secret.Handle{
		Kind: secret.KindCode, SK: c.SK, Slot: secret.SlotOf(c.Expires), ID: c.ID, Content: p.Content(),
	})
}

// OpenCode reads an authorization code and checks nothing but the seal and the
// time. Errors: ErrCodeForeign, ErrCodeExpired.
//
// Spec: RFC 6749 §4.1.2, §4.1.3.
func OpenCode(keys *secret.Keyring, text string, now time.Time) (Code, error) {
	h, err := keys.Open(secret.KindCode, text)
	if err != nil {
		return Code{}, ErrCodeForeign
	}
	u := secret.Unpack(h.Content)
	c := Code{SK: h.SK, Slot: h.Slot}
	unpackGrant(u, &c.Grant, h.ID)
	c.Expires = time.UnixMilli(u.Number())
	c.Redirect, c.Challenge = hash(u.Bytes()), hash(u.Bytes())
	if u.Done() != nil {
		return Code{}, ErrCodeForeign
	}
	if !now.Before(c.Expires) && !fault.Is(fault.CodeNeverExpires) {
		return Code{}, ErrCodeExpired
	}
	return c, nil
}

// SealRefresh writes a refresh token. Every byte is a function of the family's
// row, so that the same generation is always the same text.
//
// Spec: RFC 6749 §6; RFC 9700 §4.14.2.
func SealRefresh(keys *secret.Keyring, r Refresh) string {
	p := new(secret.Packer)
	packGrant(p, &r.Grant)
	p.Number(r.Seq).Number(r.Issued.UnixMicro())
	return keys.Seal(secret.Handle{Kind: secret.KindRefresh, SK: r.SK, ID: r.ID, Content: p.Content()})
}

// OpenRefresh reads a refresh token and checks the seal alone. Errors:
// ErrRefreshForeign.
func OpenRefresh(keys *secret.Keyring, text string) (Refresh, error) {
	h, err := keys.Open(secret.KindRefresh, text)
	if err != nil {
		return Refresh{}, ErrRefreshForeign
	}
	u := secret.Unpack(h.Content)
	r := Refresh{SK: h.SK}
	unpackGrant(u, &r.Grant, h.ID)
	r.Seq, r.Issued = u.Number(), time.UnixMicro(u.Number())
	if u.Done() != nil || r.Seq < 1 {
		return Refresh{}, ErrRefreshForeign
	}
	return r, nil
}

// SealAccess writes an opaque access token.
//
// Spec: RFC 6749 §1.4.
func SealAccess(keys *secret.Keyring, a Access) string {
	p := new(secret.Packer)
	packGrant(p, &a.Grant)
	p.Bytes(a.ID[:]).Number(a.Expires.Unix()).Text(strings.Join(a.Audience, " ")).Number(bit(a.Refreshed))
	return keys.Seal(secret.Handle{
		Kind: secret.KindAccess, SK: a.SK, Slot: secret.SlotOf(a.Expires), ID: a.TokenID, Content: p.Content(),
	})
}

// OpenAccess reads an opaque access token and checks the seal and the time.
// Errors: ErrAccessForeign, ErrAccessExpired.
func OpenAccess(keys *secret.Keyring, text string, now time.Time) (Access, error) {
	h, err := keys.Open(secret.KindAccess, text)
	if err != nil {
		return Access{}, ErrAccessForeign
	}
	u := secret.Unpack(h.Content)
	a := Access{SK: h.SK, TokenID: h.ID}
	unpackGrant(u, &a.Grant, secret.ID{})
	if id := u.Bytes(); len(id) == len(a.ID) {
		copy(a.ID[:], id)
	}
	a.Expires = time.Unix(u.Number(), 0)
	if aud := u.Text(); aud != "" {
		a.Audience = strings.Split(aud, " ")
	}
	a.Refreshed = u.Number() != 0
	if u.Done() != nil {
		return Access{}, ErrAccessForeign
	}
	if !now.Before(a.Expires) && !fault.Is(fault.TokenNeverExpires) {
		return Access{}, ErrAccessExpired
	}
	return a, nil
}

func packGrant(p *secret.Packer, g *Grant) {
	p.Text(string(g.Client)).Text(string(g.User)).Number(int64(g.Epoch)).Text(string(g.Flow)).
		Text(g.Scopes.String()).Number(g.AuthTime.Unix()).Text(strings.Join(g.AMR, " ")).
		Text(g.ACR).Text(g.Nonce).Bytes(trim(g.JKT))
}

func unpackGrant(u *secret.Unpacker, g *Grant, id secret.ID) {
	g.ID = id
	g.Client, g.User = oauth.ClientID(u.Text()), oauth.UserID(u.Text())
	g.Epoch = int32(u.Number()) //nolint:gosec // written from an int32
	g.Flow = flow.Name(u.Text())
	if s := u.Text(); s != "" {
		g.Scopes, _ = oauth.ParseScopes(s) // sealed by us: it parsed before
	}
	g.AuthTime = time.Unix(u.Number(), 0)
	if amr := u.Text(); amr != "" {
		g.AMR = strings.Split(amr, " ")
	}
	g.ACR, g.Nonce, g.JKT = u.Text(), u.Text(), hash(u.Bytes())
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// trim leaves a zero hash out of the content.
func trim(h [32]byte) []byte {
	if h == ([32]byte{}) {
		return nil
	}
	return h[:]
}

func hash(b []byte) (h [32]byte) {
	copy(h[:], b)
	return h
}
