package stafftest

import (
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/staff"
)

func ticket(n Node, p staff.Purpose, id staff.ID, text string) staff.Ticket {
	return staff.Ticket{Hash: hash(text), Purpose: p, Member: id, Until: n.Now().Add(time.Hour)}
}

func tickets(t *testing.T, n Node) {
	must(t, n.Store.KeepTicket(t.Context(), ticket(n, staff.Bootstrap, "", "first"), event(n, audit.StaffInvited)))
	must(t, n.Store.KeepTicket(t.Context(), ticket(n, staff.Bootstrap, "", "second"), event(n, audit.StaffInvited)))
	_, err := n.Store.Ticket(t.Context(), hash("first"), n.Now())
	expect(t, "a link that was replaced", staff.ErrNoTicket, err)
	got, err := n.Store.Ticket(t.Context(), hash("second"), n.Now())
	must(t, err)
	same(t, "the link", ticket(n, staff.Bootstrap, "", "second"), got)
	_, err = n.Store.Ticket(t.Context(), hash("second"), n.Now().Add(time.Hour))
	expect(t, "a link that is over", staff.ErrNoTicket, err)
	ada := member(n, "ada", staff.Owner)
	expect(t, "using a link that is over", staff.ErrNoTicket,
		n.Store.RedeemTicket(t.Context(), hash("second"), n.Now().Add(time.Hour), ada, event(n, audit.StaffJoined)))
	must(t, n.Store.RedeemTicket(t.Context(), hash("second"), n.Now(), ada, event(n, audit.StaffJoined)))
	expect(t, "using a link twice", staff.ErrNoTicket,
		n.Store.RedeemTicket(t.Context(), hash("second"), n.Now(), ada, event(n, audit.StaffJoined)))
	expect(t, "a first owner beside the first", staff.ErrTaken,
		n.Store.KeepTicket(t.Context(), ticket(n, staff.Bootstrap, "", "third"), event(n, audit.StaffInvited)))

	bea := member(n, "bea", staff.Editor)
	bea.State, bea.PasswordHash = staff.Invited, ""
	must(t, n.Store.AddMember(t.Context(), bea, event(n, audit.StaffInvited)))
	must(t, n.Store.KeepTicket(t.Context(), ticket(n, staff.Invite, bea.ID, "bea"), event(n, audit.StaffInvited)))
	expect(t, "somebody else's link", staff.ErrNoTicket, n.Store.RedeemTicket(t.Context(), hash("bea"), n.Now(), ada, event(n, audit.StaffJoined)))
	bea.State, bea.PasswordHash = staff.Active, "$argon2id$hers"
	must(t, n.Store.RedeemTicket(t.Context(), hash("bea"), n.Now(), bea, event(n, audit.StaffJoined)))
	back, err := n.Store.Member(t.Context(), bea.ID)
	must(t, err)
	same(t, "who came by the link", bea, back)
	expect(t, "a link for nobody", staff.ErrNotFound,
		n.Store.KeepTicket(t.Context(), ticket(n, staff.Reset, "0SF-nobody", "x"), event(n, audit.StaffInvited)))
	expectEvents(t, n, audit.StaffJoined, 2)
}

func ticketRace(t *testing.T, n Node) {
	bea := add(t, n, "bea", staff.Editor)
	must(t, n.Store.KeepTicket(t.Context(), ticket(n, staff.Reset, bea.ID, "link"), event(n, audit.StaffInvited)))
	won := race(t, 32, []error{staff.ErrNoTicket}, func(int) error {
		m := *bea
		return n.Store.RedeemTicket(t.Context(), hash("link"), n.Now(), &m, event(n, audit.StaffJoined))
	})
	if won != 1 {
		t.Errorf("%d used one link", won)
	}
	expectEvents(t, n, audit.StaffJoined, 1)
}

// bootstrapRace: two links cannot both make a first owner.
func bootstrapRace(t *testing.T, n Node) {
	must(t, n.Store.KeepTicket(t.Context(), ticket(n, staff.Bootstrap, "", "link"), event(n, audit.StaffInvited)))
	won := race(t, 16, []error{staff.ErrNoTicket, staff.ErrTaken}, func(i int) error {
		m := member(n, "owner-"+string(rune('a'+i)), staff.Owner)
		return n.Store.RedeemTicket(t.Context(), hash("link"), n.Now(), m, event(n, audit.StaffJoined))
	})
	all, err := n.Store.Members(t.Context())
	must(t, err)
	if won != 1 || len(all) != 1 {
		t.Errorf("%d first owners, %d members", won, len(all))
	}
}

