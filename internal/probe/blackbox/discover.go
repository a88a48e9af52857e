// Package blackbox points the scenarios of package probe at a server of which
// nothing is known but its address: it discovers the doors, keeps away from what
// nobody said they own, and says in a person's words what could not be reached.
package blackbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"countersign/internal/probe"
)

// Errors of Discover.
var (
	ErrForeign     = errors.New("only servers on this machine are probed, unless you say that the server is yours (--i-own-this-server)")
	ErrUnreachable = errors.New("the server does not answer")
	ErrNoMetadata  = errors.New("the server publishes no metadata (RFC 8414, OpenID Connect Discovery)")
	ErrIssuer      = errors.New("an issuer is an http or https URL without query and fragment (RFC 8414 §2)")
)

// Found is what discovery found.
type Found struct {
	Issuer  string
	Doors   []probe.Door
	Scopes  []string
	Methods []string // of client authentication
	Notes   []string // what is odd about it
}

// metadata is what is read of a discovery document.
type metadata struct {
	Issuer     string   `json:"issuer"`
	Authorize  string   `json:"authorization_endpoint"`
	Challenge  string   `json:"authorization_challenge_endpoint"`
	Token      string   `json:"token_endpoint"`
	Introspect string   `json:"introspection_endpoint"`
	Revoke     string   `json:"revocation_endpoint"`
	Userinfo   string   `json:"userinfo_endpoint"`
	Keys       string   `json:"jwks_uri"`
	Scopes     []string `json:"scopes_supported"`
	Methods    []string `json:"token_endpoint_auth_methods_supported"`
}

// Dialects that can be asked for; Auto looks.
const (
	Auto       = "auto"
	Standard   = string(probe.Standard)
	Salesforce = string(probe.Salesforce)
)

// Discover reads what a server publishes and finds its doors. owned says that
// somebody answers for probing a server that is not on this machine.
func Discover(ctx context.Context, issuer, dialect string, owned bool) (Found, error) {
	at, err := address(issuer, owned)
	if err != nil {
		return Found{}, err
	}
	m, documents, err := read(ctx, at)
	if errors.Is(err, ErrNoMetadata) && dialect == Salesforce {
		err = nil // its endpoints stand at fixed places
	}
	if err != nil {
		return Found{}, err
	}
	f := Found{Issuer: m.Issuer, Scopes: m.Scopes, Methods: m.Methods}
	if m.Issuer != at.String() && m.Issuer != issuer {
		f.Notes = append(f.Notes, fmt.Sprintf("the metadata names another issuer: %q (RFC 8414 §3.3 wants the one it was asked for)", m.Issuer))
		f.Issuer = issuer
	}
	if m.Token != "" && dialect != Salesforce {
		f.Doors = append(f.Doors, m.door(documents))
	}
	if dialect == Salesforce || dialect == Auto && m.speaksSalesforce(ctx, at) {
		f.Doors = append(f.Doors, salesforceDoor(at, documents))
	}
	if len(f.Doors) == 0 {
		return Found{}, fmt.Errorf("%s: %w: no token endpoint", issuer, ErrNoMetadata)
	}
	return f, f.guard(owned)
}

// address reads the issuer, and refuses what nobody may probe.
//
// Spec: RFC 8414 §2.
func address(issuer string, owned bool) (*url.URL, error) {
	at, err := url.Parse(strings.TrimSuffix(issuer, "/"))
	switch {
	case err != nil, at.Scheme != "http" && at.Scheme != "https", at.Host == "":
		return nil, ErrIssuer
	case at.RawQuery != "", at.Fragment != "", at.User != nil:
		return nil, ErrIssuer
	case !owned && !local(at.Hostname()):
		return nil, fmt.Errorf("%s: %w", at.Host, ErrForeign)
	}
	return at, nil
}

