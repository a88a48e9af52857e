package seal

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/evidence"
	"countersign/internal/jose"
)

var moment = time.Date(2026, 11, 23, 20, 4, 11, 0, time.UTC)

func reviewKey(t *testing.T) (*jose.Signer, jose.Keys) {
	t.Helper()
	private, err := jose.Generate(jose.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	s, err := jose.NewSigner(jose.EdDSA, "review-1", private)
	if err != nil {
		t.Fatal(err)
	}
	return s, jose.Keys{"review-1": {Alg: jose.EdDSA, Public: private.Public()}}
}

func message(does, line string, status int) evidence.Exchange {
	return evidence.Exchange{
		Who: "the thief", What: does, At: 3, Took: 1,
		Request: evidence.Message{Line: line, Headers: []evidence.Header{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}, Body: "code=‹code·12345678›&a=<b>"},
		Response: evidence.Message{
			Line: "400 Bad Request", Status: status, Headers: []evidence.Header{{Name: "Cache-Control", Value: "no-store"}},
			Body: `{"error":"invalid_grant","error_uri":"http://127.0.0.1:1/oauth2/errors/code.other-app"}`,
		},
	}
}

func example() []evidence.Transcript {
	return []evidence.Transcript{{
		Schema: evidence.Schema, Probe: "probe.stolen-code", Title: "A stolen code", Subject: "shop", Issuer: "http://127.0.0.1:1", Started: moment, Result: "held",
		Cases: []evidence.Case{
			{Number: 0, Title: "The honest flow", Result: "held", Exchanges: []evidence.Exchange{message("signs in", "POST /oauth2/challenge", 200), message("redeems", "POST /oauth2/token?x=1", 200)}},
			{Number: 3, Title: "Another app", Door: "standard", Result: "held", Exchanges: []evidence.Exchange{message("redeems the code", "POST /oauth2/token", 400)}},
		},
	}, {Schema: evidence.Schema, Probe: "probe.metadata-walk", Title: "Metadata", Issuer: "http://127.0.0.1:1", Started: moment, Result: "inconclusive", Why: "no answer"}}
}

func written(t *testing.T, s *jose.Signer) []string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, example(), s, moment); err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimSuffix(b.String(), "\n"), "\n")
}

func TestAFileReadsBackAndVerifies(t *testing.T) {
	s, keys := reviewKey(t)
	f, err := Read(strings.NewReader(strings.Join(written(t, s), "")), keys)
	if err != nil {
		t.Fatal(err)
	}
	if !f.Sound() || !f.SignedAt.Equal(moment) {
		t.Errorf("not sound: signed %v at %v, %q", f.Signed, f.SignedAt, f.Faults)
	}
	if diff := cmp.Diff(example(), f.Transcripts); diff != "" {
		t.Errorf("another transcript (-want +got):\n%s", diff)
	}
}

// TestTamperingIsNamed changes a signed file in one way for each row and expects
// the sentences that name it.
func TestTamperingIsNamed(t *testing.T) {
	s, keys := reviewKey(t)
	const redeems = "probe.stolen-code of shop, case 0, message 2: POST /oauth2/token"
	const signs = "probe.stolen-code of shop, case 0, message 1: POST /oauth2/challenge"
	for _, row := range []struct {
		name   string
		change func([]string) []string
		want   []string
	}{
		{"change one message", func(l []string) []string {
			l[3] = strings.Replace(l[3], `"status":200`, `"status":400`, 1)
			return l
		}, []string{"changed: " + redeems + " (line 4)"}},
		{"change a space", func(l []string) []string { l[3] = strings.Replace(l[3], ":", ": ", 1); return l }, []string{"changed: " + redeems + " (line 4)"}},
		{"change a verdict", func(l []string) []string {
			l[0] = strings.Replace(l[0], `"result":"held"`, `"result":"broken"`, 1)
			return l
		}, []string{"changed: probe.stolen-code of shop (line 1)"}},
		{"drop one message", func(l []string) []string { return append(l[:3:3], l[4:]...) }, []string{"missing: " + redeems}},
		{"drop the last message", func(l []string) []string { return append(l[:5:5], l[6:]...) }, []string{"missing: probe.stolen-code of shop, case 3 (standard), message 1: POST /oauth2/token"}},
		{"add a copy", func(l []string) []string { return append(append(l[:4:4], l[3]), l[4:]...) }, []string{"added: line 5"}},
		{"reorder two", func(l []string) []string { l[2], l[3] = l[3], l[2]; return l }, []string{
			"moved: " + signs + " (line 3 stands in its place)", "moved: " + redeems + " (line 4 stands in its place)",
		}},
		{"drop the seal", func(l []string) []string { return l[:len(l)-1] }, []string{"the last line, which seals the file, is missing"}},
		{"drop the signature", func(l []string) []string {
			seal := l[len(l)-1]
			l[len(l)-1] = seal[:strings.Index(seal, `,"signature"`)] + "}}\n"
			return l
		}, []string{"the file is not signed: nobody vouches for it"}},
		{"mend the list after a change", func(l []string) []string {
			before := digest([]byte(strings.TrimSuffix(l[3], "\n")))
			l[3] = strings.Replace(l[3], `"status":200`, `"status":400`, 1)
			l[len(l)-1] = strings.Replace(l[len(l)-1], before, digest([]byte(strings.TrimSuffix(l[3], "\n"))), 1)
			return l
		}, []string{"the list of lines in the seal was changed after it was signed"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			f, err := Read(strings.NewReader(strings.Join(row.change(written(t, s)), "")), keys)
			if err != nil {
				t.Fatal(err)
			}
			if f.Sound() {
				t.Error("taken for sound")
			}
			if diff := cmp.Diff(row.want, f.Faults); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEveryByteCounts flips each byte of a signed file in turn.
func TestEveryByteCounts(t *testing.T) {
	s, keys := reviewKey(t)
	whole := strings.Join(written(t, s), "")
	for i := range len(whole) - 1 { // not the last line end, which is no part of a line
		spoilt := []byte(whole)
		spoilt[i] ^= 1
		if f, err := Read(bytes.NewReader(spoilt), keys); err == nil && f.Sound() {
			t.Fatalf("byte %d (%q) can be changed unseen", i, whole[max(0, i-20):i+1])
		}
	}
}

func TestAnotherKeyIsNotTrusted(t *testing.T) {
	s, _ := reviewKey(t)
	_, others := reviewKey(t)
	f, err := Read(strings.NewReader(strings.Join(written(t, s), "")), others)
	if err != nil || f.Sound() || len(f.Faults) != 1 || !strings.Contains(f.Faults[0], "not by a review key") {
		t.Errorf("got %v, %v", f, err)
	}
}

func TestWhatIsNoTranscript(t *testing.T) {
	for _, text := range []string{"", "{}\n", "hello\n", `{"transcript":{"schema":"other"}}` + "\n", `{"case":{"number":1}}` + "\n", `{"seal":{}}` + "\n"} {
		if _, err := Read(strings.NewReader(text), nil); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, example(), nil, moment); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		if file, err := Read(bytes.NewReader(data), nil); err == nil && file.Sound() {
			t.Error("a file without a signature is sound")
		}
	})
}
