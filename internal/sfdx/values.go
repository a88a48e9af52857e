package sfdx

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"time"
)

// Value is one value in the words of the control catalogue, and the file that
// tells it. Default is true if no file does, but the documentation.
type Value struct {
	V       any // bool, int64, string, []string or time.Duration
	Default bool
	File    string
	Line    int
}

// Words of the vocabulary.
const (
	wordPublic       = "public"
	wordConfidential = "confidential"
	wordJWT          = "jwt"
	wordOpaque       = "opaque"
)

// Words beside the metadata values of the same index.
var (
	ipWords        = []string{"enforce", "bypass", "relax_mfa", "relax_refresh"} // ipRelaxations
	assuranceWords = []string{"low", "standard", "high"}                         // sessionLevels
	refreshWords   = []string{"infinite", "zero", "lifetime", "inactivity"}      // refreshPolicies
)

// values collects what is known; what is not known stays out.
type values map[string]Value

// put adds a setting under a vocabulary name, as v.
func put[T any](m values, name string, s Setting[T], v any) {
	if s.Known() {
		m[name] = Value{V: v, Default: s.Origin == Default, File: s.File, Line: s.Line}
	}
}

// fact adds what follows from how Salesforce works rather than from a setting.
func (m values) fact(name string, v any) { m[name] = Value{V: v, Default: true} }

// Key is a public key registered for an app.
type Key struct {
	Alg      string // RSA, EC, Ed25519, or "" if the certificate cannot be read
	Bits     int
	NotAfter time.Time
}

// String gives the form in which keys appear in Values: "RSA 2048 2027-01-31T00:00:00Z".
func (k Key) String() string {
	if k.Alg == "" {
		return "unreadable 0 -"
	}
	return fmt.Sprintf("%s %d %s", k.Alg, k.Bits, k.NotAfter.UTC().Format(time.RFC3339))
}

// Keys returns the keys of the app's certificates. A certificate that cannot be
// read counts as a key of no algorithm: it proves nothing, and it is there.
func (a *App) Keys() []Key {
	var out []Key
	for _, text := range []string{a.Certificate.V, a.ClientAssertionCertificate.V} {
		out = append(out, certificates(text)...)
	}
	return out
}

func certificates(text string) []Key {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	if !strings.Contains(text, "-----BEGIN ") {
		der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return []Key{{}}
		}
		return []Key{keyOf(der)}
	}
	var out []Key
	for rest := []byte(text); ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		out = append(out, keyOf(block.Bytes))
	}
	if len(out) == 0 {
		return []Key{{}}
	}
	return out
}

func keyOf(der []byte) Key {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return Key{}
	}
	switch k := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return Key{"RSA", k.N.BitLen(), cert.NotAfter}
	case *ecdsa.PublicKey:
		return Key{"EC", k.Curve.Params().BitSize, cert.NotAfter}
	case ed25519.PublicKey:
		return Key{"Ed25519", 256, cert.NotAfter}
	}
	return Key{}
}

// Values gives the org's settings under the names of the control catalogue. What
// metadata cannot tell is absent.
func (o *Org) Values() map[string]Value {
	m := values{}
	put(m, "server.oauth.allow.code_and_credentials", o.CodeCredentials, o.CodeCredentials.V)
	put(m, "server.oauth.require_pkce", o.RequirePKCE, o.RequirePKCE.V)
	put(m, "server.oauth.allow.implicit", o.AllowUserAgent, o.AllowUserAgent.V)
	put(m, "server.oauth.allow.password", o.AllowPassword, o.AllowPassword.V)
	put(m, "server.secrets.api_read", o.SecretInREST, o.SecretInREST.V)
	put(m, "server.secrets.export_includes_secret", o.SecretInMetadata, o.SecretInMetadata.V)
	both := o.AdminApprovedOnly
	if on(both) {
		both = o.AdminApprovedOnlyExternal // the looser of the two decides
	}
	put(m, "server.oauth.admin_approved_apps_only", both, both.V)
	// Salesforce has no switch for these: they are served to whatever app has them on.
	m.fact("server.oauth.allow.device", true)
	m.fact("server.oauth.allow.client_credentials", true)
	m.fact("server.oauth.allow.token_exchange", true)
	return m
}
