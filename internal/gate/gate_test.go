package gate_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/gate"
	"countersign/internal/housetest"
	"countersign/internal/login"
	"countersign/internal/staff"
)

const password = "quite a long walk by the river"

var (
	hashing = account.Params{MemoryKiB: 64, Time: 1, Parallelism: 1}
	here    = gate.From{Address: netip.MustParseAddr("203.0.113.7"), Agent: "Browser", RequestID: "r1"}
)

type door struct {
	*housetest.House
	*gate.Gate
}

func newDoor(t *testing.T) *door {
	h := housetest.New(t)
	return &door{h, gate.New(gate.Options{
		Members: h.DB, Sessions: h.DB, People: h.DB, Log: h.DB, Keys: h.Keys, Pool: login.NewPool(2, 100, time.Minute),
		Params: hashing, Now: h.Clock.Now,
	})}
}

// owner opens a new server: the first owner comes in by the link.
func (d *door) owner(t *testing.T) gate.Entry {
	t.Helper()
	link, err := d.Bootstrap(t.Context())
	if err != nil || link == "" {
		t.Fatalf("no link: %v", err)
	}
	e, err := d.Join(t.Context(), link, "olga@example.com", password, here)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func expect(t *testing.T, what string, want, got error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestFirstOwner(t *testing.T) {
	d := newDoor(t)
	first, err := d.Bootstrap(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Invitation(t.Context(), "no link")
	expect(t, "a text that is no link", gate.ErrLink, err)
	e := d.owner(t) // by a second link
	_, err = d.Join(t.Context(), first, "mallory@example.com", password, here)
	expect(t, "the link before the last", gate.ErrLink, err)
	if e.Member.Role != staff.Owner || e.Member.State != staff.Active || e.Session.Pending {
		t.Errorf("the first owner: %+v", e.Member)
	}
	if link, err := d.Bootstrap(t.Context()); link != "" || err != nil {
		t.Errorf("a link beside an owner: %v", err)
	}
	got, err := d.Open(t.Context(), e.Token)
	if err != nil || got.Member.ID != e.Member.ID || !d.Recent(got) {
		t.Errorf("the session: %+v, %v", got, err)
	}
	if n := len(d.Events(audit.StaffJoined)); n != 1 {
		t.Errorf("%d events", n)
	}
}

func TestLinkIsOverAfterADay(t *testing.T) {
	d := newDoor(t)
	link, err := d.Bootstrap(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.Clock.Forward(24 * time.Hour)
	_, err = d.Join(t.Context(), link, "olga@example.com", password, here)
	expect(t, "a day later", gate.ErrLink, err)
}

func TestJoinRefuses(t *testing.T) {
	d := newDoor(t)
	link, err := d.Bootstrap(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		name, password string
		want           error
	}{
		"no name":        {"", password, account.ErrUsername},
		"a colon":        {"a:b", password, account.ErrUsername},
		"short":          {"olga@example.com", "short", account.ErrPasswordShort},
		"name in it":     {"olga@example.com", "olga@example.com", account.ErrPasswordContext},
		"product's name": {"olga@example.com", "countersign1234", account.ErrPasswordContext},
	} {
		_, err := d.Join(t.Context(), link, c.name, c.password, here)
		expect(t, what, c.want, err)
	}
	if _, err := d.Join(t.Context(), link, "olga@example.com", password, here); err != nil {
		t.Errorf("refusals used the link up: %v", err)
	}
}

func TestSignIn(t *testing.T) {
	d := newDoor(t)
	e := d.owner(t)
	for what, c := range map[string]struct{ name, password string }{
		"wrong password": {"olga@example.com", "wrong"}, "nobody": {"nobody", password}, "a person": {d.Person.Username, housetest.Password},
		"no password": {"olga@example.com", ""}, "the throttle's name": {"staff:olga@example.com", password},
	} {
		_, err := d.SignIn(t.Context(), c.name, c.password, "", here)
		expect(t, what, login.ErrFailed, err)
	}
	again, err := d.SignIn(t.Context(), "Olga@Example.com", password, e.Token, here)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Open(t.Context(), e.Token)
	expect(t, "the session it took the place of", gate.ErrSession, err)
	if got, err := d.Open(t.Context(), again.Token); err != nil || got.Session.Address != "203.0.113.7" || got.Session.Agent != "Browser" {
		t.Errorf("%+v %v", got.Session, err)
	}
	m := again.Member
	m.State = staff.Disabled
	d.DB.ChangeMember(t.Context(), m, d.Event(audit.StaffChanged)) // the last owner stays
	other := &staff.Member{ID: "0SF-other", Name: "other", Role: staff.Owner, State: staff.Active, Created: d.Clock.Now()}
	if err := errors.Join(d.DB.AddMember(t.Context(), other, d.Event(audit.StaffInvited)), d.DB.ChangeMember(t.Context(), m, d.Event(audit.StaffChanged))); err != nil {
		t.Fatal(err)
	}
	_, err = d.Open(t.Context(), again.Token)
	expect(t, "the session of somebody switched off", gate.ErrSession, err)
	_, err = d.SignIn(t.Context(), "olga@example.com", password, "", here)
	expect(t, "somebody switched off", login.ErrFailed, err)
	_, err = d.SignIn(t.Context(), "other", "", "", here)
	expect(t, "somebody without a password", login.ErrFailed, err)
}

func TestSessionIsOver(t *testing.T) {
	for what, c := range map[string]struct {
		steps []time.Duration
		want  error
	}{
		"idle almost too long": {[]time.Duration{29 * time.Minute, 29 * time.Minute}, nil},
		"idle too long":        {[]time.Duration{30 * time.Minute}, gate.ErrSession},
		"absolute":             {many(25*time.Minute, 29), gate.ErrSession},
		"before absolute":      {many(25*time.Minute, 28), nil},
	} {
		d := newDoor(t)
		e := d.owner(t)
		var err error
		for _, s := range c.steps {
			d.Clock.Forward(s)
			_, err = d.Open(t.Context(), e.Token)
		}
		expect(t, what, c.want, err)
	}
	d := newDoor(t)
	d.owner(t)
	for _, text := range []string{"", "x", "*" + password, string(make([]byte, 43))} {
		_, err := d.Open(t.Context(), text)
		expect(t, "a text that is no token", gate.ErrSession, err)
	}
}

func many(d time.Duration, n int) []time.Duration {
	out := make([]time.Duration, n)
	for i := range out {
		out[i] = d
	}
	return out
}

func TestProof(t *testing.T) {
	d := newDoor(t)
	e := d.owner(t)
	open := func() gate.Entry {
		got, err := d.Open(t.Context(), e.Token)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	d.Clock.Forward(9 * time.Minute)
	if !d.Recent(open()) {
		t.Error("a proof of nine minutes ago is old")
	}
	d.Clock.Forward(2 * time.Minute)
	if d.Recent(open()) {
		t.Error("a proof of eleven minutes ago is recent")
	}
	expect(t, "a wrong password", login.ErrFailed, d.Prove(t.Context(), open(), "wrong", here))
	if d.Recent(open()) {
		t.Error("a wrong password is a proof")
	}
	if err := d.Prove(t.Context(), open(), password, here); err != nil || !d.Recent(open()) {
		t.Errorf("after a proof: %v", err)
	}
}

// TestNamesDoNotMeet: whoever hammers a person locks out no administrator of
// the same name, nor the other way round.
func TestNamesDoNotMeet(t *testing.T) {
	d := newDoor(t)
	link, err := d.Bootstrap(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Join(t.Context(), link, d.Person.Username, password, here); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		_, err = d.SignIn(t.Context(), d.Person.Username, "wrong", "", here)
	}
	expect(t, "the administrator", login.ErrThrottled, err)
	r := d.HeadlessRequest(housetest.Mobile)
	r.Address, r.ClientProves = here.Address, false
	if _, err := d.Headless.Login(context.Background(), r); errors.Is(err, login.ErrThrottled) {
		t.Error("the person of that name is locked out, too")
	}
}

// TestSwitchedOffStaysOff: a link that was made before somebody was switched off,
// or after, does not let them back in.
func TestSwitchedOffStaysOff(t *testing.T) {
	for _, was := range []staff.State{staff.Invited, staff.Active} {
		d := newDoor(t)
		d.owner(t)
		m := &staff.Member{ID: "0SF-eve", Name: "eve", Role: staff.Owner, State: was, Created: d.Clock.Now()}
		if err := d.DB.AddMember(t.Context(), m, d.Event(audit.StaffInvited)); err != nil {
			t.Fatal(err)
		}
		k := staff.Ticket{Purpose: staff.Reset, Member: m.ID, Until: d.Clock.Now().Add(time.Hour)}
		link, err := staff.MakeLink(t.Context(), d.DB, d.Keys, k, d.Event(audit.StaffInvited))
		if err != nil {
			t.Fatal(err)
		}
		m.State = staff.Disabled
		if err := d.DB.ChangeMember(t.Context(), m, d.Event(audit.StaffChanged)); err != nil {
			t.Fatal(err)
		}
		_, err = d.Join(t.Context(), link, "", password, here)
		expect(t, string(was)+", then switched off", gate.ErrLink, err)
		if got, err := d.DB.Member(t.Context(), m.ID); err != nil || got.State != staff.Disabled {
			t.Errorf("%s: %v now, %v", was, got.State, err)
		}
	}
}
