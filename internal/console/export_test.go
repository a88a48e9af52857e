package console

import (
	"net/http"

	"countersign/internal/staff"
)

// Row is a row of the table, for the tests that go through all of it.
type Row struct {
	Method, Path string
	Need         staff.Permission
	Proof        bool
}

// Table lists every page and action.
func Table() []Row {
	var out []Row
	for _, r := range (&Console{origin: http.NewCrossOriginProtection()}).table() {
		out = append(out, Row{r.method, r.path, r.need, r.proof == recent})
	}
	return out
}
