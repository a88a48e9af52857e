package evidence

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"

	"countersign/internal/secret"
)

// Redactor replaces secrets by keyed hashes, such as [code:3fa9c2d1b0aa]. The
// key is random and forgotten: a hash says that two values are the same, and
// nobody can find the value by trying. It learns secrets by the names of the
// fields they stand in, and from then on replaces them wherever they turn up. It
// is safe for concurrent use.
type Redactor struct {
	key []byte

	mu    sync.Mutex
	known map[string]string // value: what stands for it
	ours  []string          // values and their other spellings, longest first
	spelt map[string]string // spelling: what stands for it
}

// NewRedactor makes a redactor with a fresh key.
func NewRedactor() *Redactor {
	return &Redactor{key: secret.Bytes(32), known: map[string]string{}, spelt: map[string]string{}}
}

// kinds are the names of fields that hold a secret, and what the secret is.
var kinds = map[string]string{
	"code": "code", "code_verifier": "code_verifier", "client_secret": "client_secret", "consumer_secret": "client_secret",
	"password": "password", "access_token": "access_token", "refresh_token": "refresh_token", "id_token": "id_token",
	"id_token_hint": "id_token", "token": "token", "assertion": "assertion", "client_assertion": "assertion",
	"subject_token": "token", "actor_token": "token", "device_code": "device_code", "user_code": "user_code",
	"auth_session": "auth_session", "otp": "otp", "registration_access_token": "token", "request": "request_object",
	"request_uri": "request_uri", "signature": "signature", "sig": "signature", "sid": "session", "session": "session",
	"logout_token": "token", "_csrf": "form_token", "csrf_token": "form_token", "csrf": "form_token",
}

// shortest is the length from which a secret is replaced outside its own field,
// too: shorter ones are words.
const shortest = 8

// Learn makes a value a secret of a kind and says what stands for it.
func (r *Redactor) Learn(kind, value string) string {
	if value == "" {
		return ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if mark, ok := r.known[value]; ok {
		return mark
	}
	m := hmac.New(sha256.New, r.key)
	m.Write([]byte(value))
	mark := "[" + kind + ":" + hex.EncodeToString(m.Sum(nil)[:6]) + "]"
	r.known[value] = mark
	if len(value) < shortest {
		return mark
	}
	quoted, _ := json.Marshal(value)
	for _, s := range []string{
		value, url.QueryEscape(value), url.PathEscape(value), string(quoted[1 : len(quoted)-1]),
		base64.StdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value)),
		hex.EncodeToString([]byte(value)),
	} {
		if _, ok := r.spelt[s]; !ok {
			r.spelt[s] = mark
			r.ours = append(r.ours, s)
		}
	}
	slices.SortStableFunc(r.ours, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return mark
}

// Text replaces every known secret in a text.
func (r *Redactor) Text(text string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.ours {
		if strings.Contains(text, s) {
			text = strings.ReplaceAll(text, s, r.spelt[s])
		}
	}
	return text
}

// Form replaces the secrets of a query or form body, and leaves the order and
// the spelling of everything else.
func (r *Redactor) Form(text string) string {
	pairs := strings.Split(text, "&")
	for i, p := range pairs {
		name, value, found := strings.Cut(p, "=")
		kind, isSecret := kinds[plainly(name)]
		switch {
		case found && isSecret && value != "":
			pairs[i] = name + "=" + r.Learn(kind, plainly(value))
		default:
			pairs[i] = r.Text(p)
		}
	}
	return strings.Join(pairs, "&")
}

func plainly(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

// URL replaces the secrets of a URL's query and fragment, and a password before
// its host.
func (r *Redactor) URL(text string) string {
	rest, fragment, hasFragment := strings.Cut(text, "#")
	path, query, hasQuery := strings.Cut(rest, "?")
	if u, err := url.Parse(path); err == nil && u.User != nil {
		if password, ok := u.User.Password(); ok {
			r.Learn("password", password)
			path = strings.Replace(path, url.UserPassword("", password).String(), ":"+r.Learn("password", password), 1)
		}
	}
	out := r.Text(path)
	if hasQuery {
		out += "?" + r.Form(query)
	}
	if hasFragment {
		out += "#" + r.Form(fragment)
	}
	return out
}

// Header replaces the secrets of header fields.
func (r *Redactor) Header(fields []Field) []Field {
	out := make([]Field, len(fields))
	for i, f := range fields {
		out[i] = Field{f.Name, r.field(strings.ToLower(f.Name), f.Value)}
	}
	return out
}

func (r *Redactor) field(name, value string) string {
	switch name {
	case "authorization", "proxy-authorization":
		return r.credentials(value)
	case "dpop":
		return r.Learn("dpop_proof", value)
	case "cookie":
		return r.cookies(value)
	case "set-cookie":
		first, rest, more := strings.Cut(value, ";")
		if out := r.cookies(first); more {
			return out + ";" + rest
		}
		return r.cookies(first)
	case "location", "referer", "content-location":
		return r.URL(value)
	}
	return r.Text(value)
}

func (r *Redactor) credentials(value string) string {
	scheme, rest, _ := strings.Cut(value, " ")
	switch strings.ToLower(scheme) {
	case "basic":
		plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
		if name, password, ok := strings.Cut(string(plain), ":"); err == nil && ok {
			return scheme + " " + plainly(name) + ":" + r.Learn("client_secret", plainly(password))
		}
	case "bearer", "dpop":
		return scheme + " " + r.Learn("access_token", strings.TrimSpace(rest))
	}
	return scheme + " " + r.Learn("credentials", rest)
}

func (r *Redactor) cookies(value string) string {
	pairs := strings.Split(value, ";")
	for i, p := range pairs {
		name, v, found := strings.Cut(p, "=")
		if found && v != "" {
			pairs[i] = name + "=" + r.Learn("cookie", v)
		}
	}
	return strings.Join(pairs, ";")
}
