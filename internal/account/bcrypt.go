package account

import (
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// bcryptHash is an imported bcrypt hash.
type bcryptHash struct {
	text string
	exp  int
}

const (
	// bcryptBytes is what bcrypt reads of a password; the rest it passes over.
	bcryptBytes    = 72
	bcryptText     = 60
	bcryptAlphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

func parseBcrypt(text string) (scheme, bool) {
	if len(text) != bcryptText || text[3] != '$' || text[6] != '$' || !strings.Contains("aby", text[2:3]) ||
		strings.Trim(text[7:], bcryptAlphabet) != "" {
		return nil, false
	}
	exp := int(text[4]-'0')*10 + int(text[5]-'0')
	if text[4] < '0' || text[4] > '3' || text[5] < '0' || text[5] > '9' || exp < bcrypt.MinCost || exp > bcrypt.MaxCost {
		return nil, false
	}
	return bcryptHash{text, exp}, true
}

func (b bcryptHash) name() string { return "bcrypt" }

// verify refuses a password of more than 72 bytes after the same work: the
// system that made the hash cut it, and every other text with the same beginning
// would be as right. Its owner needs a new password. The same holds for a zero
// byte, after which bcrypt begins again at the start.
func (b bcryptHash) verify(text string) bool {
	whole := len(text) <= bcryptBytes && strings.IndexByte(text, 0) < 0
	err := bcrypt.CompareHashAndPassword([]byte(b.text), []byte(text[:min(len(text), bcryptBytes)]))
	return err == nil && whole
}

func (b bcryptHash) cost() (time.Duration, uint64) {
	return 57_900 << b.exp, 5 // 237 ms for 12
}
