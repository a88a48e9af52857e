package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
)

// Keyring holds the master keys of a deployment, the current one first. From
// them it derives every key that seals or hashes something: no derived key
// serves two purposes. Safe for concurrent use.
type Keyring struct {
	masters [][]byte
	peppers sync.Map // purpose -> []([]byte), one per master
	rows    sync.Map // purpose -> []cipher.AEAD, one per master
	windows windowCache
}

// ErrMasterKey refuses a master key file that does not hold 32-byte keys.
var ErrMasterKey = errors.New("master key: expected one or more lines of 32 bytes in base64, the current key first")

// NewMasterKey draws a master key and returns the text of its file.
func NewMasterKey() []byte {
	return append([]byte(base64.StdEncoding.EncodeToString(Bytes(32))), '\n')
}

// ParseKeyring reads a master key file: one key a line, the current key first;
// blank lines and lines that begin with # are passed over. Errors: ErrMasterKey.
func ParseKeyring(text []byte) (*Keyring, error) {
	k := &Keyring{}
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(string(line))
		if err != nil || len(key) != 32 {
			return nil, ErrMasterKey
		}
		k.masters = append(k.masters, key)
	}
	if len(k.masters) == 0 {
		return nil, ErrMasterKey
	}
	return k, nil
}

func derive(master []byte, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, master, nil, "countersign "+purpose, 32)
	if err != nil { // only for a length that no caller asks for
		panic(fmt.Sprintf("secret: derive %s: %v", purpose, err))
	}
	return key
}

// Hash is HMAC-SHA256 under a key derived from the current master for the
// purpose, over the parts, each with its length in front.
func (k *Keyring) Hash(purpose string, parts ...[]byte) [32]byte {
	return mac(k.pepper(purpose)[0], parts)
}

// Match says whether want is the Hash of the parts under any of the masters, in
// constant time for each.
func (k *Keyring) Match(want [32]byte, purpose string, parts ...[]byte) bool {
	ok := false
	for _, key := range k.pepper(purpose) {
		got := mac(key, parts)
		ok = Equal(got[:], want[:]) || ok
	}
	return ok
}

func (k *Keyring) pepper(purpose string) [][]byte {
	if v, ok := k.peppers.Load(purpose); ok {
		return v.([][]byte)
	}
	keys := make([][]byte, len(k.masters))
	for i, m := range k.masters {
		keys[i] = derive(m, "hash "+purpose)
	}
	k.peppers.Store(purpose, keys)
	return keys
}

func mac(key []byte, parts [][]byte) (sum [32]byte) {
	h := hmac.New(sha256.New, key)
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write(p)
	}
	h.Sum(sum[:0])
	return sum
}

// ErrSeal refuses bytes that no master key of this keyring sealed for this
// purpose and name.
var ErrSeal = errors.New("sealed value: wrong key, wrong place or changed")

// SealRow seals a value that is kept in a row (a signing key, a factor). The
// purpose and name are bound into the seal, so that a row cannot be moved.
func (k *Keyring) SealRow(purpose, name string, plain []byte) []byte {
	a := k.rowAEAD(purpose)[0]
	nonce := Bytes(a.NonceSize())
	return a.Seal(nonce, nonce, plain, []byte(name))
}

// OpenRow opens what SealRow sealed, under any of the masters. Errors: ErrSeal.
func (k *Keyring) OpenRow(purpose, name string, sealed []byte) ([]byte, error) {
	for _, a := range k.rowAEAD(purpose) {
		if len(sealed) < a.NonceSize() {
			return nil, ErrSeal
		}
		if plain, err := a.Open(nil, sealed[:a.NonceSize()], sealed[a.NonceSize():], []byte(name)); err == nil {
			return plain, nil
		}
	}
	return nil, ErrSeal
}

func (k *Keyring) rowAEAD(purpose string) []cipher.AEAD {
	if v, ok := k.rows.Load(purpose); ok {
		return v.([]cipher.AEAD)
	}
	out := make([]cipher.AEAD, len(k.masters))
	for i, m := range k.masters {
		out[i] = newAEAD(derive(m, "row "+purpose))
	}
	k.rows.Store(purpose, out)
	return out
}

func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // 32 bytes always
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return a
}
