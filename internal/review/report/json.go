package report

import (
	_ "embed"
	"encoding/json"
	"io"

	"countersign/internal/review"
)

//go:embed findings.schema.json
var schema []byte

// Schema is the published JSON schema of the JSON form. Fields are added over
// time and never renamed.
func Schema() []byte { return schema }

// JSON writes the whole run, indented. It is what is kept and compared.
func JSON(w io.Writer, run *review.Run) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(run)
}

// ReadJSON reads a run that was written as JSON: a baseline, or one side of a
// comparison. It can be compared but not judged again.
func ReadJSON(r io.Reader) (*review.Run, error) {
	run := &review.Run{}
	if err := json.NewDecoder(r).Decode(run); err != nil {
		return nil, err
	}
	return run, nil
}
