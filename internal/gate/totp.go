package gate

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what authenticator apps speak; HMAC does not rest on collisions
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"

	"countersign/internal/secret"
)

// Codes of authenticator apps: six digits, a new one each half a minute.
const (
	stepEvery   = 30 * time.Second
	secretBytes = 20
	skewSteps   = 1 // clocks may differ by one step
)

// code is the six digits of a time step.
//
// Spec: RFC 6238 §4.2; RFC 4226 §5.3.
func code(key []byte, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step)) //nolint:gosec // steps since 1970
	h := hmac.New(sha1.New, key)
	h.Write(counter[:])
	sum := h.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1_000_000)
}

// match gives the step whose code was sent: one of now and its neighbours, later
// than the last that was accepted. It looks at all of them whatever it finds.
//
// Spec: RFC 6238 §5.2.
func match(key []byte, sent string, now time.Time, last int64) (step int64, ok bool) {
	today := now.Unix() / int64(stepEvery/time.Second)
	for s := today - skewSteps; s <= today+skewSteps; s++ {
		if secret.Equal([]byte(code(key, s)), []byte(sent)) && s > last {
			step, ok = s, true
		}
	}
	return step, ok
}

// digits takes blanks out of what people type.
func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, text)
}

var plain32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// Offer is a secret that somebody may put into an authenticator app.
type Offer struct {
	Text string // to be typed, in groups of four
	URI  string // to be scanned
	Seal string // to be sent back with the first code
}

const (
	offerPurpose  = "staff factor offer"
	factorPurpose = "staff factor"
	offerFor      = 15 * time.Minute
)

// Offer makes a new secret for the member. Nothing is kept: the seal brings it
// back.
//
// Spec: RFC 6238 §5.1.
func (g *Gate) Offer(e Entry, issuer string) Offer {
	key := secret.Bytes(secretBytes)
	content := new(secret.Packer).Number(g.Now().Unix()).Bytes(key).Content()
	sealed := g.Keys.SealRow(offerPurpose, string(e.Member.ID), content)
	text := plain32.EncodeToString(key)
	label := url.PathEscape(issuer + ":" + e.Member.Name)
	return Offer{
		Text: grouped(text), Seal: plain32.EncodeToString(sealed),
		URI: "otpauth://totp/" + label + "?" + url.Values{"secret": {text}, "issuer": {issuer}}.Encode(),
	}
}

func grouped(text string) string {
	var b strings.Builder
	for i, r := range text {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// offered opens a seal again. Errors: ErrOffer.
func (g *Gate) offered(e Entry, seal string) ([]byte, error) {
	sealed, err := plain32.DecodeString(seal)
	if err != nil {
		return nil, ErrOffer
	}
	content, err := g.Keys.OpenRow(offerPurpose, string(e.Member.ID), sealed)
	if err != nil {
		return nil, ErrOffer
	}
	u := secret.Unpack(content)
	made, key := time.Unix(u.Number(), 0), u.Bytes()
	if u.Done() != nil || g.Now().Sub(made) > offerFor {
		return nil, ErrOffer
	}
	return key, nil
}

// Reoffer shows the same secret again, after a code that was not right. Errors:
// ErrOffer.
func (g *Gate) Reoffer(e Entry, issuer, seal string) (Offer, error) {
	key, err := g.offered(e, seal)
	if err != nil {
		return Offer{}, err
	}
	text := plain32.EncodeToString(key)
	label := url.PathEscape(issuer + ":" + e.Member.Name)
	return Offer{
		Text: grouped(text), Seal: seal,
		URI: "otpauth://totp/" + label + "?" + url.Values{"secret": {text}, "issuer": {issuer}}.Encode(),
	}, nil
}
