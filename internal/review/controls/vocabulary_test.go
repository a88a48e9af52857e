package controls_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"countersign/internal/review"
)

// reading says which kinds of value a question of review.Eval suits, and
// whether its further arguments are entries of the value.
type reading struct {
	kinds   []review.Kind
	entries bool
	another bool // the second argument is a name too
}

var readings = map[string]reading{
	"True":          {kinds: []review.Kind{review.Bool}},
	"False":         {kinds: []review.Kind{review.Bool}},
	"Is":            {kinds: []review.Kind{review.Word}, entries: true},
	"IsNot":         {kinds: []review.Kind{review.Word}, entries: true},
	"In":            {kinds: []review.Kind{review.Word}, entries: true},
	"AtMost":        {kinds: []review.Kind{review.Duration}},
	"AtLeastOf":     {kinds: []review.Kind{review.Duration}, another: true},
	"AtLeast":       {kinds: []review.Kind{review.Int}},
	"Count":         {kinds: []review.Kind{review.Int, review.List}},
	"Within":        {kinds: []review.Kind{review.Time}},
	"Before":        {kinds: []review.Kind{review.Time}},
	"Future":        {kinds: []review.Kind{review.Time}},
	"Empty":         {kinds: []review.Kind{review.List, review.Keys}},
	"NotEmpty":      {kinds: []review.Kind{review.List, review.Keys}},
	"Contains":      {kinds: []review.Kind{review.List}, entries: true},
	"SubsetOf":      {kinds: []review.Kind{review.List}, entries: true},
	"Exactly":       {kinds: []review.Kind{review.List}, entries: true},
	"SubsetOfValue": {kinds: []review.Kind{review.List}, another: true},
	"EveryItem":     {kinds: []review.Kind{review.List, review.Word}},
	"Set":           {kinds: []review.Kind{review.Bool, review.Word, review.Int, review.Duration, review.Time, review.List, review.Keys}},
	"Undecided":     {kinds: []review.Kind{review.Word}},
}

// Every name that a clause reads is in the vocabulary, of a kind that suits the
// question, and compared with words that it can have. A question of the wrong
// kind would never hold and nobody would notice.
func TestClausesReadTheVocabulary(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		constants := constantsOf(file)
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				found += checkReading(t, name, call, constants)
			}
			return true
		})
	}
	if found < 250 {
		t.Errorf("only %d readings found", found)
	}
}

// constantsOf collects the string constants of a file by name.
func constantsOf(file *ast.File) map[string]string {
	constants := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Names) == len(spec.Values) {
			for i, name := range spec.Names {
				if text, ok := textOf(spec.Values[i], nil); ok {
					constants[name.Name] = text
				}
			}
		}
		return true
	})
	return constants
}

func textOf(x ast.Expr, constants map[string]string) (string, bool) {
	switch x := x.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(x.Value)
		return text, err == nil && x.Kind == token.STRING
	case *ast.Ident:
		text, ok := constants[x.Name]
		return text, ok
	}
	return "", false
}

// checkReading checks one call, if it is a question of an Eval, and returns how
// many names it reads.
func checkReading(t *testing.T, file string, call *ast.CallExpr, constants map[string]string) int {
	t.Helper()
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !isEval(method.X) {
		return 0
	}
	r, ok := readings[method.Sel.Name]
	if !ok || len(call.Args) == 0 {
		return 0
	}
	names := call.Args[:1]
	if r.another {
		names = call.Args[:2]
	}
	for _, arg := range names {
		name, ok := textOf(arg, constants)
		if !ok {
			continue // a parameter; its caller is checked where it names the value
		}
		term, known := review.TermOf(name)
		if !known || !slices.Contains(r.kinds, term.Kind) {
			t.Errorf("%s: %s(%s): not a name of a kind that suits", file, method.Sel.Name, name)
		}
		for _, entry := range call.Args[1:] {
			word, ok := textOf(entry, constants)
			if ok && r.entries && term.Words != nil && !slices.Contains(term.Words, word) {
				t.Errorf("%s: %s(%s, %s): one of %v", file, method.Sel.Name, name, word, term.Words)
			}
		}
	}
	return len(names)
}

// isEval reports whether an expression is the Eval of a clause, which this
// package calls e, app or s.
func isEval(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && slices.Contains([]string{"e", "app", "s"}, id.Name)
}
