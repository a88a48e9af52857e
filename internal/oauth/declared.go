package oauth

import (
	"cmp"
	"slices"
	"sync"
)

// declared are the refusals of the packages in this program, for those who
// explain them.
var declared struct {
	sync.Mutex
	all []*Error
}

func declare(e *Error) *Error {
	declared.Lock()
	defer declared.Unlock()
	declared.all = append(declared.all, e)
	return e
}

// Declared returns every refusal that this program can give, by rule. The values
// are the declared ones: do not change them.
func Declared() []*Error {
	declared.Lock()
	defer declared.Unlock()
	return slices.SortedFunc(slices.Values(declared.all), func(a, b *Error) int { return cmp.Compare(a.Rule, b.Rule) })
}
