package jose

import (
	"encoding/json"
	"errors"

	gojose "github.com/go-jose/go-jose/v4"
)

var errSet = errors.New("jose: not a set of public keys, each with a kid and an alg of ours")

// maxSet is the length of the longest key set read, in bytes.
const maxSet = 64 << 10

// ParseSet reads a set of public keys that MarshalSet wrote. A private member, a
// key without id or algorithm, one that does not fit it and two keys of one id
// make it fail.
// Spec: RFC 7517 §5.
func ParseSet(data []byte) (Keys, error) {
	var set gojose.JSONWebKeySet
	if len(data) > maxSet || json.Unmarshal(data, &set) != nil || len(set.Keys) == 0 {
		return nil, errSet
	}
	keys := Keys{}
	for _, k := range set.Keys {
		_, twice := keys[k.KeyID]
		if twice || !k.IsPublic() || !plain(k.KeyID) || !fits(Alg(k.Algorithm), k.Key) {
			return nil, errSet
		}
		keys[k.KeyID] = VerifyKey{Alg: Alg(k.Algorithm), Public: k.Key}
	}
	return keys, nil
}