func (m metadata) door(documents []string) probe.Door {
	d := probe.Door{
		Dialect: probe.Standard, Login: m.Challenge, Authorize: m.Authorize, Token: m.Token, Introspect: m.Introspect,
		Revoke: m.Revoke, Userinfo: m.Userinfo, Metadata: documents, Keys: m.Keys,
	}
	if d.Login == "" && d.Authorize != "" {
		d.Browse = probe.ByForms
	}
	return d
}

func salesforceDoor(at *url.URL, documents []string) probe.Door {
	base := at.String() + "/services/oauth2/"
	return probe.Door{
		Dialect: probe.Salesforce, Login: base + "authorize", Authorize: base + "authorize", Token: base + "token",
		Introspect: base + "introspect", Revoke: base + "revoke", Userinfo: base + "userinfo", Metadata: documents,
	}
}

// speaksSalesforce asks the token endpoint of that dialect for nothing: one that
// is there says what is wrong with that.
func (m metadata) speaksSalesforce(ctx context.Context, at *url.URL) bool {
	hr, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String()+"/services/oauth2/token", http.NoBody)
	if err != nil {
		return false
	}
	hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, body, err := send(hr)
	var answer struct {
		Error string `json:"error"`
	}
	return err == nil && status == http.StatusBadRequest && json.Unmarshal(body, &answer) == nil && answer.Error != ""
}

// read reads the discovery documents, of which one suffices.
//
// Spec: RFC 8414 §3.1; OpenID Connect Discovery §4.
func read(ctx context.Context, at *url.URL) (m metadata, documents []string, err error) {
	origin := at.Scheme + "://" + at.Host
	places := []string{at.String() + "/.well-known/openid-configuration", origin + "/.well-known/oauth-authorization-server" + at.Path}
	slices.Reverse(places) // what the last one says counts
	answered := false
	for _, place := range places {
		hr, err := http.NewRequestWithContext(ctx, http.MethodGet, place, http.NoBody)
		if err != nil {
			return m, nil, err
		}
		status, body, err := send(hr)
		if err != nil {
			return m, nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
		}
		answered = answered || status == http.StatusOK && json.Unmarshal(body, &m) == nil
		if status == http.StatusOK {
			documents = append(documents, place)
		}
	}
	if !answered {
		return m, nil, fmt.Errorf("%s: %w", at, ErrNoMetadata)
	}
	return m, documents, nil
}

const mostMetadata = 1 << 20

func send(hr *http.Request) (int, []byte, error) {
	hr.Header.Set("User-Agent", "countersign-probe")
	c := http.Client{Timeout: 15 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Do(hr)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostMetadata))
	return resp.StatusCode, body, err
}

// guard keeps a server on this machine from sending us to another one.
func (f Found) guard(owned bool) error {
	for _, d := range f.Doors {
		for _, text := range slices.Concat([]string{d.Login, d.Authorize, d.Token, d.Introspect, d.Revoke, d.Userinfo, d.Keys}, d.Metadata) {
			u, err := url.Parse(text)
			if err != nil {
				return fmt.Errorf("%w: an endpoint is no URL", ErrNoMetadata)
			}
			if text != "" && !owned && !local(u.Hostname()) {
				return fmt.Errorf("the metadata lead to %s: %w", u.Host, ErrForeign)
			}
		}
	}
	return nil
}

// local says whether a host is this machine, without asking a name server, who
// might say anything.
func local(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// Addresses are where the honest side and the attacker sit, for a server that
// listens on 127.0.0.0/8 of a system on which all of that is this machine.
func (f Found) Addresses() (inside, outside netip.Addr) {
	u, err := url.Parse(f.Doors[0].Token)
	if err != nil {
		return inside, outside
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err != nil || !ip.Is4() || !ip.IsLoopback() {
		return inside, outside
	}
	inside, outside = netip.MustParseAddr("127.0.1.5"), netip.MustParseAddr("127.0.2.5")
	for _, a := range []netip.Addr{inside, outside} {
		l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", netip.AddrPortFrom(a, 0).String())
		if err != nil {
			return netip.Addr{}, netip.Addr{}
		}
		_ = l.Close() // it took no connection
	}
	return inside, outside
}
