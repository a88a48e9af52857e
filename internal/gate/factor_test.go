package gate_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/gate"
	"countersign/internal/login"
	"countersign/internal/staff"
)

// enrolled is the owner with an authenticator, whose secret is text.
func (d *door) enrolled(t *testing.T) (e gate.Entry, text string, recovery []string) {
	t.Helper()
	e = d.owner(t)
	o := d.Offer(e, "Countersign")
	recovery, err := d.Enrol(t.Context(), e, o.Seal, gate.CodeAt(o.Text, d.Clock.Now()), here)
	if err != nil {
		t.Fatal(err)
	}
	d.Clock.Forward(time.Minute)
	return e, o.Text, recovery
}

func (d *door) pending(t *testing.T) gate.Entry {
	t.Helper()
	p, err := d.SignIn(t.Context(), "olga@example.com", password, "", here)
	if err != nil || !p.Session.Pending {
		t.Fatalf("pending %v, %v", p.Session.Pending, err)
	}
	return p
}

func TestEnrolRefuses(t *testing.T) {
	d := newDoor(t)
	e := d.owner(t)
	o := d.Offer(e, "Countersign")
	_, err := d.Enrol(t.Context(), e, o.Seal, "000000", here)
	expect(t, "a wrong code", gate.ErrCode, err)
	_, err = d.Enrol(t.Context(), e, "AAAA", gate.CodeAt(o.Text, d.Clock.Now()), here)
	expect(t, "no offer of ours", gate.ErrOffer, err)
	other := e
	other.Member = &staff.Member{ID: "0SF-other"}
	_, err = d.Enrol(t.Context(), other, o.Seal, gate.CodeAt(o.Text, d.Clock.Now()), here)
	expect(t, "somebody else's offer", gate.ErrOffer, err)
	d.Clock.Forward(16 * time.Minute)
	_, err = d.Enrol(t.Context(), e, o.Seal, gate.CodeAt(o.Text, d.Clock.Now()), here)
	expect(t, "an old offer", gate.ErrOffer, err)
	if m, err := d.DB.Member(t.Context(), e.Member.ID); err != nil || gate.HasFactor(m) {
		t.Errorf("something was set up: %v", err)
	}
}

func TestSecondFactor(t *testing.T) {
	d := newDoor(t)
	_, text, _ := d.enrolled(t)
	p := d.pending(t)
	if d.Recent(p) {
		t.Error("a password alone is a recent proof")
	}
	_, err := d.Confirm(t.Context(), p, p.Token, "000000", here)
	expect(t, "a wrong code", gate.ErrCode, err)
	code := gate.CodeAt(text, d.Clock.Now())
	full, err := d.Confirm(t.Context(), p, p.Token, code[:3]+" "+code[3:], here)
	if err != nil || full.Session.Pending || full.Token == p.Token || !d.Recent(full) {
		t.Fatalf("confirmed: %+v, %v", full.Session, err)
	}
	_, err = d.Open(t.Context(), p.Token)
	expect(t, "the pending session afterwards", gate.ErrSession, err)
	again := d.pending(t)
	_, err = d.Confirm(t.Context(), again, again.Token, code, here)
	expect(t, "the same code again", gate.ErrCode, err)
	d.Clock.Forward(11 * time.Minute)
	_, err = d.Open(t.Context(), again.Token)
	expect(t, "a pending session after ten minutes", gate.ErrSession, err)
	if e := d.Events(audit.LoginFailed); len(e) != 2 || e[0].Detail["reason"] != "code" {
		t.Errorf("failures recorded: %+v", e)
	}
}

// TestOneCodeOnce: of many who use one code at the same time, one is let in.
func TestOneCodeOnce(t *testing.T) {
	d := newDoor(t)
	_, text, _ := d.enrolled(t)
	p := d.pending(t)
	code := gate.CodeAt(text, d.Clock.Now())
	var won atomic.Int64
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			_, err := d.Confirm(t.Context(), p, p.Token, code, here)
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, gate.ErrCode) && !errors.Is(err, login.ErrThrottled):
				t.Error(err)
			}
		})
	}
	done.Wait()
	if won.Load() != 1 {
		t.Errorf("%d were let in by one code", won.Load())
	}
}

func TestCodesAreThrottled(t *testing.T) {
	d := newDoor(t)
	_, text, _ := d.enrolled(t)
	p := d.pending(t)
	for range 5 {
		_, err := d.Confirm(t.Context(), p, p.Token, "000000", here)
		expect(t, "one of five", gate.ErrCode, err)
	}
	_, err := d.Confirm(t.Context(), p, p.Token, gate.CodeAt(text, d.Clock.Now()), here)
	expect(t, "the right one after five wrong ones", login.ErrThrottled, err)
	d.Clock.Forward(4 * time.Minute)
	if _, err := d.Confirm(t.Context(), p, p.Token, gate.CodeAt(text, d.Clock.Now()), here); err != nil {
		t.Errorf("minutes later: %v", err)
	}
}

