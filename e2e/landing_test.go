//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"image/png"
	"slices"
	"testing"
)

func TestTheLandingPageIsReadableInABrowser(t *testing.T) {
	chromium := startBrowser(t)
	address := freeAddress(t)
	exporter := newClient("http://" + address)
	process := startExporter(t, exporter, address)
	ready(t, process, exporter)
	entries := discovered(t, exporter, address, "http")

	for _, window := range []struct {
		name          string
		width, height int
	}{
		{"desktop", 1280, 900},
		{"phone", 390, 844},
	} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(fmt.Sprintf("on a %s, %s", window.name, scheme), func(t *testing.T) {
				b := *chromium
				b.t = t
				defer func() { chromium.id = b.id }()
				b.open(exporter.base+"/", window.width, window.height, scheme)
				name := "landing-" + window.name + "-" + scheme
				keep(t, name+".png", b.screenshot(false))
				picture := b.screenshot(true)
				keep(t, name+"-whole.png", picture)
				if size, err := png.DecodeConfig(bytes.NewReader(picture)); err != nil || size.Width != window.width || size.Height < window.height {
					t.Errorf("the picture is %d x %d: %v", size.Width, size.Height, err)
				}

				var page struct {
					Width          int
					Wide, Headings []string
					Ground         string
				}
				b.evaluate(`({
					width: document.documentElement.scrollWidth,
					wide: [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 100)),
					headings: [...document.querySelectorAll("h3")].map(e => e.textContent),
					ground: getComputedStyle(document.body).backgroundColor,
				})`, &page)
				if page.Width > window.width || len(page.Wide) > 0 {
					t.Errorf("the page is %d pixels wide, the window %d; too wide: %q", page.Width, window.width, page.Wide)
				}
				for _, d := range entries {
					if name := d.console(); name != "" && !slices.Contains(page.Headings, name) {
						t.Errorf("no heading %s: %q", name, page.Headings)
					}
				}
				if dark := page.Ground != "rgb(255, 255, 255)"; dark != (scheme == "dark") {
					t.Errorf("the ground is %s", page.Ground)
				}
			})
		}
	}
	process.stop(t)
}
