package account

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckNewPassword(t *testing.T) {
	context := []string{"Countersign", "anna.schmidt", "anna.schmidt@example.org"}
	ours := PasswordPolicy{}
	eight := PasswordPolicy{MinLength: 8}
	for _, c := range []struct {
		name     string
		policy   PasswordPolicy
		password string
		want     error
	}{
		{"a passphrase", ours, "correct horse battery staple", nil},
		{"15 characters", ours, "tuesday's-mango", nil},
		{"14 characters", ours, "tuesday-s-mang", ErrPasswordShort},
		{"15 code points of several bytes", ours, "ölüberßchnürt€é", nil},
		{"14 code points, however many bytes", ours, "ölüberßchnürt€", ErrPasswordShort},
		{"accents typed as two keys count once", ours, "a\u0301e\u0301i\u0301o\u0301u\u0301bcdfghxyz", ErrPasswordShort},
		{"emoji", eight, "🐎🔋📎🐎🦑🎺🌵🧲", nil},
		{"no rules of composition", ours, "alllowercaseandnothingelse", nil},
		{"blanks count", ours, "a b c d f g i k", nil},
		{"64 characters and more", ours, strings.Repeat("tuesday mango ", 20), nil},
		{"more than 1024 bytes", ours, strings.Repeat("tuesday-mango+7 ", 65), ErrPasswordTooLong},
		{"empty", ours, "", ErrPasswordShort},
		{"policy of 8", eight, "mango+7%", nil},
		{"policy of 8, 7 characters", eight, "mango+7", ErrPasswordShort},
		{"no policy goes below 8", PasswordPolicy{MinLength: 1}, "mango+7", ErrPasswordShort},
		{"zero byte", ours, "tuesday's-mango\x00and more", ErrPasswordText},
		{"tabulator", ours, "tuesday's\tmango and more", ErrPasswordText},
		{"not UTF-8", ours, "tuesday's-mango\xff", ErrPasswordText},
		{"common, 15 characters", ours, "1qaz2wsx3edc4rfv", ErrPasswordCommon},
		{"common, in capitals", ours, "PasswordPassword", ErrPasswordCommon},
		{"common, 8 characters", eight, "sunshine", ErrPasswordCommon},
		{"common, as it was leaked", eight, "Passw0rd", ErrPasswordCommon},
		{"one character", ours, strings.Repeat("k", 20), ErrPasswordPattern},
		{"four characters", ours, "ab1!ab1!ab1!ab1!ab", ErrPasswordPattern},
		{"five characters that nobody knows", ours, "gk2+wgk2+wgk2+w", nil},
		{"a common password repeated", ours, "letmeinletmeinletmein", ErrPasswordPattern},
		{"a common password repeated and cut", ours, "sunshinesunshi", ErrPasswordShort},
		{"the same, long enough", ours, "sunshinesunshin", ErrPasswordPattern},
		{"letters in order", ours, "abcdefghijklmnopq", ErrPasswordPattern},
		{"letters in reverse order", ours, "ponmlkjihgfedcba", ErrPasswordPattern},
		{"in order, but for one", ours, "abcdefghijklmnoqp", nil},
		{"the service", ours, "countersign2026!", ErrPasswordContext},
		{"the service twice", ours, "CounterSignCounterSign7", ErrPasswordContext},
		{"the user name", ours, "Anna.Schmidt.1987", ErrPasswordContext},
		{"parts of the user name", ours, "schmidt_anna_1987", ErrPasswordContext},
		{"the e-mail address", ours, "anna.schmidt@example.org", ErrPasswordContext},
		{"its domain", eight, "example2026", ErrPasswordContext},
		{"a name inside a passphrase", ours, "anna keeps seven bees", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := CheckNewPassword(c.policy, c.password, context...)
			if c.want == nil && err != nil || !errors.Is(err, c.want) {
				t.Errorf("CheckNewPassword(%q) = %v, want %v", c.password, err, c.want)
			}
		})
	}
	err := CheckNewPassword(ours, "short")
	if err == nil || !strings.HasSuffix(err.Error(), "at least 15 are needed") {
		t.Errorf("the error does not say how many: %v", err)
	}
	if err := CheckNewPassword(ours, "anna.schmidt.1987"); err != nil {
		t.Errorf("without context: %v", err)
	}
	if err := CheckNewPassword(eight, "mango+7%", "", "a", "ng"); err != nil {
		t.Errorf("context words too short to matter: %v", err)
	}
}

func TestContextWordsOutOfLongerOnes(t *testing.T) {
	// "anna" is taken out after "annabelle", else "belle" would be left.
	if err := CheckNewPassword(PasswordPolicy{MinLength: 8}, "annabelle123", "anna", "annabelle"); !errors.Is(err, ErrPasswordContext) {
		t.Errorf("%v", err)
	}
}
