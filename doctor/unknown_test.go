package doctor_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/securitycenter-exporter/securitycenter_exporter/doctor"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// What could not be found out is told as that: neither as right nor as wrong.
func TestWhatCouldNotBeFoundOutIsUnknown(t *testing.T) {
	for name, tt := range map[string]struct {
		options sctest.Options
		change  func(*sctest.Server)
		want    map[string]string // by check: a word of what was found
	}{
		"repositories that are too large to count": {
			options: sctest.Options{Hosts: 60_000, Repositories: 1, LocalRepositories: true},
			want:    map[string]string{"identity.counted": "skipped: the smallest repository has", "identity.pages": "skipped: the smallest repository has"},
		},
		"a summary by plugin that fails": {
			change: func(s *sctest.Server) {
				s.Inject(sctest.Fault{Endpoint: "POST /analysis", Match: func(r sctest.Request) bool { return r.Tool == "sumid" }, Effect: sctest.HTMLPage(503)})
			},
			want: map[string]string{"identity.by_plugin": "503", "identity.host_total": "503", "call.tools": "503"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := tt.options
				o.Plugins, o.Scans = 500, 2
				live := sctest.StartPipe(t, o)
				if tt.change != nil {
					tt.change(live)
				}
				r := examine(t, configured(t, live.URL, live.Options().Accounts, ""), live.Transport())
				for id, found := range tt.want {
					if c := r.Check(id); c.Result != doctor.Unknown || !strings.Contains(c.Found, found) || c.Means == "" || c.Do == "" {
						t.Errorf("%s is %s: %s; %s; %s", id, c.Result, c.Found, c.Means, c.Do)
					}
				}
			})
		})
	}
}

// Whoever ends the examination is told so, and gets no report that looks whole.
func TestAnExaminationThatIsInterruptedIsNoReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := sctest.StartPipe(t, sctest.Options{Hosts: 24, Plugins: 500, Scans: 2})
		c := configured(t, live.URL, live.Options().Accounts, "")
		loads, err := doctor.Loads(c.Consoles[0], exporter.CollectorSettings, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if r, err := opened(t, c, live.Transport()).Examine(ctx, loads); err == nil || r != nil {
			t.Errorf("%v, %v", r, err)
		}
	})
}
