package api

import (
	"net/http"
	"slices"

	"countersign/internal/web"
)

// Translate is how an error of the core is answered.
func Translate(err error) error {
	r, _ := http.NewRequest(http.MethodGet, Base, http.NoBody)
	return translate(&web.Request{HTTP: r}, err)
}

// Operation is a row of the table as the tests see it.
type Operation struct {
	ID, Method, Path string
	Rights, Query    []string
}

// Operations lists what is served, in order.
func Operations() []Operation {
	out := make([]Operation, len(operations))
	for i, o := range operations {
		out[i] = Operation{o.id, o.method, o.path, texts(o.rights), slices.Clone(o.query)}
	}
	return out
}
