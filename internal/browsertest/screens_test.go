package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

func TestMain(m *testing.M) {
	code := m.Run()
	closeBrowser()
	os.Exit(code)
}

// look sets the theme and the width.
func look(theme string, width int64) chromedp.Action[chromedp.Void] {
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride,
			emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 860, DeviceScaleFactor: 1, Mobile: width < 600})
		return err
	})
}

// ids are parts of a path that differ from run to run.
var ids = regexp.MustCompile(`[A-Za-z0-9_-]{43}|0[A-Z0-9]{2}[A-Za-z0-9]{15}`)

// TestScreenshots writes every page as a picture, for people to look at, and
// finds pages that are wider than their window.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("TEST_SCREENSHOTS")
	if dir == "" {
		t.Skip("TEST_SCREENSHOTS names no folder")
	}
	s := open(t)
	s.furnish(t)
	tab := s.tab(t, true)
	shoot(t, tab, dir, s.URL+"/console/login", "login")
	shoot(t, tab, dir, s.link, "join")
	s.join(t, tab)
	for _, path := range s.crawl(t, tab, 2) {
		name := strings.Trim(strings.NewReplacer("/", ".", "?", "-", "&", "-", "=", "-", "%", "-").Replace(strings.TrimPrefix(path, "/console")), ".")
		name = ids.ReplaceAllString(name, "ID")
		if name == "" {
			name = "home"
		}
		shoot(t, tab, dir, s.URL+path, name[:min(len(name), 70)])
	}
}

func shoot(t *testing.T, tab context.Context, dir, address, name string) {
	t.Helper()
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{390, 1280} {
			run(t, tab, look(theme, width), chromedp.Navigate(address))
			wide := ask(t, tab, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`))
			high := ask(t, tab, chromedp.Evaluate[int64](`Math.min(document.documentElement.scrollHeight, 4000)`))
			png := ask(t, tab, picture(width, max(high, 860)))
			if wide > width {
				t.Errorf("%s is %d wide in a window of %d", address, wide, width)
			}
			file := filepath.Join(dir, fmt.Sprintf("%s-%s-%d.png", name, theme, width))
			if err := os.WriteFile(file, png, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// picture takes the whole page.
func picture(wide, high int64) chromedp.Action[[]byte] {
	return func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
		beyond := true
		r, err := cdp.Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{
			CaptureBeyondViewport: &beyond, Clip: &page.Viewport{Width: float64(wide), Height: float64(high), Scale: 1},
		})
		return r.Data, err
	}
}
