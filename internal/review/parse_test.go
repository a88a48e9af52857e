package review

import "testing"

// What ParseValue reads and Text prints is read as the same value again.
func FuzzParseValue(f *testing.F) {
	for _, seed := range []string{"true", "15m", "no end", "[a, b]", "[RSA 2048 until 2027-01-31]", "2026-11-23", "not set", "enforce", "7", "-1d", "[,]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, term := range Vocabulary() {
			v, err := ParseValue(term.Name, text)
			if err != nil || term.Kind == Word && len(term.Words) == 0 {
				continue
			}
			again, err := ParseValue(term.Name, v.Text())
			if err != nil || !v.same(again) {
				t.Errorf("%s: %q is %q, which is %q, %v", term.Name, text, v.Text(), again.Text(), err)
			}
		}
	})
}
