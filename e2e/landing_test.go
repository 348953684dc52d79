//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestTheLandingPageIsReadableInABrowser(t *testing.T) {
	b := startBrowser(t)
	address := freeAddress(t)
	exporter := newClient("http://" + address)
	process := startExporter(t, exporter, address)
	ready(t, process, exporter)
	var consoles []string
	for _, d := range discovered(t, exporter, address, "http") {
		if name := d.console(); name != "" {
			consoles = append(consoles, name)
		}
	}
	b.looks(t, exporter.base+"/", "landing", consoles)
	b.looks(t, exporter.base+"/docs/", "docs", nil)
	process.stop(t)
}

// TestTheLandingPageIsReadableInTrouble looks at what is wrong with six consoles, one of which says more than it should.
func TestTheLandingPageIsReadableInTrouble(t *testing.T) {
	const accounts = "accounts: [{name: admin, username: " + sctest.AdminUsername + ", password: " + sctest.AdminPassword + "}," +
		"{name: analyst, username: " + sctest.AnalystUsername + ", password: " + sctest.AnalystPassword + "}]"
	b := startBrowser(t)
	long := strings.Repeat("W", 10_000)
	fine := sctest.Start(t, sctest.Options{})
	hostile := sctest.Start(t, sctest.Options{Version: "6.4.0<script>document.title='mine'</script>\u202e" + long})
	hostile.Inject(sctest.Fault{Endpoint: "GET /feed", Effect: sctest.Refuse(http.StatusForbidden, 999, long)})
	hostile.Inject(sctest.Fault{Endpoint: "GET /job", Effect: sctest.Refuse(http.StatusForbidden, 145, long)})
	consoles := []string{"fine", "hostile", "dead", "folded-1", "folded-2", strings.Repeat("n", 64)}
	config := "consoles:\n"
	for _, name := range consoles {
		url := fine.URL
		switch name {
		case "hostile":
			url = hostile.URL
		case "dead":
			url = "http://" + freeAddress(t)
		}
		config += fmt.Sprintf("  - {name: %s, url: %q, %s}\n", name, url, accounts)
	}
	file := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	exporter := newClient("http://" + address)
	process := start(t, exec.Command(binary, "--config.file="+file, "--state.file=", "--web.listen-address="+address))
	process.eventually(t, 15*time.Second, func() error {
		_, err := exporter.get("/-/healthy")
		return err
	})
	ready(t, process, exporter)
	b.looks(t, exporter.base+"/", "landing-trouble", consoles)

	var page struct {
		Title string
		Open  []string
	}
	const unfolded = `({title: document.title, open: [...document.querySelectorAll("details[open] h3")].map(e => e.textContent)})`
	b.evaluate(unfolded, &page)
	if want := []string{"hostile", "dead"}; page.Title != "securitycenter_exporter" || !slices.Equal(page.Open, want) {
		t.Errorf("the title is %q, unfolded are %q, want %q", page.Title, page.Open, want)
	}
	var ignored string
	b.evaluate(`location.hash = "#console-folded-2"`, &ignored)
	b.evaluate(unfolded, &page)
	if !slices.Contains(page.Open, "folded-2") || slices.Contains(page.Open, "folded-1") {
		t.Errorf("after following the link to folded-2, unfolded are %q", page.Open)
	}
	process.stop(t)
}

// looks sees that a page, whose third headings are these consoles, fits the window and follows the colour scheme, and
// keeps pictures of it: of what the window shows, and of the whole page.
func (b *browser) looks(t *testing.T, url, name string, consoles []string) {
	t.Helper()
	for _, window := range []struct {
		name          string
		width, height int
	}{
		{"desktop", 1280, 1250},
		{"phone", 390, 844},
	} {
		for _, scheme := range []string{"light", "dark"} {
			where := window.name + "-" + scheme
			b.open(url, window.width, window.height, scheme)
			keep(t, name+"-"+where+".png", b.screenshot(false))
			picture := b.screenshot(true)
			keep(t, name+"-"+where+"-whole.png", picture)
			if size, err := png.DecodeConfig(bytes.NewReader(picture)); err != nil || size.Width != window.width || size.Height < window.height {
				t.Errorf("%s: the picture is %d x %d: %v", where, size.Width, size.Height, err)
			}

			var page struct {
				Width          int
				Wide, Headings []string
				Ground         string
			}
			b.evaluate(fmt.Sprintf(`({
				width: document.documentElement.scrollWidth,
				wide: [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > %d).map(e => e.outerHTML.slice(0, 100)),
				headings: [...document.querySelectorAll("h3")].map(e => e.textContent),
				ground: getComputedStyle(document.body).backgroundColor,
			})`, window.width), &page)
			if page.Width > window.width || len(page.Wide) > 0 {
				t.Errorf("%s: the page is %d pixels wide, the window %d; too wide: %q", where, page.Width, window.width, page.Wide)
			}
			if !slices.Equal(page.Headings, consoles) {
				t.Errorf("%s: headings %q, want %q", where, page.Headings, consoles)
			}
			if dark := page.Ground != "rgb(255, 255, 255)"; dark != (scheme == "dark") {
				t.Errorf("%s: the ground is %s", where, page.Ground)
			}
		}
	}
}
