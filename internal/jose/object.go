package jose

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// maxMembers is the number of members one object may have. It bounds the search for duplicates.
const maxMembers = 512

// oneObject says whether data is exactly one JSON object in which no object, at any depth, names a
// member twice. Names that differ only in case count as the same, because encoding/json, which our
// callers read claims with, takes one for the other: "SUB" must not overrule "sub".
// Spec: RFC 7519 §4, RFC 8259 §4.
func oneObject(data []byte) bool {
	if !utf8.Valid(data) || !json.Valid(data) || bytes.TrimLeft(data, " \t\r\n")[0] != '{' {
		return false
	}
	names := make([][]byte, 0, 32) // of all open objects, the innermost last
	opened := make([]int, 0, 8)    // where the names of each open object begin
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{':
			opened = append(opened, len(names))
		case '}':
			last := len(opened) - 1
			names, opened = names[:opened[last]], opened[:last]
		case '"':
			text := leadingString(data[i:])
			i += len(text) - 1
			if !bytes.HasPrefix(bytes.TrimLeft(data[i+1:], " \t\r\n"), []byte(":")) {
				continue // a value, not a name
			}
			name, siblings := unquote(text), names[opened[len(opened)-1]:]
			if len(siblings) == maxMembers || contains(siblings, name) {
				return false
			}
			names = append(names, name)
		}
	}
	return true
}

// leadingString is the JSON string that valid JSON begins with, quotes included.
func leadingString(data []byte) []byte {
	end := 1
	for data[end] != '"' {
		if data[end] == '\\' {
			end++
		}
		end++
	}
	return data[:end+1]
}

// unquote decodes a JSON string. Without escapes it is the text itself.
func unquote(text []byte) []byte {
	if !bytes.ContainsRune(text, '\\') {
		return text[1 : len(text)-1]
	}
	var decoded string
	_ = json.Unmarshal(text, &decoded) // valid already
	return []byte(decoded)
}

func contains(names [][]byte, name []byte) bool {
	for _, other := range names {
		if bytes.EqualFold(other, name) {
			return true
		}
	}
	return false
}
