package admin

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"countersign/internal/account"
)

func checkEmail(v string) error {
	if v == "" {
		return nil
	}
	return account.ValidEmail(v)
}

func checkPicture(v string) error {
	u, err := url.Parse(v)
	if v == "" || err == nil && u.Scheme == "https" && u.Host != "" {
		return nil
	}
	return fmt.Errorf("%q is no https URL (OpenID Connect Core 1.0 §5.1)", v)
}

func checkZone(v string) error {
	if _, err := time.LoadLocation(v); err != nil || v == "Local" {
		return fmt.Errorf("%q is no time zone of the IANA database (OpenID Connect Core 1.0 §5.1)", v)
	}
	return nil
}

func checkPhone(v string) error {
	digits := strings.TrimPrefix(v, "+")
	if v == "" || v != digits && len(digits) >= 5 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == "" {
		return nil
	}
	return fmt.Errorf("%q: write + and 5 to 15 digits, as in +4312345678 (OpenID Connect Core 1.0 §5.1, E.164)", v)
}
