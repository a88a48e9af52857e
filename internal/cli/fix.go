package cli

import "strings"

// fixOf says what to do about a rule. Rules without a line of their own have
// that of their area.
func fixOf(rule string) string {
	if fix, ok := fixes[rule]; ok {
		return fix
	}
	area, _, _ := strings.Cut(rule, ".")
	return fixes[area]
}

var fixes = map[string]string{
	"server": "Look the request id up in the server's log.",
}
