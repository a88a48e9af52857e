package secret

import (
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kind says what a handle is. Each kind has its own prefix and its own keys, so
// that no handle can be presented as one of another kind.
type Kind byte

// Kinds of handle.
const (
	KindCode    Kind = 1
	KindRefresh Kind = 3
	KindAccess  Kind = 7
)

// prefixes let leak scanners find a handle and people see what it is.
var prefixes = [...]string{KindCode: "csc1_", KindRefresh: "csr1_", KindAccess: "csa1_"}

// Prefix returns the text every handle of the kind begins with.
func (k Kind) Prefix() string { return prefixes[k] }

// SlotSeconds is the length of one slot of expiry.
const SlotSeconds = 600

// Handle is what the server hands out and wants back: routing and proof in one,
// readable by any node that has the master key and by nobody else.
type Handle struct {
	Kind    Kind
	Region  byte
	Cell    uint16
	Epoch   uint16 // cell epoch: one-time values of an older one are refused
	SK      int16  // shard key; 0 in single-node modes
	Slot    int32  // expiry in units of SlotSeconds
	ID      ID
	Content []byte
}

// Sizes of the binary frame before base64url.
const (
	headerLen = 28
	nonceLen  = 12
	tagLen    = 16
	// maxHandleText bounds what Open decodes.
	maxHandleText = 4096
)

// ErrHandle refuses a text that is no handle of the wanted kind, or that was
// changed, or that another deployment sealed. It is one error on purpose: a
// guesser learns nothing.
var ErrHandle = errors.New("not a handle of this server")

// SlotOf returns the slot in which a value with this expiry ends.
func SlotOf(expires time.Time) int32 {
	return int32(expires.Unix() / SlotSeconds) //nolint:gosec // good until the year 42000
}

// Seal writes the handle as text: the prefix, then base64url without padding of
// header, nonce, sealed content and tag. The nonce is derived from header and
// content, so that equal input gives equal text, and changed input can never
// meet a nonce twice.
func (k *Keyring) Seal(h Handle) string {
	var head [headerLen]byte
	h.header(&head)
	w := k.window(0, h.Kind, h.Cell, h.ID)
	sum := mac(w.nonceKey, [][]byte{head[:], h.Content})
	prefix := h.Kind.Prefix()
	buf := make([]byte, 0, len(prefix)+headerLen+nonceLen+len(h.Content)+tagLen)
	buf = append(buf, prefix...)
	buf = append(buf, head[:]...)
	bound := buf // in the clear, but no part of the seal can do without it
	buf = append(buf, sum[:nonceLen]...)
	buf = w.aead.Seal(buf, sum[:nonceLen], h.Content, bound)
	return prefix + b64.EncodeToString(buf[len(prefix):])
}

// b64 refuses padding and set trailing bits. It still skips line breaks; Open
// does not.
var b64 = base64.RawURLEncoding.Strict()

// Open reads what Seal wrote. Every character counts: no other text opens to
// the same handle. Errors: ErrHandle.
func (k *Keyring) Open(kind Kind, text string) (Handle, error) {
	prefix := kind.Prefix()
	body, ok := strings.CutPrefix(text, prefix)
	if !ok || len(text) > maxHandleText {
		return Handle{}, ErrHandle
	}
	buf, err := b64.AppendDecode(append(make([]byte, 0, len(text)), prefix...), []byte(body))
	frame := buf[len(prefix):]
	if err != nil || b64.EncodedLen(len(frame)) != len(body) || len(frame) < headerLen+nonceLen+tagLen || Kind(frame[0]) != kind {
		return Handle{}, ErrHandle
	}
	bound, h := buf[:len(prefix)+headerLen], parseHeader(frame[:headerLen])
	nonce, sealed := frame[headerLen:headerLen+nonceLen], frame[headerLen+nonceLen:]
	for i := range k.masters {
		w := k.window(i, h.Kind, h.Cell, h.ID)
		if h.Content, err = w.aead.Open(nil, nonce, sealed, bound); err == nil {
			return h, nil
		}
	}
	return Handle{}, ErrHandle
}

func (h *Handle) header(b *[headerLen]byte) {
	b[0], b[1] = byte(h.Kind), h.Region
	binary.BigEndian.PutUint16(b[2:], h.Cell)
	binary.BigEndian.PutUint16(b[4:], h.Epoch)
	binary.BigEndian.PutUint16(b[6:], uint16(h.SK))   //nolint:gosec // bits, not a number
	binary.BigEndian.PutUint32(b[8:], uint32(h.Slot)) //nolint:gosec // bits, not a number
	copy(b[12:], h.ID[:])
}

func parseHeader(b []byte) Handle {
	h := Handle{
		Kind: Kind(b[0]), Region: b[1],
		Cell: binary.BigEndian.Uint16(b[2:]), Epoch: binary.BigEndian.Uint16(b[4:]),
		SK:   int16(binary.BigEndian.Uint16(b[6:])), //nolint:gosec // bits, not a number
		Slot: int32(binary.BigEndian.Uint32(b[8:])), //nolint:gosec // bits, not a number
	}
	copy(h.ID[:], b[12:])
	return h
}

// window is the pair of keys for one kind, cell and slot of the id's time: it
// keeps every key far below the message limit of GCM.
type window struct {
	aead     cipher.AEAD
	nonceKey []byte
}

type windowKey struct {
	master int
	kind   Kind
	cell   uint16
	slot   int64
}

// windowCache keeps the derived keys that are in use. It is emptied when full:
// deriving again costs microseconds.
type windowCache struct {
	mu sync.RWMutex
	m  map[windowKey]*window
}

const maxWindows = 4096

func (k *Keyring) window(master int, kind Kind, cell uint16, id ID) *window {
	key := windowKey{master, kind, cell, id.Time().Unix() / SlotSeconds}
	c := &k.windows
	c.mu.RLock()
	w := c.m[key]
	c.mu.RUnlock()
	if w != nil {
		return w
	}
	info := "handle " + kind.Prefix() + " " + strconv.Itoa(int(cell)) + " " + strconv.FormatInt(key.slot, 10)
	w = &window{aead: newAEAD(derive(k.masters[master], info)), nonceKey: derive(k.masters[master], info+" nonce")}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil || len(c.m) >= maxWindows {
		c.m = make(map[windowKey]*window)
	}
	c.m[key] = w
	return w
}
