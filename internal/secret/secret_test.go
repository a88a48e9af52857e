package secret

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 123_000_000, time.UTC)

func testKeyring(t testing.TB, texts ...string) *Keyring {
	t.Helper()
	if len(texts) == 0 {
		texts = []string{string(NewMasterKey())}
	}
	k, err := ParseKeyring([]byte(strings.Join(texts, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestIDsAreOrderedByTimeAndReadBack(t *testing.T) {
	early, late := NewID(noon), NewID(noon.Add(time.Millisecond))
	if bytes.Compare(early[:], late[:]) >= 0 {
		t.Errorf("id of %v is not before id of a millisecond later", noon)
	}
	if !early.Time().Equal(noon) {
		t.Errorf("time of id = %v, want %v", early.Time(), noon)
	}
	if first := FirstID(noon); bytes.Compare(first[:], early[:]) > 0 {
		t.Error("FirstID is not a lower bound")
	}
	back, err := ParseID(early.String())
	if err != nil || back != early {
		t.Errorf("ParseID(String()) = %v, %v", back, err)
	}
	for _, bad := range []string{"", early.String()[1:], early.String() + "A", strings.Repeat("*", 22), strings.Repeat("A", 21) + "B"} {
		if _, err := ParseID(bad); err == nil {
			t.Errorf("ParseID(%q) accepted", bad)
		}
	}
}

func TestRecordIDs(t *testing.T) {
	for id15, want := range map[string]string{ // the vectors of the Salesforce dialect, section 16
		"00D000000000001": "00D000000000001EAA",
		"005000000000001": "005000000000001AAA",
		"0DB000000000001": "0DB000000000001GAA",
	} {
		if got := RecordID18(id15); got != want {
			t.Errorf("RecordID18(%s) = %s, want %s", id15, got, want)
		}
	}
	shape := regexp.MustCompile(`^005[0-9A-Za-z]{15}$`)
	var ids []string
	for i := range 200 {
		id := NewRecordID(PrefixUser, noon.Add(time.Duration(i)*time.Millisecond))
		if !shape.MatchString(id) || !ValidRecordID(PrefixUser, id) {
			t.Fatalf("bad record id %q", id)
		}
		ids = append(ids, id)
	}
	if !slices.IsSorted(ids) {
		t.Error("record ids do not grow with time")
	}
	for _, bad := range []string{"", "005", "00500000000000", "005000000000001AAB", "00D000000000001EAA", "0050000000000-1"} {
		if ValidRecordID(PrefixUser, bad) {
			t.Errorf("ValidRecordID(%q) = true", bad)
		}
	}
}

func TestKeyringRefusesABadFile(t *testing.T) {
	for _, bad := range []string{"", "# only a comment\n", "c2hvcnQ=", "not base64!"} {
		if _, err := ParseKeyring([]byte(bad)); err == nil {
			t.Errorf("ParseKeyring(%q) accepted", bad)
		}
	}
}

func TestHashDependsOnKeyPurposeAndEveryBorder(t *testing.T) {
	k, other := testKeyring(t), testKeyring(t)
	sum := k.Hash("p", []byte("ab"), []byte("c"))
	if !k.Match(sum, "p", []byte("ab"), []byte("c")) {
		t.Fatal("Match refuses its own Hash")
	}
	if k.Match(sum, "p", []byte("a"), []byte("bc")) {
		t.Error("parts may move over their border")
	}
	if k.Match(sum, "q", []byte("ab"), []byte("c")) || other.Match(sum, "p", []byte("ab"), []byte("c")) {
		t.Error("another purpose or key matches")
	}
}

func TestRowsCannotBeMovedAndOldMastersStillOpen(t *testing.T) {
	old := string(NewMasterKey())
	before := testKeyring(t, old)
	sealed := before.SealRow("signing key", "k1", []byte("private"))
	both := testKeyring(t, string(NewMasterKey()), old)
	if plain, err := both.OpenRow("signing key", "k1", sealed); err != nil || string(plain) != "private" {
		t.Fatalf("after a change of master: %q, %v", plain, err)
	}
	if _, err := before.OpenRow("signing key", "k2", sealed); err == nil {
		t.Error("a row opens under another name")
	}
	if _, err := before.OpenRow("factor", "k1", sealed); err == nil {
		t.Error("a row opens for another purpose")
	}
	if _, err := before.OpenRow("signing key", "k1", sealed[:5]); err == nil {
		t.Error("a cut row opens")
	}
}

func TestHandleB05KindsDoNotMix(t *testing.T) {
	k := testKeyring(t)
	h := Handle{Kind: KindCode, ID: NewID(noon), Slot: SlotOf(noon), Content: []byte("bound to everything")}
	text := k.Seal(h)
	if k.Seal(h) != text {
		t.Error("equal handles seal to different texts")
	}
	if !regexp.MustCompile(`^csc1_[A-Za-z0-9_-]+$`).MatchString(text) {
		t.Errorf("code %q has characters that clients would have to encode", text)
	}
	back, err := k.Open(KindCode, text)
	if err != nil || back.ID != h.ID || back.Slot != h.Slot || string(back.Content) != string(h.Content) {
		t.Fatalf("Open(Seal) = %+v, %v", back, err)
	}
	for _, kind := range []Kind{KindRefresh, KindAccess} {
		forged := kind.Prefix() + strings.TrimPrefix(text, KindCode.Prefix())
		if _, err := k.Open(kind, forged); err == nil {
			t.Errorf("a code opens as kind %d", kind)
		}
		if _, err := k.Open(kind, text); err == nil {
			t.Errorf("a code opens as kind %d under its own prefix", kind)
		}
	}
	if _, err := testKeyring(t).Open(KindCode, text); err == nil {
		t.Error("another deployment opens the handle")
	}
}

func TestHandleB06EveryCharacterCounts(t *testing.T) {
	k := testKeyring(t)
	text := k.Seal(Handle{Kind: KindRefresh, ID: NewID(noon), Content: []byte("x")})
	for i := range len(text) {
		for _, c := range []byte{text[i] ^ 1, text[i] ^ 0x20, '='} {
			if c == text[i] {
				continue
			}
			if _, err := k.Open(KindRefresh, text[:i]+string(c)+text[i+1:]); err == nil {
				t.Fatalf("character %d may be changed to %q", i, c)
			}
		}
	}
	for _, bad := range []string{"", "csr1_", text[:len(text)-1], text + "A", text + "=", " " + text, text + "\n", text[:9] + "\n" + text[9:], text + strings.Repeat("A", 100_000)} {
		if _, err := k.Open(KindRefresh, bad); err == nil {
			t.Errorf("opens: %.40q…", bad)
		}
	}
}

func TestPackReadsBackAndRefusesRest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, s, b := rapid.Int64().Draw(t, "n"), rapid.String().Draw(t, "s"), rapid.SliceOf(rapid.Byte()).Draw(t, "b")
		content := new(Packer).Number(n).Text(s).Bytes(b).Content()
		u := Unpack(content)
		if gn, gs, gb := u.Number(), u.Text(), u.Bytes(); gn != n || gs != s || !bytes.Equal(gb, b) || u.Done() != nil {
			t.Fatalf("read back %d %q %x", gn, gs, gb)
		}
		u = Unpack(append(content, 0))
		u.Number()
		u.Text()
		u.Bytes()
		if u.Done() == nil {
			t.Fatal("a byte too many is accepted")
		}
		if cut := Unpack(content[:len(content)-1]); true {
			cut.Number()
			cut.Text()
			cut.Bytes()
			if cut.Done() == nil {
				t.Fatal("a byte too few is accepted")
			}
		}
	})
}

func FuzzOpen(f *testing.F) {
	k := testKeyring(f)
	h := Handle{Kind: KindCode, ID: NewID(noon), Content: []byte("content")}
	f.Add(k.Seal(h))
	f.Add("csc1_AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := k.Open(KindCode, text)
		if err == nil && k.Seal(got) != text {
			t.Errorf("two texts open to one handle: %q", text)
		}
	})
}

func BenchmarkSealOpen(b *testing.B) {
	k := testKeyring(b)
	h := Handle{Kind: KindCode, ID: NewID(noon), Content: make([]byte, 200)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Open(KindCode, k.Seal(h)); err != nil {
			b.Fatal(err)
		}
	}
}
