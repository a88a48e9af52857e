package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"countersign/internal/evidence"
)

// theft is a transcript with everything a page has to cope with.
func theft() evidence.Transcript {
	form := []evidence.Header{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}
	refusal := evidence.Message{Line: "400 Bad Request", Status: 400, Body: `{"error":"invalid_grant","error_description":"<script>alert(1)</script>"}`}
	granted := evidence.Message{Line: "200 OK", Status: 200, Body: `{"access_token":"‹access token·aabbccdd›","scope":"openid"}`}
	race := evidence.Case{Number: 6, Title: "Twenty at once", Changed: "20 copies", Expect: "one 200 at most", Door: "standard", Result: "held", AnsweredBy: []string{"code.spent"}}
	for i := range 20 {
		e := evidence.Exchange{Who: "a thief", What: "one of 20", Request: evidence.Message{Line: "POST /token", Headers: form, Body: "code=‹code·12345678›&grant_type=x"}, Response: refusal}
		if i == 7 {
			e.Response = granted
		}
		race.Exchanges = append(race.Exchanges, e)
	}
	return evidence.Transcript{
		Schema: evidence.Schema, Probe: "probe.stolen-code", Title: "A stolen code", Subject: "shop", Name: "The shop", Issuer: "http://127.0.0.1:1",
		Story:   evidence.Story{Attacker: "Somebody who reads <logs>.", Holds: "A code.", Wants: "Tokens.", Defence: "The verifier."},
		Started: time.Date(2026, 11, 23, 20, 4, 11, 0, time.UTC), Took: 1500 * time.Millisecond, Requests: 24, Result: evidence.Broken, Why: "the answer carries a token",
		Cases: []evidence.Case{
			{Number: 0, Title: "The honest way", Door: "standard", Result: "held", Exchanges: []evidence.Exchange{{
				Who: "the app", What: "redeems", Request: evidence.Message{Line: "POST /token", Headers: []evidence.Header{{Name: "Authorization", Value: "Basic base64(shop:‹secret·99887766›)"}}}, Response: granted,
			}}},
			{Number: 1, Title: "A stranger", Changed: "no credentials", Expect: "401", Door: "standard", Result: "broken", Why: "the answer carries a token", Exchanges: []evidence.Exchange{
				{Who: "the app", What: "asks for a code", Request: evidence.Message{Line: "GET /auth?state=a%20b"}, Response: evidence.Message{Line: "303 See Other", Status: 303, Headers: []evidence.Header{{Name: "Location", Value: "http://127.0.0.1/cb?code=‹code·12345678›"}}}},
				{Who: "a thief", What: "redeems it", From: "127.0.2.5", Request: evidence.Message{Line: "POST /token", Headers: form, Body: "code=‹code·12345678›"}, Response: granted},
				{Who: "a thief", What: "tries again", Request: evidence.Message{Line: "POST /token"}, Fault: "connection refused"},
			}},
			race,
			{Number: 7, Title: "In the URL", Changed: "x", Expect: "400", Door: "salesforce", Result: "not_applicable", Why: "there is no such endpoint"},
		},
	}
}

// TestAProofCanBeReadByAnybody looks for what a reader needs: who, with what, what
// was sent, what came back and what it means.
func TestAProofCanBeReadByAnybody(t *testing.T) {
	var b bytes.Buffer
	if err := ProofsHTML(&b, "http://127.0.0.1:1", []evidence.Transcript{theft()}); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		"✕ 1 broken", "An attack worked: the answer carries a token. 1 of 2 attacks were refused.",
		"Somebody who reads &lt;logs&gt;.", "<b>A thief</b> redeems it", "from 127.0.2.5", "Granted: here is a token.", "Granted: here is a code.",
		"19 × 400 Bad Request", "(20 times)", "Refused: this code or token is not good, or not good for this app.", "&lt;script&gt;alert(1)",
		`code <b>1234</b>`, `access token <b>aabb</b>`, `<th scope="row">state</th><td>a b</td>`, "no answer", "connection refused",
		"Basic base64(shop:<span", "there is no such endpoint", "24 requests in 1.5 s, 2026-11-23 20:04:11 UTC", "· standard</span>", "The words used here",
		`<details open><summary><span class="mark">✕</span><span class="name"><b>1</b> A stranger`, `<li class="turn attack">`, `<li class="turn honest">`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, bad := range []string{"<script", "ZgotmplZ", "<no value>", "‹", "http-equiv=\"refresh\"", "src="} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
}

// TestOutcomesInWords tells the four results apart.
func TestOutcomesInWords(t *testing.T) {
	for _, row := range []struct {
		result evidence.Result
		why    string
		want   string
	}{
		{evidence.Held, "", "The honest way works, and every attack was refused: 1 of 2."},
		{evidence.NotApplicable, "the flow is off", "There is nothing to attack here: the flow is off."},
		{evidence.Inconclusive, "no login", "Nothing can be said: no login."},
		{evidence.Inconclusive, "", "Nothing can be said: the honest way did not work."},
	} {
		tr := theft()
		tr.Result, tr.Why = row.result, row.why
		if got := outcome(&tr); got != row.want {
			t.Errorf("%s: %q, want %q", row.result, got, row.want)
		}
	}
}

// TestAnswersInWords says what a status and an error code mean.
func TestAnswersInWords(t *testing.T) {
	for _, row := range []struct {
		status         int
		body, location string
		want           string
	}{
		{401, `{"error":"invalid_client"}`, "", "Refused: the app did not prove who it is."},
		{400, `{"error":"odd_code"}`, "", "Refused: odd_code."},
		{303, "", "http://x/cb?error=access_denied", "Refused: the person is not admitted, or the credentials are wrong."},
		{200, `{"active":true}`, "", "The token is alive."},
		{200, `{"active":false}`, "", "The token is dead."},
		{429, "", "", "Refused: too many tries, wait."},
		{401, "", "", "Refused."},
		{404, "", "", "Refused: the request is not accepted."},
		{502, "", "", "The server failed."},
		{302, "", "/login", "Sent on to another address."},
		{200, "<html>", "", "Answered."},
	} {
		e := evidence.Exchange{Response: evidence.Message{Status: row.status, Body: row.body}}
		if row.location != "" {
			e.Response.Headers = []evidence.Header{{Name: "Location", Value: row.location}}
		}
		if got := answerOf(e).Says; got != row.want {
			t.Errorf("%d %s %s: %q, want %q", row.status, row.body, row.location, got, row.want)
		}
	}
}
