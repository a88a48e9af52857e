//go:build ignore

// Command generate makes common.bloom from two published lists; README.md in
// this folder says how to fetch them. Run it in this folder:
//
//	go run generate.go passwords.json passwords.txt.gz
package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"countersign/internal/account/blocklist"
)

const (
	// top is how many lines of the second list count for every length: they are
	// in order of frequency, what follows them is not.
	top = 100_000
	// long entries count wherever they stand: only they reach the length that a
	// password must have by default.
	long = 15
)

func main() {
	if err := generate(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("want two files: passwords.json passwords.txt.gz")
	}
	entries, err := readJSON(args[0])
	if err != nil {
		return err
	}
	more, err := readLines(args[1])
	if err != nil {
		return err
	}
	filter, err := blocklist.Build(append(entries, more...))
	if err != nil {
		return err
	}
	return os.WriteFile("common.bloom", []byte(filter), 0o644)
}

func readJSON(file string) (entries []string, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return entries, json.Unmarshal(data, &entries)
}

func readLines(file string) (entries []string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewReader(z)
	for n := 0; ; n++ {
		line, err := lines.ReadString('\n')
		line = strings.TrimRight(line, "\r\n")
		if (n < top || len(line) >= long) && usable(line) {
			entries = append(entries, line)
		}
		if err == io.EOF {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// usable leaves out empty lines and what was garbled on its way into the list.
func usable(line string) bool {
	for i := range len(line) {
		if line[i] < ' ' || line[i] > '~' {
			return false
		}
	}
	return line != ""
}
