package sqlstore

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// schemas holds the migrations, one text for every engine. A file is never
// changed once it was released; a change of schema is the next number. Expand
// first, contract one release later, so that two releases share a schema. The
// first line says which older programs may go on after it: "-- oldest: 3" are
// those that know schema 3.
//
//go:embed schema
var schemas embed.FS

type migration struct {
	number int
	name   string
	oldest int // who knows this schema may use the database after the migration
	text   string
}

// dialect is what an engine says differently in a schema.
type dialect struct {
	table string            // ends every CREATE TABLE
	words map[string]string // types by their word in the files
}

var (
	// On SQLite the primary key is the table.
	sqliteDialect = dialect{table: " WITHOUT ROWID"}
	// On PostgreSQL ids are compared byte by byte, whatever language the database
	// sorts in: the order of pages must not depend on it, and it is cheaper.
	postgresDialect = dialect{words: map[string]string{"text": `text COLLATE "C"`}}
)

// migrations reads the files NNNN_name.sql, in order, in the words of an engine.
func (d dialect) migrations() ([]migration, error) {
	files, err := fs.ReadDir(schemas, "schema")
	if err != nil {
		return nil, err
	}
	var out []migration
	for _, f := range files {
		digits, name, _ := strings.Cut(strings.TrimSuffix(f.Name(), ".sql"), "_")
		number, err := strconv.Atoi(digits)
		if err != nil || number != len(out)+1 || f.IsDir() {
			return nil, fmt.Errorf("schema/%s is not the file of migration %d", f.Name(), len(out)+1)
		}
		text, err := schemas.ReadFile(path.Join("schema", f.Name()))
		if err != nil {
			return nil, err
		}
		m := migration{number: number, name: name}
		first, _, _ := strings.Cut(string(text), "\n")
		if m.oldest, err = strconv.Atoi(strings.TrimPrefix(first, "-- oldest: ")); err != nil || m.oldest > number || number > 1 && m.oldest < out[number-2].oldest {
			return nil, fmt.Errorf("schema/%s does not begin with '-- oldest: N', the oldest schema whose programs may go on", f.Name())
		}
		m.text = d.translate(string(text))
		out = append(out, m)
	}
	return out, nil
}

// translate says a migration in the words of an engine. The files keep to a form
// that makes it this simple: comments and statements on lines of their own.
func (d dialect) translate(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "--") {
			continue
		}
		if strings.HasPrefix(line, "CREATE TABLE ") && strings.HasSuffix(line, ");") {
			line = strings.TrimSuffix(line, ";") + d.table + ";"
		}
		for word, own := range d.words {
			line = strings.ReplaceAll(line, " "+word+" ", " "+own+" ")
			line = strings.ReplaceAll(line, " "+word+",", " "+own+",")
		}
		lines[i] = line
	}
	return strings.Join(lines, "\n")
}

var errForeign = errors.New("the file is a database of another program; give countersign a directory of its own")

// level is what a database says about its schema.
type level struct {
	number int // of the newest migration; 0: empty
	oldest int // who knows this schema may use the database
}

// fit says whether a program that knows this many migrations may use a database
// of this level as it is.
func (l level) fit(known int) error {
	if l.number <= known || l.oldest != 0 && l.oldest <= known {
		return nil
	}
	return fmt.Errorf("the database has schema %d and this program knows %d: run the newer countersign that wrote it, "+
		"or restore a backup made before the upgrade", l.number, known)
}

// current says whether the schema has all that this program needs.
func (l level) current(known int) error {
	if err := l.fit(known); err != nil {
		return err
	}
	if l.number < known {
		return fmt.Errorf("the database has schema %d and this program needs %d: start the server once, it migrates, "+
			"or run: countersign migrate up", l.number, known)
	}
	return nil
}
