package evidence

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"sync"

	"countersign/internal/secret"
)

// Mask replaces secrets in texts by "‹kind·hash›". The hash is keyed with a value
// that is drawn once and kept nowhere: two places with the same secret carry the
// same mark, and nobody can try guesses against it. Safe for concurrent use.
type Mask struct {
	mu    sync.Mutex
	key   []byte
	marks map[string]string // secret, as it may be written, to its mark
	plain map[string]bool   // secrets as they are
	now   *strings.Replacer
}

// NewMask draws a key.
func NewMask() *Mask {
	return &Mask{key: secret.Bytes(sha256.Size), marks: map[string]string{}, plain: map[string]bool{}}
}

// shortest is the length below which a text is no secret worth hiding: it would
// make holes in everything.
const shortest = 6

// Know tells a secret, and says what it is: "code", "password". Further forms in
// which it may be written are known, too.
func (m *Mask) Know(kind, text string) {
	if len(text) < shortest {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.plain[text] {
		return
	}
	h := hmac.New(sha256.New, m.key)
	h.Write([]byte(text))
	mark := "‹" + kind + "·" + hex.EncodeToString(h.Sum(nil)[:4]) + "›"
	m.plain[text], m.now = true, nil
	for _, form := range Forms(text) {
		m.marks[form] = mark
	}
}

// Forms are the ways in which a secret may be written down by accident.
func Forms(text string) []string {
	all := []string{
		text, url.QueryEscape(text), url.PathEscape(text), base64.StdEncoding.EncodeToString([]byte(text)),
		base64.RawURLEncoding.EncodeToString([]byte(text)), hex.EncodeToString([]byte(text)),
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Hide replaces every known secret.
func (m *Mask) Hide(text string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.now == nil {
		forms := make([]string, 0, len(m.marks))
		for form := range m.marks {
			forms = append(forms, form)
		}
		slices.SortFunc(forms, func(a, b string) int { // the longer one first: it may begin with the shorter
			return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
		})
		pairs := make([]string, 0, 2*len(forms))
		for _, form := range forms {
			pairs = append(pairs, form, m.marks[form])
		}
		m.now = strings.NewReplacer(pairs...)
	}
	return m.now.Replace(text)
}

// Secrets are the known ones as they are, for those who search logs for them.
func (m *Mask) Secrets() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]string, 0, len(m.plain))
	for text := range m.plain {
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

// Hide replaces the secrets in every message of the transcript.
func (t *Transcript) Hide(m *Mask) {
	t.Why = m.Hide(t.Why)
	for i := range t.Cases {
		c := &t.Cases[i]
		c.Why = m.Hide(c.Why)
		for j := range c.Remarks {
			c.Remarks[j] = m.Hide(c.Remarks[j])
		}
		for j := range c.Exchanges {
			e := &c.Exchanges[j]
			e.Fault = m.Hide(e.Fault)
			e.Request.hide(m)
			e.Response.hide(m)
		}
	}
}

func (msg *Message) hide(m *Mask) {
	msg.Line, msg.Body = m.Hide(msg.Line), m.Hide(msg.Body)
	for i := range msg.Headers {
		msg.Headers[i].Value = m.Hide(msg.Headers[i].Value)
	}
}