func TestRecoveryCodes(t *testing.T) {
	d := newDoor(t)
	e, _, codes := d.enrolled(t)
	if len(codes) != 10 {
		t.Fatalf("%d codes", len(codes))
	}
	for i, want := range []error{nil, gate.ErrCode} {
		p := d.pending(t)
		_, err := d.Confirm(t.Context(), p, p.Token, " "+codes[3]+" ", here)
		expect(t, []string{"first use", "second use"}[i], want, err)
	}
	m, err := d.DB.Member(t.Context(), e.Member.ID)
	if err != nil || len(m.Recovery) != 9 {
		t.Errorf("%d are left, %v", len(m.Recovery), err)
	}
	e.Member = m
	if _, err := d.RenewRecovery(t.Context(), e, here); err != nil {
		t.Fatal(err)
	}
	p := d.pending(t)
	_, err = d.Confirm(t.Context(), p, p.Token, codes[4], here)
	expect(t, "a void code", gate.ErrCode, err)
}

func TestProofByCode(t *testing.T) {
	d := newDoor(t)
	e, text, _ := d.enrolled(t)
	d.Clock.Forward(11 * time.Minute)
	got, err := d.Open(t.Context(), e.Token)
	if err != nil || d.Recent(got) {
		t.Fatalf("recent, %v", err)
	}
	expect(t, "the password alone", gate.ErrCode, d.Prove(t.Context(), got, password, here))
	if err := d.Prove(t.Context(), got, gate.CodeAt(text, d.Clock.Now()), here); err != nil {
		t.Error(err)
	}
	if got, err = d.Open(t.Context(), e.Token); err != nil || !d.Recent(got) {
		t.Errorf("not recent, %v", err)
	}
}

func TestSetPassword(t *testing.T) {
	d := newDoor(t)
	e := d.owner(t)
	_, err := d.SetPassword(t.Context(), e, "wrong", "another walk along the shore", here)
	expect(t, "the old one is wrong", login.ErrFailed, err)
	_, err = d.SetPassword(t.Context(), e, password, "short", here)
	expect(t, "the new one is short", account.ErrPasswordShort, err)
	fresh, err := d.SetPassword(t.Context(), e, password, "another walk along the shore", here)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Open(t.Context(), e.Token)
	expect(t, "the old session", gate.ErrSession, err)
	if _, err := d.Open(t.Context(), fresh.Token); err != nil {
		t.Error(err)
	}
	_, err = d.SignIn(t.Context(), "olga@example.com", password, "", here)
	expect(t, "the old password", login.ErrFailed, err)
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	d := newDoor(t)
	e := d.owner(t)
	var others []gate.Entry
	for range 3 {
		o, err := d.SignIn(t.Context(), "olga@example.com", password, "", here)
		if err != nil {
			t.Fatal(err)
		}
		others = append(others, o)
	}
	expect(t, "an unknown name", staff.ErrNoSession, d.End(t.Context(), e, "UNKNOWN", here))
	if err := d.End(t.Context(), e, d.Name(others[0].Session), here); err != nil {
		t.Fatal(err)
	}
	_, err := d.Open(t.Context(), others[0].Token)
	expect(t, "the one that was ended", gate.ErrSession, err)
	if all, err := d.SessionsOf(t.Context(), e.Member.ID); err != nil || len(all) != 3 {
		t.Errorf("%d sessions, %v", len(all), err)
	}
	if err := d.EndOthers(t.Context(), e, here); err != nil {
		t.Fatal(err)
	}
	if all, err := d.SessionsOf(t.Context(), e.Member.ID); err != nil || len(all) != 1 || all[0].Hash != e.Session.Hash {
		t.Errorf("%d sessions, %v", len(all), err)
	}
}

func TestSomebodyMustEnrol(t *testing.T) {
	d := newDoor(t)
	e := d.owner(t)
	if d.MustEnrol(e.Member) {
		t.Error("asked for, though nobody wants it")
	}
	d.RequireFactor = true
	if !d.MustEnrol(e.Member) {
		t.Error("not asked for")
	}
}

// TestPasswordIsNoSecondFactor: a new password proves the old one, which is not
// what a member with an authenticator is asked for.
func TestPasswordIsNoSecondFactor(t *testing.T) {
	d := newDoor(t)
	_, text, _ := d.enrolled(t)
	p := d.pending(t)
	e, err := d.Confirm(t.Context(), p, p.Token, gate.CodeAt(text, d.Clock.Now()), here)
	if err != nil {
		t.Fatal(err)
	}
	d.Clock.Forward(11 * time.Minute)
	old, err := d.Open(t.Context(), e.Token)
	if err != nil || d.Recent(old) {
		t.Fatalf("recent, %v", err)
	}
	fresh, err := d.SetPassword(t.Context(), old, password, "another walk along the shore", here)
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Open(t.Context(), fresh.Token)
	if err != nil || d.Recent(got) {
		t.Errorf("the old password counts as a code, %v", err)
	}
}
