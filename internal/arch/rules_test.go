package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	ruleName   = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
	formatVerb = regexp.MustCompile(`%[-+#0-9.*\[\]]*[a-zA-Z%]`)

	// RFC 6749 §5.2 allows these characters in error_description.
	describable = regexp.MustCompile(`^[\x20-\x21\x23-\x5B\x5D-\x7E]+$`)
)

// refusal is one oauth.Refuse call and the variable that keeps it.
type refusal struct {
	dir, variable, at       string
	rule, spec, description string
}

// refusalsAreNamed checks every call of oauth.Refuse outside tests: it is the
// value of a package variable, its rule is unique and well formed, it names a
// section, its description is constant text, and a test of its package expects
// it. An oauth.Error made in another way would have no such name.
func refusalsAreNamed(t tree) []string {
	refusals, found := t.refusals()
	first := map[string]string{}
	for _, r := range refusals {
		say := func(format string, args ...any) {
			found = append(found, r.at+": "+fmt.Sprintf(format, args...))
		}
		if !ruleName.MatchString(r.rule) {
			say("rule %q does not look like area.what-is-wrong", r.rule)
		}
		if other, taken := first[r.rule]; taken {
			say("rule %q is already declared at %s", r.rule, other)
		} else {
			first[r.rule] = r.at
		}
		if strings.TrimSpace(r.spec) == "" {
			say("rule %q names no section", r.rule)
		}
		switch {
		case formatVerb.MatchString(r.description):
			say("rule %q has a format verb in its description; descriptions are constant", r.rule)
		case !describable.MatchString(r.description):
			say("rule %q has a description that RFC 6749 §5.2 does not allow on the wire", r.rule)
		}
		if !t.expected(r) {
			say("no test of %s expects rule %q", r.dir, r.rule)
		}
	}
	return found
}

// refusals collects the calls, and complains of those that it cannot read.
func (t tree) refusals() (refusals []refusal, found []string) {
	for _, f := range t.files {
		if f.test {
			continue
		}
		name := oauthName(t, f)
		if name == "" {
			continue
		}
		declared := map[ast.Node]string{} // call → variable
		for _, decl := range f.ast.Decls {
			collect(decl, declared)
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if !means(n.Fun, name, "Refuse") {
					return true
				}
				r, sentence := read(n, declared[n])
				if sentence != "" {
					found = append(found, t.at(n)+": "+sentence)
					return false
				}
				r.dir, r.at = f.dir(), t.at(n)
				refusals = append(refusals, r)
				return false
			case *ast.CompositeLit:
				if name != "." && means(n.Type, name, "Error") {
					found = append(found, t.at(n)+": an oauth.Error made by hand has no unique name; use oauth.Refuse")
				}
			case *ast.SelectorExpr:
				if name != "." && means(n, name, "Refuse") {
					found = append(found, t.at(n)+": oauth.Refuse is called in a package variable, never passed on")
				}
			}
			return true
		})
	}
	return refusals, found
}

// oauthName is the name by which a file knows package oauth: "." in the package
// itself, "" if the file does not import it.
func oauthName(t tree, f goFile) string {
	if f.dir() == "internal/oauth" {
		return "."
	}
	name := ""
	t.imports(f, func(imported string, spec *ast.ImportSpec) {
		if imported != module+"/internal/oauth" {
			return
		}
		name = path.Base(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
	})
	return name
}

// means reports whether an expression is pkg.name, or name alone when pkg is ".".
func means(expr ast.Expr, pkg, name string) bool {
	switch e := expr.(type) {
	case *ast.Ident:
		return pkg == "." && e.Name == name
	case *ast.SelectorExpr:
		x, ok := e.X.(*ast.Ident)
		return ok && x.Name == pkg && e.Sel.Name == name
	}
	return false
}

// collect notes which calls are the value of which package variable.
func collect(decl ast.Decl, into map[ast.Node]string) {
	gen, ok := decl.(*ast.GenDecl)
	if !ok || gen.Tok != token.VAR {
		return
	}
	for _, spec := range gen.Specs {
		value := spec.(*ast.ValueSpec)
		for i, expr := range value.Values {
			if call, ok := expr.(*ast.CallExpr); ok && i < len(value.Names) {
				into[call] = value.Names[i].Name
			}
		}
	}
}

// read takes a call apart, or says why it cannot.
func read(call *ast.CallExpr, variable string) (refusal, string) {
	if variable == "" || variable == "_" {
		return refusal{}, "oauth.Refuse belongs in a package variable of its own"
	}
	if len(call.Args) != 4 {
		return refusal{}, variable + ": oauth.Refuse takes a code, a rule, a section and a description"
	}
	r := refusal{variable: variable}
	for i, into := range []*string{&r.rule, &r.spec, &r.description} {
		text, ok := literal(call.Args[i+1])
		if !ok {
			return refusal{}, variable + ": rule, section and description are written out as string literals"
		}
		*into = text
	}
	return r, ""
}

// literal is the text of a string literal or of literals joined with +.
func literal(expr ast.Expr) (string, bool) {
	switch e := expr.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		left, ok := literal(e.X)
		right, also := literal(e.Y)
		return left + right, ok && also && e.Op == token.ADD
	}
	return "", false
}

// expected reports whether a test file of the package, or a file of its testdata,
// mentions the refusal's variable or rule.
func (t tree) expected(r refusal) bool {
	for _, f := range t.files {
		if !f.test || f.dir() != r.dir {
			continue
		}
		mentioned := false
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				mentioned = mentioned || n.Name == r.variable
			case *ast.BasicLit:
				mentioned = mentioned || says(n.Value, r.rule)
			}
			return !mentioned
		})
		if mentioned {
			return true
		}
	}
	for name, text := range t.texts {
		if strings.HasPrefix(name, r.dir+"/testdata/") && says(string(text), r.rule) {
			return true
		}
	}
	return false
}

// says reports whether a text has the rule as a whole word, so that code.used
// is not found in code.used-up.
func says(text, rule string) bool {
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool {
		return r != '.' && r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), rule)
}
