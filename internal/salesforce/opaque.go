package salesforce

import (
	"strings"
)

// An opaque access token of this dialect is the org's 15-character id, an
// exclamation mark and the sealed handle with dots for dashes, because clients
// know tokens by (00D\w{12,15})![.\w]* and black them out in logs by that
// pattern. Handles have no dot of their own, so every token has one spelling.

// spell writes a handle as a token of this dialect.
//
// Spec: docs/divergences.md, opaque access tokens.
func (d *door) spell(handle string) string {
	return d.mark() + strings.ReplaceAll(handle, "-", ".")
}

// handle reads a token in any spelling that we give: this dialect's, a bare
// handle, a JWT. A text that only looks like this dialect's comes back as it is,
// and is a token of nobody.
func (d *door) handle(text string) string {
	rest, ours := strings.CutPrefix(text, d.mark())
	if !ours || strings.Contains(rest, "-") {
		return text
	}
	return strings.ReplaceAll(rest, ".", "-")
}

// mark is what this org's tokens begin with.
func (d *door) mark() string {
	org := d.Directory.Org().ID
	return org[:min(len(org), 15)] + "!"
}
