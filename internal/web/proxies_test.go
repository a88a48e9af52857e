package web

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestProxiesAreBelievedOnlyWhenConfiguredA13J05(t *testing.T) {
	trusted, err := ParsePrefixes([]string{"10.0.0.0/8", "2001:db8:1::/48", "192.0.2.7"})
	if err != nil {
		t.Fatal(err)
	}
	none, xff, fwd := Proxies{}, Proxies{Trusted: trusted}, Proxies{Trusted: trusted, Forwarded: true}
	for name, row := range map[string]struct {
		p        Proxies
		peer     string
		header   string
		values   []string
		want, id string
	}{
		"no proxies":         {none, "10.0.0.1", "X-Forwarded-For", []string{"198.51.100.9"}, "10.0.0.1", ""},
		"foreign peer":       {xff, "198.51.100.1", "X-Forwarded-For", []string{"198.51.100.9"}, "198.51.100.1", ""},
		"one hop":            {xff, "10.0.0.1", "X-Forwarded-For", []string{"198.51.100.9"}, "198.51.100.9", "front-1"},
		"single address":     {xff, "192.0.2.7", "X-Forwarded-For", []string{"198.51.100.9"}, "198.51.100.9", "front-1"},
		"mapped peer":        {xff, "::ffff:10.0.0.1", "X-Forwarded-For", []string{"198.51.100.9"}, "198.51.100.9", "front-1"},
		"client wrote first": {xff, "10.0.0.1", "X-Forwarded-For", []string{"1.1.1.1, 198.51.100.9"}, "198.51.100.9", "front-1"},
		"two fields":         {xff, "10.0.0.1", "X-Forwarded-For", []string{"1.1.1.1", "198.51.100.9"}, "198.51.100.9", "front-1"},
		"two proxies":        {xff, "10.0.0.1", "X-Forwarded-For", []string{"1.1.1.1, 198.51.100.9, 10.2.3.4"}, "198.51.100.9", "front-1"},
		"only proxies":       {xff, "10.0.0.1", "X-Forwarded-For", []string{"10.9.9.9, 10.2.3.4"}, "10.9.9.9", "front-1"},
		"garbage is no hop":  {xff, "10.0.0.1", "X-Forwarded-For", []string{"198.51.100.9, what"}, "10.0.0.1", "front-1"},
		"garbage behind one": {xff, "10.0.0.1", "X-Forwarded-For", []string{"what, 10.2.3.4"}, "10.2.3.4", "front-1"},
		"port":               {xff, "10.0.0.1", "X-Forwarded-For", []string{"198.51.100.9:4711"}, "198.51.100.9", "front-1"},
		"six":                {xff, "2001:db8:1::1", "X-Forwarded-For", []string{"[2001:db8:2::9]:4711"}, "2001:db8:2::9", "front-1"},
		"six, bare":          {xff, "10.0.0.1", "X-Forwarded-For", []string{"2001:db8:2::9"}, "2001:db8:2::9", "front-1"},
		"absent":             {xff, "10.0.0.1", "X-Forwarded-For", nil, "10.0.0.1", "front-1"},
		"other header":       {xff, "10.0.0.1", "X-Real-Ip", []string{"198.51.100.9"}, "10.0.0.1", "front-1"},
		"Forwarded not ours": {xff, "10.0.0.1", "Forwarded", []string{"for=198.51.100.9"}, "10.0.0.1", "front-1"},
		"Forwarded":          {fwd, "10.0.0.1", "Forwarded", []string{`for=1.1.1.1, for=198.51.100.9;proto=https`}, "198.51.100.9", "front-1"},
		"Forwarded, six":     {fwd, "10.0.0.1", "Forwarded", []string{`proto=https; For="[2001:db8:2::9]:80"`}, "2001:db8:2::9", "front-1"},
		"Forwarded, hidden":  {fwd, "10.0.0.1", "Forwarded", []string{`for=1.1.1.1, for=_hidden`}, "10.0.0.1", "front-1"},
		"Forwarded, no for":  {fwd, "10.0.0.1", "Forwarded", []string{`for=1.1.1.1, by=10.0.0.1`}, "10.0.0.1", "front-1"},
		"XFF not ours":       {fwd, "10.0.0.1", "X-Forwarded-For", []string{"198.51.100.9"}, "10.0.0.1", "front-1"},
	} {
		h := http.Header{"X-Request-Id": {"front-1"}}
		if row.values != nil {
			h[row.header] = row.values
		}
		got, id := row.p.read(netip.MustParseAddr(row.peer), h)
		if got.String() != row.want || id != row.id {
			t.Errorf("%s: %s %q, want %s %q", name, got, id, row.want, row.id)
		}
	}
}

func TestRequestIDOfAProxyIsPlain(t *testing.T) {
	trusted, _ := ParsePrefixes([]string{"10.0.0.1"})
	p := Proxies{Trusted: trusted}
	long := make([]byte, 65)
	for i := range long {
		long[i] = 'x'
	}
	for _, bad := range []string{"", "a b", "a\"b", "a\nb", "ä", string(long)} {
		if _, id := p.read(netip.MustParseAddr("10.0.0.1"), http.Header{"X-Request-Id": {bad}}); id != "" {
			t.Errorf("%q was taken", bad)
		}
	}
	if _, id := p.read(netip.MustParseAddr("10.0.0.1"), http.Header{"X-Request-Id": {"a", "b"}}); id != "" {
		t.Error("two ids were taken")
	}
}

func TestParsePrefixesNamesTheFault(t *testing.T) {
	if _, err := ParsePrefixes([]string{"10.0.0.0/8", "proxy.example"}); err == nil {
		t.Error("a host name is no range")
	}
}

func TestNetworkIsTheSubscribersA13(t *testing.T) {
	for text, want := range map[string]string{"198.51.100.9": "198.51.100.9/32", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64"} {
		if got := Network(netip.MustParseAddr(text)).String(); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
	if Network(netip.Addr{}).IsValid() {
		t.Error("no address has a network")
	}
}
