package sfdx

import "strings"

// Origin says where a value comes from.
type Origin int

// Unknown: neither a file nor the documentation tells the value (the file is not
// in the project, cannot be read, or holds something that is no value).
// Default: the documented value of a setting that the file leaves out.
// Given: it stands in a file.
const (
	Unknown Origin = iota
	Default
	Given
)

// Setting is one value of an app or org and where it stands.
type Setting[T any] struct {
	V       T
	Origin  Origin
	File    string // the file it stands in, or would stand in; "" if there is none
	Line    int
	Element string // metadata name: "ExtlClntAppGlobalOauthSettings.isPkceRequired"
}

// Known says whether V means anything.
func (s Setting[T]) Known() bool { return s.Origin != Unknown }

// tag is the name of the element alone: isPkceRequired.
func (s Setting[T]) tag() string { return s.Element[strings.LastIndexByte(s.Element, '.')+1:] }

func (s Setting[T]) place() place { return place{file: s.File, line: s.Line} }

// Set returns a setting with a value given by the caller; for building apps that
// are then written.
func Set[T any](v T) Setting[T] { return Setting[T]{V: v, Origin: Given} }

func on(s Setting[bool]) bool  { return s.Known() && s.V }
func off(s Setting[bool]) bool { return s.Known() && !s.V }

// is says whether a setting is known to have a value.
func is[T comparable](s Setting[T], v T) bool { return s.Known() && s.V == v }

// blank says whether a list or text is known to be empty.
func blank[T ~string | ~[]string](s Setting[T]) bool { return s.Known() && len(s.V) == 0 }

type place struct {
	file string
	line int
}

// firstPlace returns the first place that names a file.
func firstPlace(places ...place) place {
	for _, p := range places {
		if p.file != "" {
			return p
		}
	}
	return place{}
}
