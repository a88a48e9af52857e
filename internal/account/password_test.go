package account

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// tiny is the cheapest argon2id there is: tests count rules, not work.
var tiny = Params{MemoryKiB: 8, Time: 1, Parallelism: 1}

func mustHash(t *testing.T, params Params, password string) string {
	t.Helper()
	h, err := HashPassword(params, password)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHashPassword(t *testing.T) {
	const password = "correct horse battery staple"
	one, two := mustHash(t, tiny, password), mustHash(t, tiny, password)
	if !strings.HasPrefix(one, "$argon2id$v=19$m=8,t=1,p=1$") {
		t.Errorf("hash is %q", one)
	}
	if one == two {
		t.Error("two hashes of one password share their salt")
	}
	for _, c := range []struct {
		name, password string
		want           bool
	}{
		{"right", password, true},
		{"wrong", "correct horse battery stapl3", false},
		{"shorter", password[:27], false},
		{"longer", password + "!", false},
		{"zero byte behind", password + "\x00", false},
		{"empty", "", false},
	} {
		ok, err := VerifyPassword(one, c.password)
		if err != nil || ok != c.want {
			t.Errorf("%s: VerifyPassword = %v, %v, want %v", c.name, ok, err, c.want)
		}
	}
}

// An accent typed as one key and as two is the same password.
func TestPasswordIsNFC(t *testing.T) {
	h := mustHash(t, tiny, "Mu\u0308nchen leuchtet")
	if ok, err := VerifyPassword(h, "M\u00fcnchen leuchtet"); !ok || err != nil {
		t.Errorf("composed form: %v, %v", ok, err)
	}
	if ok, _ := VerifyPassword(h, "m\u00fcnchen leuchtet"); ok {
		t.Error("case was folded")
	}
}

func TestPasswordTooLong_A35(t *testing.T) {
	long := strings.Repeat("a", MaxPasswordBytes)
	h := mustHash(t, tiny, long)
	if ok, err := VerifyPassword(h, long); !ok || err != nil {
		t.Errorf("1024 bytes: %v, %v", ok, err)
	}
	if ok, _ := VerifyPassword(h, long[:1023]+"b"); ok {
		t.Error("the last of 1024 bytes does not count")
	}
	if _, err := HashPassword(tiny, long+"a"); !errors.Is(err, ErrPasswordTooLong) {
		t.Errorf("HashPassword of 1025 bytes: %v", err)
	}
	if _, err := VerifyPassword(h, long+"a"); !errors.Is(err, ErrPasswordTooLong) {
		t.Errorf("VerifyPassword of 1025 bytes: %v", err)
	}
}

func TestHashPasswordBounds(t *testing.T) {
	for name, p := range map[string]Params{
		"no passes": {8, 0, 1}, "no lanes": {8, 1, 0}, "less than 8 blocks a lane": {15, 1, 2},
		"too much memory": {256 * 1024, 1, 1}, "too many passes": {64 * 1024, 40, 1}, "too many lanes": {1024, 1, 17},
	} {
		if _, err := HashPassword(p, "x"); !errors.Is(err, ErrHashCost) {
			t.Errorf("%s: %v, want %s", name, err, ErrHashCost.Rule)
		}
	}
}

func TestParamsCheck(t *testing.T) {
	for _, good := range []Params{DefaultParams, {46 * 1024, 1, 1}, {7 * 1024, 5, 1}, {12 * 1024, 3, 1}, {64 * 1024, 3, 4}} {
		if err := good.Check(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, bad := range []Params{{}, tiny, {19 * 1024, 1, 1}, {6 * 1024, 9, 1}, {19 * 1024, 2, 0}, {1 << 20, 1, 1}} {
		if err := bad.Check(); !errors.Is(err, ErrParams) {
			t.Errorf("%+v: %v, want ErrParams", bad, err)
		}
	}
}

func TestNeedsRehash(t *testing.T) {
	h := mustHash(t, tiny, "x")
	if NeedsRehash(h, tiny) {
		t.Error("a hash with today's parameters")
	}
	for name, hash := range map[string]string{
		"more passes":  mustHash(t, Params{8, 2, 1}, "x"),
		"more memory":  mustHash(t, Params{16, 1, 1}, "x"),
		"short salt":   "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc$gAwJW5vx5itn2V9KHlEUjyUCrpDYgKyQf0gMaHGx1h4",
		"short digest": "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gAwJW5vx5itn2V9KHlEUjw",
		"bcrypt":       "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		"no hash":      "x",
	} {
		if !NeedsRehash(hash, tiny) {
			t.Errorf("%s needs a rehash", name)
		}
	}
}

func TestDecoy_A05(t *testing.T) {
	d := Decoy(tiny)
	if NeedsRehash(d, tiny) || Cost(d, tiny) != (Weight{1, 1}) {
		t.Errorf("the decoy %q does not cost what a hash costs", d)
	}
	for _, password := range []string{"", "x", "correct horse battery staple"} {
		if ok, err := VerifyPassword(d, password); ok || err != nil {
			t.Errorf("decoy and %q: %v, %v", password, ok, err)
		}
	}
}

func TestCost(t *testing.T) {
	const end = "$MDEyMzQ1Njc4OWFiY2RlZg$gAwJW5vx5itn2V9KHlEUjyUCrpDYgKyQf0gMaHGx1h4"
	bcrypt := func(exp string) string {
		return "$2b$" + exp + "$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
	}
	for _, c := range []struct {
		name, hash string
		want       Weight
	}{
		{"ours", "$argon2id$v=19$m=19456,t=2,p=1" + end, Weight{1, 1}},
		{"four times the memory", "$argon2id$v=19$m=77824,t=2,p=1" + end, Weight{4, 4}},
		{"three passes more", "$argon2id$v=19$m=19456,t=5,p=1" + end, Weight{3, 1}},
		{"cheaper", "$argon2id$v=19$m=64,t=2,p=1" + end, Weight{1, 1}},
		{"bcrypt 12", bcrypt("12"), Weight{10, 1}},
		{"bcrypt 10", bcrypt("10"), Weight{3, 1}},
		{"scrypt 2^17", "$scrypt$ln=17,r=8,p=1" + end, Weight{21, 7}},
		{"pbkdf2 600,000", "$pbkdf2-sha256$i=600000,l=32" + end, Weight{5, 1}},
		{"pbkdf2-sha512 210,000", "$pbkdf2-sha512$i=210000" + end, Weight{6, 1}},
		{"no hash", "plain", Weight{}},
	} {
		if got := Cost(c.hash, DefaultParams); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	if got := (Weight{10, 1}).Plus(Weight{1, 2}); got != (Weight{11, 2}) {
		t.Errorf("Plus: %+v", got)
	}
}

func TestCalibrate(t *testing.T) {
	perPass := func(d time.Duration) func(Params) time.Duration {
		return func(p Params) time.Duration { return time.Duration(p.Time) * d }
	}
	for _, c := range []struct {
		name    string
		perPass time.Duration
		want    uint32
	}{
		{"a slow machine keeps the default", 80 * time.Millisecond, 2},
		{"an ordinary one", 12 * time.Millisecond, 4},
		{"a fast one", 5 * time.Millisecond, 10},
		{"a clock that stands still", 0, maxCalibratedPasses},
	} {
		p := calibrate(50*time.Millisecond, perPass(c.perPass))
		if p.Time != c.want || p.MemoryKiB != DefaultParams.MemoryKiB || p.Check() != nil {
			t.Errorf("%s: %+v, want %d passes", c.name, p, c.want)
		}
	}
	tick := time.Unix(0, 0)
	slow := func() time.Time { tick = tick.Add(time.Hour); return tick }
	if p := Calibrate(50*time.Millisecond, slow); p != DefaultParams {
		t.Errorf("with a clock that says hours: %+v", p)
	}
}
