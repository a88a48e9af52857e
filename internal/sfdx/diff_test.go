package sfdx

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func lines(n int, change func(i int) string) string {
	var s strings.Builder
	for i := 1; i <= n; i++ {
		s.WriteString(change(i))
	}
	return s.String()
}

func plain(i int) string { return fmt.Sprintf("%d\n", i) }

func TestUnified(t *testing.T) {
	at := func(n int, text string) func(int) string {
		return func(i int) string {
			if i == n {
				return text
			}
			return plain(i)
		}
	}
	rows := []struct{ name, before, after, want string }{
		{"changed", lines(9, plain), lines(9, at(5, "x\n")), "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"},
		{"added at the end", lines(2, plain), lines(3, plain), "@@ -1,2 +1,3 @@\n 1\n 2\n+3\n"},
		{"removed at the beginning", "0\n" + lines(2, plain), lines(2, plain), "@@ -1,3 +1,2 @@\n-0\n 1\n 2\n"},
		{"two places", lines(20, plain), strings.Replace(lines(20, at(2, "")), "19\n", "", 1), "@@ -1,5 +1,4 @@\n 1\n-2\n 3\n 4\n 5\n@@ -16,5 +15,4 @@\n 16\n 17\n 18\n-19\n 20\n"},
		{"near places", lines(9, plain), strings.Replace(lines(9, at(2, "x\n")), "8\n", "y\n", 1), "@@ -1,9 +1,9 @@\n 1\n-2\n+x\n 3\n 4\n 5\n 6\n 7\n-8\n+y\n 9\n"},
		{"no line end", "a\nb", "a\nc", "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n"},
		{"CRLF", "a\r\nb\r\n", "a\r\nc\r\n", "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n"},
		{"secret beside", "<consumerSecret>S</consumerSecret>\na\nb\n", "<consumerSecret>S</consumerSecret>\na\nc\n", "@@ -2,2 +2,2 @@\n a\n-b\n+c\n"},
		{"secret removed", "<consumerSecret>S</consumerSecret>\na\n", "a\n", "@@ -1,2 +1,1 @@\n-<consumerSecret>(hidden)</consumerSecret>\n a\n"},
		{"secret in the same line", "<a>x</a><recaptchaSecretKey>S</recaptchaSecretKey>\n", "<a>y</a><recaptchaSecretKey>S</recaptchaSecretKey>\n", "@@ -1,1 +1,1 @@\n-<a>x</a><recaptchaSecretKey>(hidden)</recaptchaSecretKey>\n+<a>y</a><recaptchaSecretKey>(hidden)</recaptchaSecretKey>\n"},
		{"nothing", "a\n", "a\n", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := FileDiff{Path: "x", Before: []byte(row.before), After: []byte(row.after)}.Unified()
			want := row.want
			if want != "" {
				want = "--- a/x\n+++ b/x\n" + want
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnifiedOfANewFile(t *testing.T) {
	got := FileDiff{Path: "a b", After: []byte("x\n"), Created: true}.Unified()
	if want := "--- /dev/null\n+++ b/a b\t\n@@ -0,0 +1,1 @@\n+x\n"; got != want {
		t.Errorf("%q", got)
	}
}

func TestUnifiedOfLargeFiles(t *testing.T) {
	before, after := lines(9000, plain), lines(9000, func(i int) string { return fmt.Sprintf("%d!\n", i) })
	got := FileDiff{Path: "x", Before: []byte(before), After: []byte(after)}.Unified()
	if strings.Count(got, "\n-") != 9000 || strings.Count(got, "\n+") != 9001 {
		t.Error("lines are missing")
	}
}
