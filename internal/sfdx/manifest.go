package sfdx

import (
	"bytes"
	"encoding/json"
	"errors"
	"path"
	"strconv"
	"strings"
)

const (
	projectFileName = "sfdx-project.json"
	packageFileName = "package.xml"
)

// Manifest is the file that names the API version of the metadata beside or below
// it: sfdx-project.json in source format, package.xml in metadata format.
type Manifest struct {
	Path       string
	Dir        string
	Name       string // name of the project, if it has one
	APIVersion int    // 0 if the file names none
	Line       int    // of the API version
	Packages   []string
	Broken     *Unreadable
}

func newManifest(p string, data []byte, broken *Unreadable) *Manifest {
	m := &Manifest{Path: p, Dir: path.Dir(p), Line: 1, Broken: broken}
	switch {
	case broken != nil:
	case len(data) > MaxFileBytes:
		m.Broken = unreadable(0, "the file is too large", "Restore its content.")
	case path.Base(p) == projectFileName:
		m.readProject(data)
	default:
		m.readPackage(data)
	}
	return m
}

func (m *Manifest) readProject(data []byte) {
	var project struct {
		Name             string `json:"name"`
		SourceAPIVersion string `json:"sourceApiVersion"`
		Packages         []struct {
			Path    string `json:"path"`
			Default bool   `json:"default"`
		} `json:"packageDirectories"`
	}
	data = bytes.TrimPrefix(data, byteOrderMark)
	if err := json.Unmarshal(data, &project); err != nil {
		m.Broken = unreadable(jsonLine(data, err), "not the JSON of an sfdx-project.json", "Repair the line; sourceApiVersion is a string such as \"66.0\".")
		return
	}
	m.Name = project.Name
	m.setVersion(project.SourceAPIVersion, lineOf(data, []byte(`"sourceApiVersion"`)))
	for _, pkg := range project.Packages {
		dir := path.Join(m.Dir, pkg.Path)
		if pkg.Default {
			m.Packages = append([]string{dir}, m.Packages...)
		} else {
			m.Packages = append(m.Packages, dir)
		}
	}
}

func (m *Manifest) readPackage(data []byte) {
	root, _, broken := parse(data)
	if broken != nil {
		m.Broken = broken
		return
	}
	if v := root.first("version"); v != nil {
		m.setVersion(v.value(), v.Line)
	}
}

func (m *Manifest) setVersion(s string, line int) {
	whole, _, _ := strings.Cut(s, ".")
	if v, err := strconv.Atoi(whole); err == nil && v > 0 {
		m.APIVersion, m.Line = v, line
	}
}

// jsonLine returns the line a JSON error is about.
func jsonLine(data []byte, err error) int {
	offset := int64(-1)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = syntax.Offset
	}
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = mismatch.Offset
	}
	if offset < 0 || offset > int64(len(data)) {
		return 0
	}
	return 1 + bytes.Count(data[:offset], []byte("\n"))
}
