package config

import (
	"fmt"
	"strings"
)

// Reference writes the table of every key, for docs/reference/configuration.md.
func Reference() string {
	c := Default()
	var b strings.Builder
	b.WriteString(`# Configuration

Later ones win: the defaults below, the file of ` + "`--config`" + `, the environment, the flags.
Unknown and repeated keys, values of another kind and values out of bounds are refused, all at once, each with its line.
` + "`countersign config check FILE`" + ` says what is wrong; ` + "`countersign config print`" + ` shows what holds and where it comes from.

The environment variable of a key is ` + "`COUNTERSIGN_`" + ` and its path in capitals, with an underscore for the dot:
` + "`COUNTERSIGN_LOGIN_PERSON_FREE`" + `. ` + "`serve`" + ` takes the common keys as flags and every key as ` + "`--set KEY=VALUE`" + `.
A key of the kind *secret* may be given as ` + "`<key>_file`" + ` instead, in the file and in the environment.
A list is a YAML list in the file, and separated by commas elsewhere. A duration is written 90s, 15m, 12h or 30d.
In the file, the part of a key before a dot is a section: ` + "`login.person.free`" + ` is ` + "`free`" + ` under ` + "`person`" + ` under ` + "`login`" + `.

A running server reads all of it again on SIGHUP, and by itself within ten seconds of a change of the file. Keys with *yes*
under "Live" are taken up at once; the log names them, and those that wait for a restart. A configuration with a fault in it
changes nothing: the log says what is wrong, and the old one goes on. Certificates are read again when their files change.

| Key | Kind | Live | Default | What it says |
|---|---|---|---|---|
`)
	for _, l := range Leaves(&c) {
		def := l.Text()
		if def != "" {
			def = "`" + def + "`"
		}
		live := ""
		if l.Live {
			live = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", l.Path, strings.ReplaceAll(l.Shape, "|", " or "), live, def, l.Doc)
	}
	return b.String()
}

// Row is one key as config print shows it.
type Row struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// Rows lists every key with its value and where it came from; secrets are
// masked.
func (l *Loaded) Rows() []Row {
	var out []Row
	for _, x := range Leaves(&l.Config) {
		source := l.Sources[x.Path]
		if source == "" {
			source = "default"
		}
		out = append(out, Row{x.Path, x.Text(), source})
	}
	return out
}
