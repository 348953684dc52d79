package exporter

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// external sets the URL under which the exporter is reached.
func external(address string) func(*Options) {
	return func(o *Options) {
		u, err := url.Parse(address)
		if err != nil {
			panic(err)
		}
		o.ExternalURL = u
	}
}

func TestServiceDiscovery(t *testing.T) {
	config := strings.Replace(hq, "accounts:", "labels: {tenant: acme, site: north}\n    accounts:", 1) + branch
	group := func(target string, labels map[string]string) targetGroup {
		return targetGroup{Targets: []string{target}, Labels: labels}
	}
	groups := func(target, scheme, prefix string) []targetGroup {
		return []targetGroup{
			group(target, map[string]string{"__scheme__": scheme, "__metrics_path__": prefix + "/metrics", "__param_only": "exporter", "instance": target}),
			group(target, map[string]string{"__scheme__": scheme, "__metrics_path__": prefix + "/probe", "__param_target": "hq", "instance": "hq", "tenant": "acme", "site": "north"}),
			group(target, map[string]string{"__scheme__": scheme, "__metrics_path__": prefix + "/probe", "__param_target": "branch", "instance": "branch"}),
		}
	}
	for _, test := range []struct {
		name    string
		request string
		options []func(*Options)
		want    []targetGroup
	}{
		{"names the host that was asked", "http://exporter.example:10078/sd", nil, groups("exporter.example:10078", "http", "")},
		{"names https where it was asked with TLS", "https://exporter.example:10078/sd", nil, groups("exporter.example:10078", "https", "")},
		{"names the external URL", "http://10.0.0.1:10078/sd", []func(*Options){external("https://proxy.example")}, groups("proxy.example", "https", "")},
		{"names the external URL's path", "http://10.0.0.1:10078/sd", []func(*Options){external("https://proxy.example:8443/sc/")}, groups("proxy.example:8443", "https", "/sc")},
	} {
		bubble(t, test.name, func(t *testing.T) {
			b := newBench(t, config, nil, test.options...)
			w := b.do(http.MethodGet, test.request)
			if got := w.Header().Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type %q", got)
			}
			var got []targetGroup
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}

	bubble(t, "every entry leads to a page of metrics, and each console is on one of them only", func(t *testing.T) {
		b := newBench(t, hq, nil)
		var entries []targetGroup
		if err := json.Unmarshal([]byte(b.get("/sd")), &entries); err != nil {
			t.Fatal(err)
		}
		pages := 0
		for _, e := range entries {
			query := url.Values{}
			for label, v := range e.Labels {
				if name, is := strings.CutPrefix(label, "__param_"); is {
					query.Set(name, v)
				}
			}
			pages += len(parse(t, b.get(e.Labels["__metrics_path__"]+"?"+query.Encode())).family("securitycenter_up"))
		}
		if len(entries) != 2 || pages != 1 {
			t.Errorf("%d entries, %d of them with the console", len(entries), pages)
		}
	})
}

func TestDiscoveryWithoutAHostSaysWhatItNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, hq, nil)
		for host, code := range map[string]int{"exporter.example": 200, "exporter.example:10078": 200, "[::1]:10078": 200, "": 400, ":10078": 400, "h:0": 400, "h:99999": 400, "h:x": 400} {
			r := httptest.NewRequest(http.MethodGet, "/sd", nil)
			r.Host = host
			w := httptest.NewRecorder()
			b.handler.ServeHTTP(w, r)
			if w.Code != code || code == 400 && !strings.Contains(w.Body.String(), "--web.external-url") {
				t.Errorf("host %q: %d %s", host, w.Code, w.Body)
			}
		}
	})
}
