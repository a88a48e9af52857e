package sfdx

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// WriteOptions say how apps are written.
type WriteOptions struct {
	Format Format
	// WithConsumerKey writes the consumer keys too. They tie the files to one org.
	WithConsumerKey bool
}

// OutFile is a file to be created; its path is relative to the project.
type OutFile struct {
	Path string
	Data []byte
}

// Write turns apps into External Client App files: header, global OAuth settings
// and OAuth settings of each app, its policies if they differ from what the org
// creates by itself, and the manifest (sfdx-project.json or package.xml) with an
// API version that knows every field. A Connected App becomes an External Client
// App; see App.NotCarried for what is lost. Secrets are never written, and an app
// whose certificate holds a private key is an error.
func Write(apps []*App, options WriteOptions) ([]OutFile, error) {
	base := path.Join("force-app", "main", "default")
	if options.Format == Metadata {
		base = "."
	}
	var out []OutFile
	written := map[string]string{}
	members := map[string][]string{}
	for _, a := range apps {
		if !isFileName(a.Name) {
			return nil, fmt.Errorf("sfdx: %q cannot be the name of a file", clip(a.Name, 80))
		}
		if holdsPrivateKey(a.Certificate.V) || holdsPrivateKey(a.ClientAssertionCertificate.V) {
			return nil, fmt.Errorf("sfdx: the certificate of %s holds a private key, which is never written", a.Name)
		}
		for _, typ := range []string{typeHeader, typeGlobal, typeSettings, typePolicy, typePlugins} {
			content, err := a.content(typ, options)
			if err != nil {
				return nil, fmt.Errorf("sfdx: write %s: %w", a.Name, err)
			}
			if content == nil {
				continue
			}
			t := typeNamed(typ)
			name := fileName(&App{Name: a.Name}, typ)
			file := path.Join(base, t.folder, name+t.suffix+ending(options.Format))
			if other, twice := written[strings.ToLower(file)]; twice {
				return nil, fmt.Errorf("sfdx: %s and %s would stand in the same file", other, a.Name)
			}
			written[strings.ToLower(file)] = a.Name
			members[typ] = append(members[typ], name)
			out = append(out, OutFile{Path: file, Data: document(t, content)})
		}
	}
	slices.SortFunc(out, func(a, b OutFile) int { return strings.Compare(a.Path, b.Path) })
	return append([]OutFile{manifestFor(options.Format, members)}, out...), nil
}

// content gives the elements of one file of an app; nil if the file is not needed.
func (a *App) content(typ string, options WriteOptions) ([]*output, error) {
	t := typeNamed(typ)
	if (typ == typePolicy || typ == typePlugins) && a.plain(typ) {
		return nil, nil
	}
	var content []*output
	for _, f := range fields {
		where, p, _ := f.home()
		if where != typ || p == "consumerKey" && !options.WithConsumerKey {
			continue
		}
		for _, o := range f.render(a) {
			if err := o.check(); err != nil {
				return nil, fmt.Errorf("<%s>: %w", o.name, err)
			}
			content = nest(content, o)
		}
	}
	if t.tied {
		content = append(content, &output{name: tie, text: a.Name})
	}
	if _, ok := t.at("label"); ok && !slices.ContainsFunc(content, func(o *output) bool { return o.name == "label" }) {
		content = append(content, &output{name: "label", text: label(a, typ)})
	}
	if typ == typePlugins && !slices.ContainsFunc(content, func(o *output) bool { return o.name == "isEnabled" }) {
		content = append(content, &output{name: "isEnabled", text: "true"})
	}
	return content, nil
}

// plain says whether all settings of a file are what the org would write itself.
func (a *App) plain(typ string) bool {
	for _, f := range fields {
		if where, _, _ := f.home(); where == typ && !f.plain(a) {
			return false
		}
	}
	return true
}

func label(a *App, typ string) string {
	if typ == typeHeader {
		return a.Name
	}
	return fileName(&App{Name: a.Name}, typ)
}

// nest adds an element, inside its parent if its name is a path.
func nest(content []*output, o *output) []*output {
	parent, name, nested := strings.Cut(o.name, ".")
	if !nested {
		return append(content, o)
	}
	o.name = name
	for _, c := range content {
		if c.name == parent {
			c.children = append(c.children, o)
			return content
		}
	}
	return append(content, &output{name: parent, children: []*output{o}})
}

func (o *output) check() error {
	if !isXMLText(o.text) {
		return errors.New("the value has characters that XML cannot hold")
	}
	for _, c := range o.children {
		if err := c.check(); err != nil {
			return err
		}
	}
	return nil
}

// manifestFor writes the manifest of a format.
func manifestFor(format Format, members map[string][]string) OutFile {
	if format == Source {
		type directory struct {
			Path    string `json:"path"`
			Default bool   `json:"default"`
		}
		project := struct {
			Packages []directory `json:"packageDirectories"`
			Version  string      `json:"sourceApiVersion"`
		}{[]directory{{"force-app", true}}, fmt.Sprintf("%d.0", SchemaAPIVersion)}
		data, _ := json.MarshalIndent(project, "", "  ") // two strings and a bool
		return OutFile{projectFileName, append(data, '\n')}
	}
	var s strings.Builder
	fmt.Fprintf(&s, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Package xmlns=\"%s\">\n", namespace)
	for i := range types {
		names := members[types[i].name]
		if len(names) == 0 {
			continue
		}
		slices.Sort(names)
		s.WriteString("    <types>\n")
		for _, n := range names {
			fmt.Fprintf(&s, "        <members>%s</members>\n", escapeText(n))
		}
		fmt.Fprintf(&s, "        <name>%s</name>\n    </types>\n", types[i].name)
	}
	fmt.Fprintf(&s, "    <version>%d.0</version>\n</Package>\n", SchemaAPIVersion)
	return OutFile{packageFileName, []byte(s.String())}
}
