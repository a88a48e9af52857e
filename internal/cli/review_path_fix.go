package cli

import (
	"fmt"
	"strings"

	"countersign/internal/admin"
	"countersign/internal/review"
	"countersign/internal/review/report"
	"countersign/internal/sfdx"
)

// pathFix is a fix of Salesforce metadata as JSON.
type pathFix struct {
	Files   []fileFix         `json:"files"`
	Tasks   []taskView        `json:"tasks"`
	Moved   review.Difference `json:"verdicts"`
	Written bool              `json:"written"`
}

type fileFix struct {
	File    string `json:"file"`
	Created bool   `json:"created"`
	Diff    string `json:"diff"`
}

type taskView struct {
	App     string `json:"app,omitempty"`
	Setting string `json:"setting,omitempty"`
	Reason  string `json:"task"`
}

// fixPaths prints the patch of Salesforce metadata that mends the findings, what
// is left for a person, and the verdicts before and after; with write it puts the
// files in place.
func fixPaths(s *session, paths []string, what admin.Reviewing, write bool) error {
	done := s.progress("working out the fixes")
	m, err := admin.ReadMetadata(paths)
	if err != nil {
		done()
		return err
	}
	fix, err := m.Fix(what, s.now())
	done()
	if err != nil {
		return err
	}
	if write {
		if err := m.Write(fix.Diffs); err != nil {
			return err
		}
	}
	if s.Output == "json" {
		return s.json(viewPathFix(m, fix, write))
	}
	return s.printPathFix(fix, write)
}

func viewPathFix(m admin.Metadata, fix admin.MetadataFix, written bool) pathFix {
	v := pathFix{Files: []fileFix{}, Tasks: []taskView{}, Moved: fix.Moved(), Written: written && len(fix.Diffs) > 0}
	for _, d := range fix.Diffs {
		v.Files = append(v.Files, fileFix{m.Path(d.Path), d.Created, d.Unified()})
	}
	for _, t := range fix.Tasks {
		v.Tasks = append(v.Tasks, taskView(t))
	}
	return v
}

func (s *session) printPathFix(fix admin.MetadataFix, written bool) error {
	for _, d := range fix.Diffs {
		fmt.Fprint(s.out, d.Unified())
	}
	if len(fix.Tasks) > 0 {
		fmt.Fprintf(s.out, "\nLeft for people:\n")
		for _, t := range fix.Tasks {
			fmt.Fprintf(s.out, "  %s\n", taskLine(t))
		}
	}
	fmt.Fprintf(s.out, "\nVerdicts before and after:\n")
	if err := report.Difference(s.out, fix.Moved()); err != nil {
		return err
	}
	switch n := len(fix.Diffs); {
	case n == 0:
		fmt.Fprintln(s.out, "\nNo file to change.")
	case written:
		fmt.Fprintf(s.out, "\nWritten: %s.\n", files(n))
	default:
		fmt.Fprintf(s.out, "\nNothing was written; --apply changes %s.\n", files(n))
	}
	return nil
}

func taskLine(t sfdx.Task) string {
	head := t.App
	if head == "" {
		head = "server"
	}
	if t.Setting != "" && !strings.HasPrefix(t.Reason, t.Setting) {
		head += " " + t.Setting
	}
	return head + ": " + t.Reason
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}
