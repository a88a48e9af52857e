package reviewtest

import (
	"os"
	"strings"
	"testing"
)

// Item is one part of an archive.
type Item struct{ Name, Text string }

// Archive reads a file in which "-- name --" begins a part and the lines after
// it are its text; what stands before the first part is a comment.
func Archive(t *testing.T, file string) []Item {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var items []Item
	for line := range strings.Lines(string(data)) {
		if name, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(name, " --\n") {
			items = append(items, Item{Name: strings.TrimSuffix(name, " --\n")})
			continue
		}
		if len(items) > 0 {
			items[len(items)-1].Text += line
		}
	}
	if len(items) == 0 {
		t.Fatalf("%s: no part", file)
	}
	return items
}
