package grant

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func keyring(t testing.TB) *secret.Keyring {
	t.Helper()
	k, err := secret.ParseKeyring(secret.NewMasterKey())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func someGrant() Grant {
	return Grant{
		ID: secret.NewID(noon), Client: "app", User: "005000000000001AAA", Epoch: 3, Flow: flow.CodeAndCredentials,
		Scopes: oauth.Scopes{"openid", "api"}, AuthTime: noon.Truncate(time.Second), AMR: []string{"pwd"}, ACR: "a", Nonce: "n", JKT: [32]byte{9},
	}
}

var sameTime = cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })

func TestCodeCarriesEveryBinding(t *testing.T) {
	k := keyring(t)
	c := Code{Grant: someGrant(), Redirect: RedirectHash("https://app.example/cb"), Challenge: ChallengeHash("v"), Expires: noon.Add(time.Minute)}
	c.Slot = secret.SlotOf(c.Expires)
	text := SealCode(k, c)
	got, err := OpenCode(k, text, noon)
	if err != nil || !cmp.Equal(got, c, sameTime) {
		t.Fatalf("%v\n%s", err, cmp.Diff(c, got, sameTime))
	}
	if strings.Contains(text, "app") && strings.Contains(text, "005") {
		t.Error("B17: a code tells what it binds")
	}
	if _, err := OpenCode(k, text, c.Expires); !errors.Is(err, ErrCodeExpired) {
		t.Errorf("B04 at its end: %v", err)
	}
	if _, err := OpenCode(k, text, c.Expires.Add(-time.Millisecond)); err != nil {
		t.Errorf("a millisecond before: %v", err)
	}
	if _, err := OpenCode(keyring(t), text, noon); !errors.Is(err, ErrCodeForeign) {
		t.Errorf("J10 code of another deployment: %v", err)
	}
}

func TestRefreshIsAFunctionOfItsRow(t *testing.T) {
	k := keyring(t)
	r := Refresh{Grant: someGrant(), Seq: 7, Issued: noon.Add(123 * time.Microsecond)}
	text := SealRefresh(k, r)
	if SealRefresh(k, r) != text {
		t.Error("E10: the same generation is not the same text")
	}
	got, err := OpenRefresh(k, text)
	if err != nil || !cmp.Equal(got, r, sameTime) {
		t.Fatalf("%v\n%s", err, cmp.Diff(r, got, sameTime))
	}
	next := r
	next.Seq++
	if SealRefresh(k, next) == text {
		t.Error("E03: generations in the same instant are the same text")
	}
}

func TestAccessRoundTripAndExpiry(t *testing.T) {
	k := keyring(t)
	a := Access{Grant: someGrant(), TokenID: secret.NewID(noon), Expires: noon.Add(time.Minute), Audience: []string{"https://api.example", "b"}, Refreshed: true}
	text := SealAccess(k, a)
	got, err := OpenAccess(k, text, noon)
	if err != nil || !cmp.Equal(got, a, sameTime) {
		t.Fatalf("%v\n%s", err, cmp.Diff(a, got, sameTime))
	}
	if _, err := OpenAccess(k, text, a.Expires); !errors.Is(err, ErrAccessExpired) {
		t.Errorf("at its end: %v", err)
	}
	if _, err := OpenAccess(k, text[:len(text)-2], noon); !errors.Is(err, ErrAccessForeign) {
		t.Errorf("I02 cut: %v", err)
	}
}

