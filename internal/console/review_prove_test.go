package console_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/internal/admin"
	"countersign/internal/console/consoletest"
	"countersign/internal/evidence"
	"countersign/internal/staff"
)

// acting is a prover that tells of one case and waits until it may end; what it
// returns is decided by the test.
func acting(goOn <-chan struct{}, result evidence.Result, fault error) admin.Prover {
	return func(ctx context.Context, what admin.Proving) ([]*evidence.Transcript, error) {
		c := evidence.Case{
			Number: 1, Title: "No credentials", Changed: "the app's credentials are left out", Expect: "401 invalid_client", Door: "standard", Result: result,
			AnsweredBy: []string{"flow.credentials"}, Exchanges: []evidence.Exchange{{
				Who: "a thief", What: "presents the code", Took: time.Millisecond,
				Request: evidence.Message{Line: "POST /oauth2/token", Body: "code=<script>alert(1)</script>"}, Response: evidence.Message{Line: "401 Unauthorized", Status: 401},
			}},
		}
		what.Step(admin.ProofStep{Total: 1, Probe: "probe.stolen-code", Title: "A stolen code", Case: &c})
		select {
		case <-goOn:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if fault != nil {
			return nil, fault
		}
		control := evidence.Case{Number: 0, Title: "The honest app", Result: evidence.Held}
		return []*evidence.Transcript{{
			Schema: evidence.Schema, Probe: "probe.stolen-code", Title: "A stolen code", Subject: string(what.Apps[0].ID), Result: result,
			Story: evidence.Story{Attacker: "somebody on the network"}, Cases: []evidence.Case{control, c},
		}}, nil
	}
}

// until asks for a page again until it is no longer under way.
func until(b *consoletest.Browser, path string) consoletest.Page {
	for range 2000 {
		p := b.Get(path)
		if !strings.Contains(p.Body, `http-equiv="refresh"`) {
			return p
		}
		time.Sleep(time.Millisecond)
	}
	return b.Get(path)
}

// TestProveFromTheFinding: the steps show while the attack is under way, then the
// verdict with its transcript; a finding that is broken says so.
func TestProveFromTheFinding(t *testing.T) {
	h := consoletest.New(t)
	app := string(risky(t, h, "Shop login"))
	goOn := make(chan struct{}, 1)
	h.Desk.Prover = acting(goOn, evidence.Broken, nil)
	b := h.SignedIn(staff.Reviewer)
	if p := b.Get(seed + "?app=" + app); !strings.Contains(p.Body, `action="`+seed+`/prove"`) {
		t.Fatalf("nothing to prove with: %s", p.Show())
	}
	if p := h.SignedIn(staff.Auditor).Get(seed + "?app=" + app); strings.Contains(p.Body, "/prove") {
		t.Error("an auditor is offered to attack")
	}
	p := b.Post(seed+"/prove", "app", app)
	if p.Status != http.StatusSeeOther {
		t.Fatalf("proving: %d %s", p.Status, p.Show())
	}
	at := p.Location
	if p = b.Get(at); !strings.Contains(p.Body, `<noscript><meta http-equiv="refresh" content="1"></noscript>`) || !strings.Contains(p.Show(), "under way") {
		t.Errorf("while it runs: %v %s", p.Header, p.Show())
	}
	goOn <- struct{}{}
	p = until(b, at)
	for _, want := range []string{"1. No credentials", "broken", "somebody on the network", "POST /oauth2/token", "401 Unauthorized"} {
		if !strings.Contains(p.Show(), want) {
			t.Errorf("%q is not on the page: %s", want, p.Show())
		}
	}
	if strings.Contains(p.Body, "<script>") {
		t.Error("a message became markup")
	}
	if p = b.Get(seed + "/proof?id=another"); p.Status != http.StatusNotFound {
		t.Errorf("an unknown proof: %d", p.Status)
	}
}

// TestProofsAreBounded: a third proof waits its turn, and one that cannot be made
// says so without details.
func TestProofsAreBounded(t *testing.T) {
	h := consoletest.New(t)
	app := string(risky(t, h, "Shop login"))
	goOn := make(chan struct{}, 2)
	h.Desk.Prover = acting(goOn, evidence.Held, errors.New("secret detail"))
	b := h.SignedIn(staff.Owner)
	first := b.Post(seed+"/prove", "app", app)
	b.Post(seed+"/prove", "app", app)
	if p := b.Follow(seed+"/prove", "app", app); !strings.Contains(p.Show(), "Other proofs are being made") {
		t.Errorf("a third one: %s", p.Show())
	}
	goOn <- struct{}{}
	goOn <- struct{}{}
	p := until(b, first.Location)
	if !strings.Contains(p.Show(), "The proof could not be made") || strings.Contains(p.Body, "secret detail") {
		t.Errorf("a fault: %s", p.Show())
	}
	if p := b.Post(seed+"/prove", "app", "no-such-app"); p.Status != http.StatusNotFound {
		t.Errorf("an unknown app: %d", p.Status)
	}
}
