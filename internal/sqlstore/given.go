package sqlstore

import (
	"bytes"
	"slices"

	"countersign/internal/secret"
)

// given are the ids of endings that were given out, in order.
type given []secret.ID

func (g given) find(id secret.ID) (int, bool) {
	return slices.BinarySearchFunc(g, id, func(a, b secret.ID) int { return bytes.Compare(a[:], b[:]) })
}

func (g given) has(id secret.ID) bool {
	_, found := g.find(id)
	return found
}

// between counts the ids beyond one, up to and with another.
func (g given) between(from, to secret.ID) int {
	count := func(id secret.ID) int { // up to and with id
		i, found := g.find(id)
		if found {
			i++
		}
		return i
	}
	return count(to) - count(from)
}

// add puts an id in. They come nearly in order.
func (g *given) add(id secret.ID) {
	if i, found := g.find(id); !found {
		*g = slices.Insert(*g, i, id)
	}
}

// forget drops what is before an id, once that is half of all.
func (g *given) forget(before secret.ID) {
	if i, _ := g.find(before); i > len(*g)/2 {
		*g = slices.Clone((*g)[i:])
	}
}
