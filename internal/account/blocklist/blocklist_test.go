package blocklist

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestContains(t *testing.T) {
	for _, common := range []string{
		"123456", "password", "Password", "qwertyuiop", "1qaz2wsx3edc4rfv", "passwordpassword", "123456789123456789", "momsanaladventure",
	} {
		if !Contains(common) {
			t.Errorf("%q is not found", common)
		}
	}
	for _, rare := range []string{"", "correct horse battery staple", "tuesday's-mango", "countersign", "passwordpasswore", "пароль на неделю"} {
		if Contains(rare) {
			t.Errorf("%q is found", rare)
		}
	}
	if Count() < 100_000 {
		t.Errorf("the list has %d entries", Count())
	}
}

// Fourteen probes let one in 16,384 pass: 50,000 texts meet three, hardly ten.
func TestFalsePositives(t *testing.T) {
	found := 0
	for i := range 50_000 {
		if Contains("nobody has this password: " + strconv.Itoa(i)) {
			found++
		}
	}
	if found > 15 {
		t.Errorf("%d of 50,000 foreign texts are found", found)
	}
}

func TestBuild(t *testing.T) {
	f, err := Build([]string{"one", "Two", "two", "three"})
	if err != nil {
		t.Fatal(err)
	}
	again, _ := Build([]string{"three", "two", "one"})
	if f != again {
		t.Error("the same set gives other bytes")
	}
	if f.count() != 3 || !f.Contains("one") || !f.Contains("TWO") || !f.Contains("three") || f.Contains("four") {
		t.Errorf("the filter %x does not hold what was put in", string(f))
	}
	if _, err := Build(nil); !errors.Is(err, ErrEmpty) {
		t.Errorf("Build of nothing: %v", err)
	}
	for name, broken := range map[string]Filter{"empty": "", "header only": f[:header], "other magic": "x" + f[1:]} {
		if broken.Contains("one") {
			t.Errorf("%s: contains something", name)
		}
	}
}

// The README says where the filter comes from; this is the one it speaks of.
func TestProvenance(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(common))
	if !strings.Contains(string(readme), hex.EncodeToString(sum[:])) {
		t.Errorf("README.md does not name SHA-256 %x", sum)
	}
}