func sessions(t *testing.T, n Node) {
	ada := add(t, n, "ada", staff.Owner)
	one := session(n, ada, "one")
	one.Pending = true
	must(t, n.Sessions.BeginSession(t.Context(), one, staff.Hash{}, event(n, audit.StaffSignedIn)))
	got, err := n.Sessions.Session(t.Context(), hash("one"))
	must(t, err)
	same(t, "the session", one, got)
	n.Later(t, time.Minute)
	two := session(n, ada, "two")
	must(t, n.Sessions.BeginSession(t.Context(), two, hash("one"), event(n, audit.StaffSignedIn)))
	_, err = n.Sessions.Session(t.Context(), hash("one"))
	expect(t, "a session that another took the place of", staff.ErrNoSession, err)
	later := n.Now().Add(time.Minute)
	must(t, n.Sessions.SeeSession(t.Context(), two.Hash, later, later))
	must(t, n.Sessions.SeeSession(t.Context(), two.Hash, n.Now(), time.Time{}))
	two.Seen, two.Proved = later, later
	got, err = n.Sessions.Session(t.Context(), two.Hash)
	must(t, err)
	same(t, "times do not move back", two, got)
	must(t, n.Sessions.SeeSession(t.Context(), hash("gone"), later, later))
	_, err = n.Sessions.Session(t.Context(), hash("gone"))
	expect(t, "a session that is gone", staff.ErrNoSession, err)
	n.Later(t, time.Minute)
	three := session(n, ada, "three")
	must(t, n.Sessions.BeginSession(t.Context(), three, staff.Hash{}, event(n, audit.StaffSignedIn)))
	all, err := n.Sessions.Sessions(t.Context(), ada.ID)
	must(t, err)
	same(t, "the newest first", []staff.Session{three, two}, all)
	none := session(n, &staff.Member{ID: "0SF-nobody"}, "four")
	expect(t, "a session of nobody", staff.ErrNotFound, n.Sessions.BeginSession(t.Context(), none, staff.Hash{}, event(n, audit.StaffSignedIn)))
}

func sessionsEnd(t *testing.T, n Node) {
	ada, bea := add(t, n, "ada", staff.Owner), add(t, n, "bea", staff.Editor)
	for name, m := range map[string]*staff.Member{"a1": ada, "a2": ada, "a3": ada, "b1": bea} {
		must(t, n.Sessions.BeginSession(t.Context(), session(n, m, name), staff.Hash{}, event(n, audit.StaffSignedIn)))
	}
	expect(t, "somebody else's session", staff.ErrNoSession, n.Sessions.EndSession(t.Context(), bea.ID, hash("a1"), event(n, audit.StaffSignedOut)))
	must(t, n.Sessions.EndSession(t.Context(), ada.ID, hash("a1"), event(n, audit.StaffSignedOut)))
	expect(t, "twice", staff.ErrNoSession, n.Sessions.EndSession(t.Context(), ada.ID, hash("a1"), event(n, audit.StaffSignedOut)))
	must(t, n.Sessions.EndOtherSessions(t.Context(), ada.ID, hash("a2"), event(n, audit.StaffSignedOut)))
	for name, want := range map[string]error{"a1": staff.ErrNoSession, "a2": nil, "a3": staff.ErrNoSession, "b1": nil} {
		_, err := n.Sessions.Session(t.Context(), hash(name))
		expect(t, name, want, err)
	}
	expectEvents(t, n, audit.StaffSignedOut, 2)
}

// sweep: what is over is forgotten by itself, what is not stays.
func sweep(t *testing.T, n Node) {
	ada := add(t, n, "ada", staff.Owner)
	short, long := session(n, ada, "short"), session(n, ada, "long")
	long.Until = n.Now().Add(48 * time.Hour)
	for _, s := range []staff.Session{short, long} {
		must(t, n.Sessions.BeginSession(t.Context(), s, staff.Hash{}, event(n, audit.StaffSignedIn)))
	}
	n.Later(t, 2*time.Hour)
	all, err := n.Sessions.Sessions(t.Context(), ada.ID)
	must(t, err)
	same(t, "what is left", []staff.Session{long}, all)
}
