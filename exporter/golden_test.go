package exporter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/demo"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// TestTheExpositionOfTheDemo compares every byte of the first scrape with
// testdata/*.metrics. Nothing is masked: in a bubble the clock stands still
// while a console answers. Write the files anew with -update, and read the
// difference.
func TestTheExpositionOfTheDemo(t *testing.T) {
	for name, o := range demo.Consoles() {
		bubble(t, name, func(t *testing.T) {
			b := newBench(t, "", map[string]sctest.Options{name: o}, func(o *Options) {
				o.Load = func() (*config.Config, error) {
					return demo.Config(KnownCollectors(), "http://console.example", "http://console.example")
				}
			}, withoutOthers(name))
			golden(t, name+".metrics", b.get("/probe?target="+name))
		})
	}
}

// withoutOthers leaves one console of the configuration.
func withoutOthers(name string) func(*Options) {
	return func(o *Options) {
		load := o.Load
		o.Load = func() (*config.Config, error) {
			c, err := load()
			if err != nil {
				return nil, err
			}
			one, _ := c.Console(name)
			c.Consoles = []config.Console{one}
			return c, nil
		}
	}
}

// TestTheExportersOwnFamilies compares the names of what describes the
// exporter itself; those of the Go runtime and the process change with Go and
// the system.
func TestTheExportersOwnFamilies(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, hq, nil)
		var names strings.Builder
		for line := range strings.Lines(b.get("/metrics?only=exporter")) {
			if name, is := strings.CutPrefix(line, "# TYPE "); is && !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
				names.WriteString(name)
			}
		}
		golden(t, "exporter.families", names.String())
	})
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with -update", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s differs; if that is meant, write it anew with -update (-want +got):\n%s", path, diff)
	}
}
