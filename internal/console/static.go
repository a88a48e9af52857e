package console

import (
	"strconv"
	"time"

	"countersign/internal/web"
	"countersign/internal/web/page"
)

const iconSVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="#2f81d6" d="M12 2 4 5v6c0 5 3.4 9.3 8 11 4.6-1.700 8-6 8-11V5z"/><path d="m8 12 3 3 5.500-6" fill="none" stroke="#fff" stroke-width="2.200" stroke-linecap="round" stroke-linejoin="round"/></svg>`

// static serves the few files that pages refer to.
func (c *Console) static(v *visit) (web.Answer, error) {
	switch v.path("file") {
	case "style.css":
		return web.Answer{Media: web.Media{"text/css; charset=utf-8"}, Body: c.pages.Style()}, nil
	case "htmx.js":
		return web.Answer{Media: web.Media{"text/javascript; charset=utf-8"}, Body: c.pages.Script()}, nil
	case "icon.svg":
		return web.Answer{Media: web.Media{"image/svg+xml"}, Body: []byte(iconSVG)}, nil
	}
	return web.Answer{}, ErrGone
}

// theme remembers light or dark for this browser.
func (c *Console) theme(v *visit) (web.Answer, error) {
	switch t := page.Theme(v.form("theme")); t {
	case page.Light, page.Dark:
		v.setCookie(themeCookie, string(t), 365*24*time.Hour)
	default:
		v.setCookie(themeCookie, "", -1)
	}
	return v.redirect(back(v.form("back"))), nil
}

// seconds writes a wait for Retry-After, rounded up.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
