package sfdx

import (
	"strings"
	"unicode/utf8"
)

// nearest returns the name of a list that somebody who wrote s most likely meant,
// or "".
func nearest(s string, list []string) string {
	return closest(s, list, func(candidate string) bool {
		p := commonPrefix(s, candidate)
		return p >= 5 && 2*p >= len(s)
	})
}

// sameName is nearest for names that people choose, which often share a beginning.
func sameName(s string, list []string) string {
	return closest(s, list, func(string) bool { return false })
}

func closest(s string, list []string, alike func(candidate string) bool) string {
	best, bestCost := "", 1<<30
	for _, candidate := range list {
		cost := distance(strings.ToLower(s), strings.ToLower(candidate))
		near := cost <= 2 && cost < utf8.RuneCountInString(candidate)/2+1
		if (near || alike(candidate)) && cost < bestCost {
			best, bestCost = candidate, cost
		}
	}
	return best
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// longestName bounds the work of distance; no metadata name comes near it.
const longestName = 80

// distance counts the letters to change, add or drop to turn a into b.
func distance(a, b string) int {
	if len(a) > longestName || len(b) > longestName {
		return longestName
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost = 1 + min(diagonal, row[j], row[j-1])
			}
			diagonal, row[j] = row[j], cost
		}
	}
	return row[len(b)]
}
