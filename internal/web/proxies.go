package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the reverse proxies in front of the server. Only what one of them
// says is believed: the client's address, and the request id. The zero value
// trusts nobody.
type Proxies struct {
	Trusted []netip.Prefix
	// Forwarded says that the proxies write the header Forwarded (RFC 7239).
	// Otherwise they write X-Forwarded-For, and Forwarded is ignored: a proxy
	// passes on what it does not write, so a client could write it.
	Forwarded bool
}

// ParsePrefixes reads addresses and CIDR ranges. Errors: the text that is
// neither.
func ParsePrefixes(texts []string) ([]netip.Prefix, error) {
	out := make([]netip.Prefix, 0, len(texts))
	for _, t := range texts {
		p, err := netip.ParsePrefix(t)
		if err != nil {
			a, err := netip.ParseAddr(t)
			if err != nil {
				return nil, fmt.Errorf("%q is neither an address nor a range such as 10.0.0.0/8", t)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (p Proxies) trusts(a netip.Addr) bool {
	for _, t := range p.Trusted {
		if t.Contains(a) {
			return true
		}
	}
	return false
}

// read returns the client's address, and the request id if a trusted proxy sent
// a sound one. The address is the right-most hop that is no trusted proxy; a hop
// that is no address ends the walk at the proxy that wrote it.
//
// Spec: RFC 7239 §8.1.
func (p Proxies) read(peer netip.Addr, h http.Header) (client netip.Addr, id string) {
	client = peer.Unmap().WithZone("")
	if len(p.Trusted) == 0 || !p.trusts(client) {
		return client, ""
	}
	if ids := h["X-Request-Id"]; len(ids) == 1 && plainID(ids[0]) {
		id = ids[0]
	}
	hops := p.hops(h)
	for i := len(hops) - 1; i >= 0; i-- {
		a, ok := parseHop(hops[i])
		if !ok {
			break
		}
		client = a
		if !p.trusts(a) {
			break
		}
	}
	return client, id
}

// hops are the addresses that were forwarded, the nearest last.
func (p Proxies) hops(h http.Header) []string {
	if !p.Forwarded {
		return strings.Split(strings.Join(h["X-Forwarded-For"], ","), ",")
	}
	var out []string
	for element := range strings.SplitSeq(strings.Join(h["Forwarded"], ","), ",") {
		hop := ""
		for pair := range strings.SplitSeq(element, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if strings.EqualFold(name, "for") {
				hop = strings.Trim(value, `"`)
			}
		}
		out = append(out, hop)
	}
	return out
}

// parseHop reads 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1] and
// [2001:db8::1]:80.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if a, err := netip.ParseAddrPort(text); err == nil {
		return a.Addr().Unmap().WithZone(""), true
	}
	if inner, ok := strings.CutPrefix(text, "["); ok {
		text = strings.TrimSuffix(inner, "]")
	}
	a, err := netip.ParseAddr(text)
	return a.Unmap().WithZone(""), err == nil
}

// plainID says whether a request id may go into a header and a log line.
func plainID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}
