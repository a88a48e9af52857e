package stafftest

import (
	"errors"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/staff"
)

func addAndRead(t *testing.T, n Node) {
	ada, bea := add(t, n, "Ada@example.com", staff.Owner), add(t, n, "bea@example.com", staff.Auditor)
	expect(t, "a name in other letters", staff.ErrTaken, n.Store.AddMember(t.Context(), member(n, "ADA@example.com", staff.Editor), event(n, audit.StaffInvited)))
	got, err := n.Store.Member(t.Context(), ada.ID)
	must(t, err)
	same(t, "by id", ada, got)
	got, err = n.Store.MemberByName(t.Context(), "aDa@EXAMPLE.com ")
	must(t, err)
	same(t, "by name", ada, got)
	all, err := n.Store.Members(t.Context())
	must(t, err)
	want := []*staff.Member{ada, bea} // in order of id, which within a second is that of chance
	if bea.ID < ada.ID {
		want = []*staff.Member{bea, ada}
	}
	same(t, "all", want, all)
	_, err = n.Store.Member(t.Context(), "0SF-nobody")
	expect(t, "an unknown id", staff.ErrNotFound, err)
	for _, name := range []string{"nobody", "", "\x00"} {
		_, err = n.Store.MemberByName(t.Context(), name)
		expect(t, "an unknown name", staff.ErrNotFound, err)
	}
	expectEvents(t, n, audit.StaffInvited, 2)
}

func change(t *testing.T, n Node) {
	ada, bea := add(t, n, "ada", staff.Owner), add(t, n, "bea", staff.Editor)
	must(t, n.Sessions.BeginSession(t.Context(), session(n, bea, "one"), staff.Hash{}, event(n, audit.StaffSignedIn)))
	stale := *bea
	bea.Role, bea.Step, bea.Name = staff.Reviewer, 8, "another name"
	must(t, n.Store.ChangeMember(t.Context(), bea, event(n, audit.StaffChanged)))
	got, err := n.Store.Member(t.Context(), bea.ID)
	must(t, err)
	want := *bea
	want.Name = "bea"
	same(t, "changed, but not in name", &want, got)
	expect(t, "an older version", staff.ErrConflict, n.Store.ChangeMember(t.Context(), &stale, event(n, audit.StaffChanged)))
	expect(t, "nobody", staff.ErrNotFound, n.Store.ChangeMember(t.Context(), member(n, "x", staff.Editor), event(n, audit.StaffChanged)))
	if _, err := n.Sessions.Session(t.Context(), hash("one")); err != nil {
		t.Errorf("a change of role ended the session: %v", err)
	}
	bea.PasswordHash = "$argon2id$another"
	must(t, n.Store.ChangeMember(t.Context(), bea, event(n, audit.StaffChanged)))
	_, err = n.Sessions.Session(t.Context(), hash("one"))
	expect(t, "after a change of password", staff.ErrNoSession, err)
	must(t, n.Sessions.BeginSession(t.Context(), session(n, bea, "two"), staff.Hash{}, event(n, audit.StaffSignedIn)))
	must(t, n.Sessions.BeginSession(t.Context(), session(n, ada, "hers"), staff.Hash{}, event(n, audit.StaffSignedIn)))
	bea.State = staff.Disabled
	must(t, n.Store.ChangeMember(t.Context(), bea, event(n, audit.StaffChanged)))
	_, err = n.Sessions.Session(t.Context(), hash("two"))
	expect(t, "after being switched off", staff.ErrNoSession, err)
	expect(t, "a session of somebody switched off", staff.ErrNotFound,
		n.Sessions.BeginSession(t.Context(), session(n, bea, "three"), staff.Hash{}, event(n, audit.StaffSignedIn)))
	if _, err := n.Sessions.Session(t.Context(), hash("hers")); err != nil {
		t.Errorf("somebody else's session ended, too: %v", err)
	}
	expectEvents(t, n, audit.StaffChanged, 3)
}

