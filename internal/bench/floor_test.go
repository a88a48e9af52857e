package bench

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"countersign/internal/account"
)

// The floor answers each path with the least that a Go server can do for one
// primitive. What it answers is about as long as what the server answers.
const floorSecret = "bench-secret-0123456789"

// floorForm is what every request to the floor carries.
const floorForm = "grant_type=refresh_token&scope=api&client_id=bench&client_secret=" + floorSecret

// primitives are the paths of the floor, with what each does.
func primitives() []primitiveRow {
	out := slices.Clone(allPrimitives)
	if *databaseURL == "" {
		out = slices.DeleteFunc(out, func(p primitiveRow) bool { return p.name == "pg" })
	}
	return out
}

type primitiveRow struct{ name, what string }

var allPrimitives = []primitiveRow{
	{"json", "answers 300 bytes of JSON"},
	{"form", "parses the form of a token request, answers JSON"},
	{"hmac", "HMAC-SHA256 of a secret, compared in constant time"},
	{"es256", "one ES256 signature"},
	{"verify-es256", "one ES256 verification"},
	{"sqlite", "one durable row: group commit, WAL, `synchronous=FULL`"},
	{"pg", "one durable row on PostgreSQL, one commit for each"},
	{"rs256", "one RS256 signature, RSA-2048"},
	{"argon2id", "one password: argon2id, 19 MiB, t=2, p=1, one at a time"},
}

// startFloor starts the floor, with a database of its own where there is one.
func startFloor(t testing.TB) *process {
	t.Helper()
	args := []string{t.TempDir()}
	if *databaseURL != "" {
		args = append(args, newPostgres(t).url)
	}
	return startRole(t, roleFloor, args...)
}

// floorMain serves the floor. Its arguments are a directory for its database, and
// the URL of a PostgreSQL, if there is one.
func floorMain(args []string) int {
	if err := serveFloor(args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func serveFloor(args []string) error {
	mux := http.NewServeMux()
	for _, add := range []func(*http.ServeMux) error{plainFloor, signingFloor, passwordFloor} {
		if err := add(mux); err != nil {
			return err
		}
	}
	if err := storeFloor(mux, args[0]); err != nil {
		return err
	}
	if len(args) > 1 {
		if err := postgresFloor(mux, args[1]); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(os.Stdout, "listening on http://%s\n", listener.Addr()); err != nil {
		return err
	}
	return http.Serve(listener, mux)
}

var (
	answer300 = []byte(`{"access_token":"` + strings.Repeat("x", 200) + `","token_type":"Bearer","expires_in":900,"scope":"api","iat":1795459744}`)
	b64       = base64.RawURLEncoding
	// signed is what a signature covers: header and claims of a small token.
	signed = b64.EncodeToString([]byte(`{"alg":"ES256","kid":"k1","typ":"at+jwt"}`)) + "." +
		b64.EncodeToString([]byte(`{"iss":"http://127.0.0.1","sub":"bench","aud":"api","client_id":"bench","iat":1795459744,"exp":1795460644,"jti":"0123456789abcdef"}`))
)

func reply(w http.ResponseWriter, body []byte) {
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["Cache-Control"] = []string{"no-store"}
	_, _ = w.Write(body)
}

// handle adds a path that does its work and answers 300 bytes.
func handle(mux *http.ServeMux, name string, work func(*http.Request) error) {
	mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) {
		if err := work(r); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		reply(w, answer300)
	})
}

var errFloor = errors.New("the floor's own check failed")

func plainFloor(mux *http.ServeMux) error {
	key := make([]byte, 32)
	sum := func(text string) []byte {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(text))
		return m.Sum(nil)
	}
	kept := sum(floorSecret)
	handle(mux, "json", func(*http.Request) error { return nil })
	handle(mux, "form", func(r *http.Request) error { return r.ParseForm() })
	handle(mux, "hmac", func(r *http.Request) error {
		if err := r.ParseForm(); err != nil {
			return err
		}
		if !hmac.Equal(sum(r.PostForm.Get("client_secret")), kept) {
			return errFloor
		}
		return nil
	})
	return nil
}

func signingFloor(mux *http.ServeMux) error {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	large, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	sign := func(name string, key crypto.Signer) {
		mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, _ *http.Request) {
			digest := sha256.Sum256([]byte(signed))
			signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			body := append(make([]byte, 0, 1024), `{"access_token":"`+signed+`.`...)
			body = b64.AppendEncode(body, signature)
			reply(w, append(body, `","token_type":"Bearer","expires_in":900,"scope":"api"}`...))
		})
	}
	sign("es256", ec)
	sign("rs256", large)
	digest := sha256.Sum256([]byte(signed))
	signature, err := ecdsa.SignASN1(rand.Reader, ec, digest[:])
	if err != nil {
		return err
	}
	handle(mux, "verify-es256", func(*http.Request) error {
		digest := sha256.Sum256([]byte(signed))
		if !ecdsa.VerifyASN1(&ec.PublicKey, digest[:], signature) {
			return errFloor
		}
		return nil
	})
	return nil
}

// passwordFloor hashes as many passwords at a time as there are cores, as the
// server does: more of them would measure the caches.
func passwordFloor(mux *http.ServeMux) error {
	kept, err := account.HashPassword(account.DefaultParams, password)
	if err != nil {
		return err
	}
	turn := make(chan struct{}, runtime.GOMAXPROCS(0))
	handle(mux, "argon2id", func(*http.Request) error {
		turn <- struct{}{}
		defer func() { <-turn }()
		ok, err := account.VerifyPassword(kept, password)
		if err == nil && !ok {
			err = errFloor
		}
		return err
	})
	return nil
}
