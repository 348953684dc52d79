package exporter

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestTheLandingPageLeadsToTheDocuments(t *testing.T) {
	href := regexp.MustCompile(`href="(/sc/docs/[^"]*)"`)
	external, err := url.Parse("https://proxy.example/sc")
	if err != nil {
		t.Fatal(err)
	}
	bubble(t, "every link of it, behind a proxy too, to a heading that is there", func(t *testing.T) {
		b := newBench(t, hq+branch, nil, func(o *Options) { o.Documents, o.ExternalURL = os.DirFS(".."), external })
		b.consoles["hq"].Inject(sctest.Fault{Endpoint: feedRequest, Effect: sctest.Refuse(403, 999, "The moon is full.")})
		b.consoles["branch"].Inject(sctest.Fault{Effect: sctest.Hang()})
		b.settle()
		b.probe("hq")
		page := b.get("/")
		found := map[string]bool{}
		for _, m := range href.FindAllStringSubmatch(page, -1) {
			path, anchor, _ := strings.Cut(m[1], "#")
			found[strings.TrimPrefix(m[1], "/sc/docs/")] = true
			text := b.get(strings.TrimPrefix(path, "/sc"))
			if anchor != "" && !strings.Contains(text, `id="`+anchor+`"`) {
				t.Errorf("%s has no heading %s", path, anchor)
			}
		}
		for _, name := range collectorNames {
			if !found["metrics.md#"+name] {
				t.Errorf("no link to the metrics of %s", name)
			}
		}
		for _, want := range []string{"", "troubleshooting.md", "configuration.md", "runbooks.md", "runbooks.md#securitycentercollectorfailing"} {
			if !found[want] {
				t.Errorf("no link to %q among %v", want, found)
			}
		}
	})

	bubble(t, "on the web, where the binary has none", func(t *testing.T) {
		b := newBench(t, hq, nil)
		if code := b.do(http.MethodGet, "/docs/").Code; code != http.StatusNotFound {
			t.Errorf("%d", code)
		}
		says(t, b.get("/"), `href="https://github.com/securitycenter-exporter/securitycenter_exporter/blob/main/docs/metrics.md#feeds"`)
	})
}
