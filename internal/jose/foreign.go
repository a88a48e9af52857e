package jose

import (
	"slices"

	gojose "github.com/go-jose/go-jose/v4"
)

// Use is what one kind of foreign token must look like. There is no default: each use states its
// own, and the zero Use accepts nothing.
type Use struct {
	Algs []Alg    // the algorithms accepted
	Typs []string // the values of typ accepted; "" accepts its absence
}

// Header is what a verified foreign token says about itself.
type Header struct {
	Alg   Alg
	KeyID string // empty when the token names no key
	Typ   string // empty when the token has no typ
}

// VerifyForeign returns the claims and the header of a token that the owner of one of these keys
// signed for this use, and an error that wraps ErrToken for everything else. A token that names no
// key must leave no choice: exactly one key is of its algorithm. Extensions (crit, b64) and keys in
// the header (jwk) are refused; jku, x5u and x5c are never followed.
// Spec: RFC 8725 §3.1, §3.10, §3.11.
func VerifyForeign(token string, use Use, keys ...JWK) (claims []byte, header Header, err error) {
	part, err := split(token)
	if err != nil {
		return nil, Header{}, err
	}
	object, err := gojose.ParseSignedCompact(token, use.allowList())
	if err != nil { // its text quotes the token
		return nil, Header{}, errHeader
	}
	header, err = use.header(object.Signatures[0].Protected)
	if err != nil {
		return nil, Header{}, err
	}
	key, err := choose(keys, header)
	if err != nil {
		return nil, Header{}, err
	}
	claims, err = object.Verify(key.public)
	if err != nil {
		return nil, Header{}, errSignature
	}
	// Only now, as it is the owner of a key who pays for the search for duplicates.
	if !oneObject(part.header) {
		return nil, Header{}, errHeader
	}
	if !oneObject(claims) {
		return nil, Header{}, errClaims
	}
	return claims, header, nil
}

func (u Use) allowList() []gojose.SignatureAlgorithm {
	list := make([]gojose.SignatureAlgorithm, 0, len(u.Algs))
	for _, alg := range u.Algs {
		list = append(list, gojose.SignatureAlgorithm(alg))
	}
	return list
}

// header checks what the library leaves to us. It knows b64 as an extension; we know none.
func (u Use) header(protected gojose.Header) (Header, error) {
	extra := protected.ExtraHeaders
	_, crit := extra["crit"]
	_, unencoded := extra["b64"]
	value, present := extra[gojose.HeaderType]
	typ, isString := value.(string)
	if crit || unencoded || protected.JSONWebKey != nil || present != isString || !slices.Contains(u.Typs, typ) {
		return Header{}, errHeader
	}
	return Header{Alg(protected.Algorithm), protected.KeyID, typ}, nil
}

// choose finds the one key of the header's algorithm and id.
func choose(keys []JWK, header Header) (JWK, error) {
	var chosen []JWK
	for _, key := range keys {
		if key.wire.Alg == header.Alg && (header.KeyID == "" || header.KeyID == key.wire.KeyID) {
			chosen = append(chosen, key)
		}
	}
	if len(chosen) != 1 {
		return JWK{}, errKey
	}
	return chosen[0], nil
}
