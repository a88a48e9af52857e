package oauth

import (
	"slices"
	"strings"
	"testing"
)

func TestDeclaredListsEveryRefusalOfTheProgram(t *testing.T) {
	all := Declared()
	if !slices.ContainsFunc(all, func(e *Error) bool { return e == ErrScopeSyntax }) {
		t.Error("a refusal of this package is missing")
	}
	if !slices.IsSortedFunc(all, func(a, b *Error) int { return strings.Compare(a.Rule, b.Rule) }) {
		t.Error("not sorted by rule")
	}
}