func TestB05KindsAreNotTakenForOneAnother(t *testing.T) {
	k := keyring(t)
	code := SealCode(k, Code{Grant: someGrant(), Expires: noon.Add(time.Minute)})
	refresh := SealRefresh(k, Refresh{Grant: someGrant(), Seq: 1})
	access := SealAccess(k, Access{Grant: someGrant(), TokenID: secret.NewID(noon), Expires: noon.Add(time.Minute)})
	for _, text := range []string{refresh, access, "", "csc1_", strings.Repeat("x", 100_000)} {
		if _, err := OpenCode(k, text, noon); !errors.Is(err, ErrCodeForeign) {
			t.Errorf("%.20q as code: %v", text, err)
		}
	}
	for _, text := range []string{code, access, ""} {
		if _, err := OpenRefresh(k, text); !errors.Is(err, ErrRefreshForeign) {
			t.Errorf("%.20q as refresh token: %v", text, err)
		}
	}
	for _, text := range []string{code, refresh, ""} {
		if _, err := OpenAccess(k, text, noon); !errors.Is(err, ErrAccessForeign) {
			t.Errorf("%.20q as access token: %v", text, err)
		}
	}
	if _, err := OpenRefresh(k, SealRefresh(k, Refresh{Grant: someGrant(), Seq: 0})); !errors.Is(err, ErrRefreshForeign) {
		t.Errorf("generation 0: %v", err)
	}
}

func TestEndings(t *testing.T) {
	g := someGrant()
	other := g
	other.ID, other.User, other.Client = secret.NewID(noon), "005000000000002AAA", "other"
	for name, row := range map[string]struct {
		x     Ending
		dead  bool
		later bool // does a grant begun later live?
	}{
		"nothing":              {Ending{ID: secret.NewID(noon)}, false, true},
		"the family":           {Ending{ID: secret.NewID(noon), Kind: EndFamily, Family: g.ID}, true, true},
		"the person":           {Ending{ID: secret.NewID(noon.Add(time.Second)), Kind: EndUser, User: g.User}, true, true},
		"the person, earlier":  {Ending{ID: secret.NewID(noon.Add(-time.Second)), Kind: EndUser, User: g.User}, false, true},
		"the app":              {Ending{ID: secret.NewID(noon.Add(time.Second)), Kind: EndClient, Client: g.Client}, true, true},
		"the person at an app": {Ending{ID: secret.NewID(noon.Add(time.Second)), Kind: EndPair, User: g.User, Client: g.Client}, true, true},
		"at another app":       {Ending{ID: secret.NewID(noon.Add(time.Second)), Kind: EndPair, User: g.User, Client: "x"}, false, true},
	} {
		var e Endings
		e.Add(row.x, row.x)
		if got := e.Dead(&g); got != row.dead {
			t.Errorf("%s: dead = %v", name, got)
		}
		if e.Dead(&other) {
			t.Errorf("%s: an uninvolved grant is dead", name)
		}
		later := g
		later.ID = secret.NewID(noon.Add(time.Minute))
		if e.Dead(&later) == row.later {
			t.Errorf("%s: a grant begun later is dead", name)
		}
	}
}

func TestEndingsOfOneTokenAndSweep(t *testing.T) {
	var e Endings
	a := Access{Grant: someGrant(), TokenID: secret.NewID(noon)}
	b := a
	b.TokenID = secret.NewID(noon)
	e.Add(Ending{ID: secret.NewID(noon), Kind: EndAccess, Family: a.TokenID})
	if !e.DeadToken(&a) || e.DeadToken(&b) || e.Dead(&a.Grant) {
		t.Error("ending one access token ends more or less than that")
	}
	e.Add(Ending{ID: secret.NewID(noon.Add(time.Hour)), Kind: EndUser, User: "u"})
	if e.Len() != 2 {
		t.Errorf("Len = %d", e.Len())
	}
	e.Sweep(noon.Add(time.Minute))
	if e.Len() != 1 || e.DeadToken(&a) {
		t.Error("Sweep keeps what is over")
	}
}

func TestALostLeaseAsksTheClientToComeBack(t *testing.T) {
	if e := oauth.From(ErrLease.After(time.Second)); e.Code != oauth.TemporarilyUnavailable || e.RetryAfter != time.Second {
		t.Errorf("%+v", e)
	}
}

func FuzzOpenCode(f *testing.F) {
	k := keyring(f)
	f.Add(SealCode(k, Code{Grant: someGrant(), Expires: noon.Add(time.Minute)}))
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := OpenCode(k, text, noon); err == nil && SealCode(k, c) != text {
			t.Errorf("two texts are one code: %q", text)
		}
	})
}
