package page

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// QR is a text as a picture that a phone can scan: {{template "qr" .}}. It is
// drawn here; no service elsewhere sees what is in it.
type QR struct {
	Title string
	Size  int    // modules, with the quiet zone
	Path  string // of SVG
}

const quiet = 4 // modules of white around, as the standard wants

// NewQR draws a text. Errors: a text that is too long.
//
// Spec: ISO/IEC 18004 §6.3.8.
func NewQR(title, text string) (QR, error) {
	c, err := qr.Encode(text, qr.M)
	if err != nil {
		return QR{}, fmt.Errorf("draw a QR code: %w", err)
	}
	var b strings.Builder
	for y := range c.Size {
		for x := 0; x < c.Size; x++ {
			if !c.Black(x, y) {
				continue
			}
			from := x
			for x < c.Size && c.Black(x, y) {
				x++
			}
			fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
		}
	}
	return QR{Title: title, Size: c.Size + 2*quiet, Path: b.String()}, nil
}