func lastOwner(t *testing.T, n Node) {
	ada := add(t, n, "ada", staff.Owner)
	add(t, n, "bea", staff.Editor)
	off := member(n, "off", staff.Owner)
	off.State = staff.Disabled
	must(t, n.Store.AddMember(t.Context(), off, event(n, audit.StaffInvited)))
	for what, spoil := range map[string]func(*staff.Member){
		"another role": func(m *staff.Member) { m.Role = staff.Editor },
		"switched off": func(m *staff.Member) { m.State = staff.Disabled },
		"only invited": func(m *staff.Member) { m.State = staff.Invited },
	} {
		m := *ada
		spoil(&m)
		expect(t, what, staff.ErrLastOwner, n.Store.ChangeMember(t.Context(), &m, event(n, audit.StaffChanged)))
	}
	expect(t, "removed", staff.ErrLastOwner, n.Store.RemoveMember(t.Context(), ada.ID, event(n, audit.StaffRemoved)))
	expectEvents(t, n, audit.StaffChanged, 0)
	cleo := add(t, n, "cleo", staff.Owner)
	ada.Role = staff.Editor
	must(t, n.Store.ChangeMember(t.Context(), ada, event(n, audit.StaffChanged)))
	expect(t, "now the other is the last", staff.ErrLastOwner, n.Store.RemoveMember(t.Context(), cleo.ID, event(n, audit.StaffRemoved)))
}

// lastOwnerRace: all owners resign at once; one stays.
func lastOwnerRace(t *testing.T, n Node) {
	const owners = 16
	all := make([]*staff.Member, owners)
	for i := range all {
		all[i] = add(t, n, "owner-"+string(rune('a'+i)), staff.Owner)
	}
	won := race(t, owners, []error{staff.ErrLastOwner}, func(i int) error {
		if i%2 == 0 {
			return n.Store.RemoveMember(t.Context(), all[i].ID, event(n, audit.StaffRemoved))
		}
		m := *all[i]
		m.Role = staff.Auditor
		return n.Store.ChangeMember(t.Context(), &m, event(n, audit.StaffChanged))
	})
	if won != owners-1 {
		t.Errorf("%d of %d owners resigned, want all but one", won, owners)
	}
}

func remove(t *testing.T, n Node) {
	add(t, n, "ada", staff.Owner)
	bea := add(t, n, "bea", staff.Editor)
	must(t, n.Sessions.BeginSession(t.Context(), session(n, bea, "one"), staff.Hash{}, event(n, audit.StaffSignedIn)))
	must(t, n.Store.KeepTicket(t.Context(), ticket(n, staff.Reset, bea.ID, "link"), event(n, audit.StaffInvited)))
	must(t, n.Store.RemoveMember(t.Context(), bea.ID, event(n, audit.StaffRemoved)))
	_, err1 := n.Store.Member(t.Context(), bea.ID)
	_, err2 := n.Sessions.Session(t.Context(), hash("one"))
	_, err3 := n.Store.Ticket(t.Context(), hash("link"), n.Now())
	if !errors.Is(err1, staff.ErrNotFound) || !errors.Is(err2, staff.ErrNoSession) || !errors.Is(err3, staff.ErrNoTicket) {
		t.Errorf("left behind: member %v, session %v, link %v", err1, err2, err3)
	}
	expect(t, "twice", staff.ErrNotFound, n.Store.RemoveMember(t.Context(), bea.ID, event(n, audit.StaffRemoved)))
	add(t, n, "bea", staff.Editor) // the name is free again
}

func answersLost(t *testing.T, n Node) {
	lost := errors.New("the answer of the commit was lost")
	times := 1
	n.OnCommit(func(commit func() error) error {
		err := commit()
		if times--; times >= 0 && err == nil {
			err = lost
		}
		return err
	})
	ada := add(t, n, "ada", staff.Owner)
	times = 1
	ada.Step = 9
	must(t, n.Store.ChangeMember(t.Context(), ada, event(n, audit.StaffChanged)))
	n.OnCommit(nil)
	got, err := n.Store.Member(t.Context(), ada.ID)
	must(t, err)
	same(t, "after a lost answer", ada, got)
	ada.Step = 10 // the version that was reported is the one that is kept
	must(t, n.Store.ChangeMember(t.Context(), ada, event(n, audit.StaffChanged)))
	expectEvents(t, n, audit.StaffChanged, 2)
}
