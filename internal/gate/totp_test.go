package gate

import (
	"testing"
	"time"
)

// TestCodeVectors: RFC 6238 Appendix B, SHA-1; its eight digits end in our six.
func TestCodeVectors(t *testing.T) {
	key := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := code(key, at/30); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	key := []byte("12345678901234567890")
	now := time.Unix(1111111111, 0)
	today := now.Unix() / 30
	for name, c := range map[string]struct {
		sent string
		last int64
		ok   bool
	}{
		"now":              {code(key, today), 0, true},
		"the one before":   {code(key, today-1), 0, true},
		"the next":         {code(key, today+1), 0, true},
		"two before":       {code(key, today-2), 0, false},
		"two ahead":        {code(key, today+2), 0, false},
		"used":             {code(key, today), today, false},
		"older than used":  {code(key, today-1), today, false},
		"newer than used":  {code(key, today+1), today, true},
		"nothing":          {"", 0, false},
		"one digit short":  {code(key, today)[1:], 0, false},
		"one digit longer": {code(key, today) + "0", 0, false},
	} {
		if _, ok := match(key, c.sent, now, c.last); ok != c.ok {
			t.Errorf("%s: %v", name, ok)
		}
	}
}
