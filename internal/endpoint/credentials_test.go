package endpoint

import (
	"encoding/base64"
	"testing"

	"countersign/internal/oauth"
)

func TestBasicHeaderHasOneReading(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	for name, row := range map[string]struct {
		value string
		id    oauth.ClientID
		text  string
		ok    bool
	}{
		"valid":               {b64([]byte("app-00001:css_secret")), "app-00001", "css_secret", true},
		"empty secret":        {b64([]byte("app-00001:")), "app-00001", "", true},
		"colon in the secret": {b64([]byte("a:b:c")), "a", "b:c", true},
		"encoded":             {b64([]byte("a%2Eb:c%2Bd+e%25%C3%A9")), "a.b", "c+d e%é", true},
		"not encoded":         {b64([]byte("a.b:c-d_e~f")), "a.b", "c-d_e~f", true},
		"no colon":            {b64([]byte("app")), "", "", false},
		"no id":               {b64([]byte(":x")), "", "", false},
		"bad escape":          {b64([]byte("a:%zz")), "", "", false},
		"not UTF-8":           {b64([]byte("a:\xff")), "", "", false},
		"escaped, not UTF-8":  {b64([]byte("a:%FF")), "", "", false},
		"no padding":          {"YTpiYw", "", "", false},
		"loose end bits":      {"YTp=", "", "", false},
		"a line break":        {"YTpi\n", "", "", false},
		"base64url":           {base64.URLEncoding.EncodeToString([]byte("a:\u00ff\u00ff\u00fe>")), "", "", false},
		"blank inside":        {"YT pi", "", "", false},
		"empty":               {"", "", "", false},
	} {
		id, text, ok := parseBasic(row.value)
		if id != row.id || text != row.text || ok != row.ok {
			t.Errorf("%s: %q %q %v", name, id, text, ok)
		}
	}
}
