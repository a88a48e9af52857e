// Command testsum reads what "go test -json" prints, shows what a person wants
// to see of it (failed and skipped tests, one line per package), and writes how
// many tests passed, failed and were skipped to a file.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	counts := flag.String("counts", "", "write `passed failed skipped` to this `file`")
	flag.Parse()
	var s summary
	err := s.read(os.Stdin, os.Stdout)
	if err == nil && *counts != "" {
		err = os.WriteFile(*counts, []byte(fmt.Sprintln(s.passed, s.failed, s.skipped)), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(1)
	}
}

// event is one line of "go doc test2json".
type event struct {
	Action, Package, ImportPath, Test, Output string
}

// subject is a test of a package, or a package when test is empty.
type subject struct{ pkg, test string }

// summary counts tests, subtests included. A package that fails without a failed
// test (it does not compile, or died) counts as one failure.
type summary struct {
	passed, failed, skipped int

	output map[subject][]string // of everything that has not ended yet
	broken map[string]bool      // packages with a failed test
}

// read handles events until the input ends. Lines that are no events are shown
// as they are: the go command's own complaints look so.
func (s *summary) read(in io.Reader, out io.Writer) error {
	s.output, s.broken = map[subject][]string{}, map[string]bool{}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprint(out, line)
			} else {
				s.handle(e, out)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) handle(e event, out io.Writer) {
	who := subject{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(out, e.Output)
	case "output":
		if !noise(e.Output) {
			s.output[who] = append(s.output[who], e.Output)
		}
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.endPackage(e, out)
		} else {
			s.endTest(e, out)
		}
	}
}

func (s *summary) endTest(e event, out io.Writer) {
	who := subject{e.Package, e.Test}
	switch e.Action {
	case "pass":
		s.passed++
	case "fail":
		s.failed++
		s.broken[e.Package] = true
		s.show(who, out)
	case "skip":
		s.skipped++
		s.show(who, out)
	}
	delete(s.output, who)
}

func (s *summary) endPackage(e event, out io.Writer) {
	if e.Action == "fail" {
		if !s.broken[e.Package] {
			s.failed++
		}
		for _, who := range s.unfinished(e.Package) {
			s.show(who, out)
			delete(s.output, who)
		}
	}
	who := subject{e.Package, ""}
	if e.Action != "fail" { // of a sound package, the verdict alone
		if n := len(s.output[who]); n > 0 {
			s.output[who] = s.output[who][n-1:]
		}
	}
	s.show(who, out)
	delete(s.output, who)
}

// unfinished lists the tests that a dying package left behind.
func (s *summary) unfinished(pkg string) []subject {
	var found []subject
	for who := range s.output {
		if who.pkg == pkg && who.test != "" {
			found = append(found, who)
		}
	}
	slices.SortFunc(found, func(a, b subject) int { return strings.Compare(a.test, b.test) })
	return found
}

func (s *summary) show(who subject, out io.Writer) {
	for _, line := range s.output[who] {
		fmt.Fprint(out, line)
	}
}

// noise is what only "go test -v" says.
func noise(line string) bool {
	return strings.HasPrefix(line, "=== ") || line == "PASS\n"
}
