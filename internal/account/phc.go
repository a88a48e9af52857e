package account

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// phc is a password hash in the PHC string format, taken apart:
// $id[$v=version][$name=value,…]$salt$digest.
type phc struct {
	id      string
	version string
	params  string
	salt    string // still encoded
	digest  string // still encoded
}

// parsePHC takes a text apart without judging its parts.
func parsePHC(text string) (phc, bool) {
	parts := strings.Split(text, "$")
	if len(parts) < 4 || parts[0] != "" || parts[1] == "" {
		return phc{}, false
	}
	p := phc{id: parts[1], salt: parts[len(parts)-2], digest: parts[len(parts)-1]}
	middle := parts[2 : len(parts)-2]
	if len(middle) > 0 && strings.HasPrefix(middle[0], "v=") {
		p.version, middle = middle[0][2:], middle[1:]
	}
	if len(middle) > 1 {
		return phc{}, false
	}
	if len(middle) == 1 {
		p.params = middle[0]
	}
	return p, true
}

// numbers reads a parameter list that holds exactly the wanted names, each once,
// in any order. A name that ends in ? may be absent and is then 0.
func (p phc) numbers(names ...string) ([]uint32, bool) {
	out, seen := make([]uint32, len(names)), make([]bool, len(names))
	for field := range strings.SplitSeq(p.params, ",") {
		name, value, _ := strings.Cut(field, "=")
		n, ok := decimal(value)
		i := indexOf(names, name)
		if !ok || i < 0 || seen[i] {
			return nil, false
		}
		out[i], seen[i] = n, true
	}
	for i, name := range names {
		if !seen[i] && !strings.HasSuffix(name, "?") {
			return nil, false
		}
	}
	return out, true
}

func indexOf(names []string, name string) int {
	for i, n := range names {
		if strings.TrimSuffix(n, "?") == name {
			return i
		}
	}
	return -1
}

// decimal reads a number as the format wants it: digits, no sign, no zero in
// front, below 2³¹.
func decimal(text string) (uint32, bool) {
	if text == "" || text[0] == '0' && len(text) > 1 || text[0] == '+' || text[0] == '-' {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 31)
	return uint32(n), err == nil
}

// phcBytes decodes the B64 of PHC strings: the standard alphabet, no padding.
func phcBytes(text string) ([]byte, bool) {
	return decode(base64.RawStdEncoding, text)
}

// decode refuses what lenient decoders pass: line breaks and trailing bits.
func decode(enc *base64.Encoding, text string) ([]byte, bool) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	b, err := enc.Strict().DecodeString(text)
	return b, err == nil
}

func phcText(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }
