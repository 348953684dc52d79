package promql

import (
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/demo"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
)

// scraped returns the series of a page as Prometheus' own parser reads them. The
// bounds of buckets are put as Prometheus keeps them.
func scraped(t *testing.T, h http.Handler, path, accept string) []string {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "60")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	unzipped, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(unzipped)
	if err != nil {
		t.Fatal(err)
	}
	contentType := w.Header().Get("Content-Type")
	if !strings.HasPrefix(contentType, strings.SplitN(accept, ";", 2)[0]) {
		t.Errorf("%s: %s, asked for %s", path, contentType, accept)
	}
	parser, err := textparse.New(page, contentType, labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		t.Fatal(err)
	}
	seen, types := map[string]bool{}, map[string]bool{}
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return slices.Sorted(maps.Keys(seen))
		}
		if err != nil {
			t.Fatalf("%s as %s: %v", path, contentType, err)
		}
		switch entry {
		case textparse.EntryType:
			name, kind := parser.Type()
			if types[string(name)] || kind == "unknown" {
				t.Errorf("%s as %s: %s is of type %s, or has two", path, contentType, name, kind)
			}
			types[string(name)] = true
		case textparse.EntrySeries:
			var l labels.Labels
			parser.Labels(&l)
			series := bound.ReplaceAllString(l.String(), `le="$1"`)
			if seen[series] {
				t.Errorf("%s as %s: %s is there twice", path, contentType, series)
			}
			seen[series] = true
		}
	}
}

var bound = regexp.MustCompile(`le="(\d+)\.0"`)

func TestPrometheusReadsEveryPageInBothFormats(t *testing.T) {
	consoles, err := demo.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer consoles.Close()
	e, err := exporter.New(exporter.Options{Load: func() (*config.Config, error) { return consoles.Config(exporter.KnownCollectors()) }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	h := e.Handler()
	for _, path := range []string{"/metrics?only=exporter", "/probe?target=" + demo.Current, "/probe?target=" + demo.Old, "/probe?target=" + demo.Old + "&collect[]=scans"} {
		var text, open []string
		for range 5 { // a load may end between the two scrapes
			text, open = scraped(t, h, path, "text/plain;version=0.0.4"), scraped(t, h, path, "application/openmetrics-text;version=1.0.0")
			if slices.Equal(text, open) {
				break
			}
		}
		if !slices.Equal(text, open) || len(text) < 30 {
			t.Errorf("%s: %d series as text, %d as OpenMetrics", path, len(text), len(open))
		}
	}
}
