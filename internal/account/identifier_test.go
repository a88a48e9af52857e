package account

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestIdentifier(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"as it is", "anna.schmidt", "anna.schmidt"},
		{"trimmed", "\t anna \n", "anna"},
		{"case", "Anna@Example.ORG", "anna@example.org"},
		{"sharp s", "Straße", "strasse"},
		{"capital sharp s", "STRAẞE", "strasse"},
		{"decomposed", "Mu\u0308ller", "m\u00fcller"},
		{"composed", "M\u00dcLLER", "m\u00fcller"},
		{"no Turkish rules", "IRIS", "iris"},
		{"dotted capital i keeps its dot", "\u0130ris", "i\u0307ris"},
		{"final sigma", "ΟΔΟΣ", "οδοσ"},
		{"Greek iota below", "\u1fb3", "\u03b1\u03b9"},
		{"longest", strings.Repeat("a", 320), strings.Repeat("a", 320)},
		{"too long", strings.Repeat("a", 321), ""},
		{"too long once folded", strings.Repeat("\u0130", 160), ""},
		{"empty", " ", ""},
		{"zero byte", "anna\x00", ""},
		{"line break", "an\nna", ""},
		{"right-to-left override", "an\u202ena", ""},
		{"zero-width joiner", "an\u200dna", ""},
		{"variation selector", "anna\ufe0f", ""},
		{"Hangul filler", "anna\u3164", ""},
		{"combining grapheme joiner", "an\u034fna", ""},
		{"line separator", "an\u2028na", ""},
		{"private use", "an\ue000na", ""},
		{"not UTF-8", "an\xffna", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Identifier(c.in); got != c.want {
				t.Errorf("Identifier(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestValidUsername(t *testing.T) {
	for _, good := range []string{"anna", "anna@example.org", "Jürgen", "李小龙", "a b", strings.Repeat("a", 320)} {
		if err := ValidUsername(good); err != nil {
			t.Errorf("ValidUsername(%q) = %v", good, err)
		}
	}
	for name, bad := range map[string]string{
		"empty": "", "blank": " ", "colon": "an:na", "leading blank": " anna", "trailing blank": "anna ",
		"control": "an\tna", "too long": strings.Repeat("a", 321), "not UTF-8": "\xff", "invisible": "\u200banna",
	} {
		if err := ValidUsername(bad); !errors.Is(err, ErrUsername) {
			t.Errorf("%s: ValidUsername(%q) = %v, want %s", name, bad, err, ErrUsername.Rule)
		}
	}
}

func TestValidEmail(t *testing.T) {
	for _, good := range []string{
		"anna@example.org", "a.b+c@sub.example.org", "o'hara@example.org", "root@localhost", "Jürgen@bücher.example",
		strings.Repeat("a", 64) + "@example.org",
	} {
		if err := ValidEmail(good); err != nil {
			t.Errorf("ValidEmail(%q) = %v", good, err)
		}
	}
	for name, bad := range map[string]string{
		"empty": "", "no at": "anna.example.org", "two ats": "a@b@example.org", "no local part": "@example.org",
		"no domain": "anna@", "no dot": "anna@example", "dot first": ".anna@example.org", "dots": "an..na@example.org",
		"empty label": "anna@example..org", "dash first": "anna@-example.org", "dash last": "anna@example-.org",
		"quoted": `"anna"@example.org`, "blank": "an na@example.org", "colon": "an:na@example.org", "comment": "anna(x)@example.org",
		"address literal": "anna@[192.0.2.1]", "underscore in the domain": "anna@ex_ample.org", "line break": "anna@example.org\nBcc: x",
		"local part too long": strings.Repeat("a", 65) + "@example.org", "label too long": "anna@" + strings.Repeat("a", 64) + ".org",
		"no-break space": "an\u00a0na@example.org",
	} {
		if err := ValidEmail(bad); !errors.Is(err, ErrEmail) {
			t.Errorf("%s: ValidEmail(%q) = %v, want %s", name, bad, err, ErrEmail.Rule)
		}
	}
}

func FuzzIdentifier(f *testing.F) {
	for _, seed := range []string{"Anna", " Straße ", "Mu\u0308ller", "\u0130", "\u0345\u0301", "ΐ", "an\x00na", "\xff", "ﬃ", "ᾳ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id := Identifier(text)
		if !utf8.ValidString(id) || id != strings.TrimSpace(id) {
			t.Errorf("Identifier(%q) = %q", text, id)
		}
		if Identifier(id) != id {
			t.Errorf("Identifier(%q) = %q, and again %q", text, id, Identifier(id))
		}
	})
}
