package collector_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestComplianceResultsThatPluginIDsDoNotTellApartAreSubtractedAndHostsAreAbsent(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: dialect, Seed: 3, Quirks: sctest.Quirks{LowCompliancePlugins: true, RPCMatchingCount: true}})
			low := 0
			for f := range e.simulated.Findings() {
				if f.PluginType == "compliance" && f.PluginID < 1_000_000 {
					low++
				}
			}
			if low == 0 {
				t.Fatal("no compliance plugin has a low id")
			}
			want := counted(e.simulated.Console, open).without("securitycenter_hosts")
			diff(t, "open findings", want, e.load(t, "vulnerabilities"))
		})
	}
}

func TestFiltersThatTheConsoleRefusesAreDoneWithout(t *testing.T) {
	withWeb := func(f sctest.Finding) bool { f.WebApplication = false; return open(f) }
	withAccepted := func(f sctest.Finding) bool { f.Accepted = false; return open(f) }
	nothing := func(sctest.Finding) bool { return false }
	for _, tt := range []struct {
		name      string
		options   sctest.Options
		counts    func(sctest.Finding) bool
		absent    []string
		supported map[string]bool
	}{
		{
			name: "one that only excludes is left out", options: sctest.Options{RefuseFilters: []string{"wasVuln"}}, counts: withWeb,
			supported: map[string]bool{"wasVuln": false, "acceptRiskStatus": true, "pluginID": true, "pluginType": true},
		},
		{
			name: "accepted risk has another spelling", options: sctest.Options{RefuseFilters: []string{"acceptRiskStatus"}}, counts: open,
			supported: map[string]bool{"wasVuln": true, "acceptRiskStatus": false, "acceptedRisk": true, "pluginID": true, "pluginType": true},
		},
		{
			name: "accepted risk has no spelling", options: sctest.Options{RefuseFilters: []string{"acceptRiskStatus", "acceptedRisk"}}, counts: withAccepted,
			supported: map[string]bool{"wasVuln": true, "acceptRiskStatus": false, "acceptedRisk": false, "pluginID": true, "pluginType": true},
		},
		{
			name: "accepted risk has no spelling on SecurityCenter 4", counts: withAccepted, absent: []string{"securitycenter_vulnerability_score"},
			options:   sctest.Options{Dialect: sctest.RPC, RefuseFilters: []string{"acceptedRisk"}},
			supported: map[string]bool{"acceptedRisk": false, "pluginID": true, "pluginType": true},
		},
		{
			name: "without plugin ids compliance is subtracted", options: sctest.Options{RefuseFilters: []string{"pluginID"}}, counts: open,
			absent:    []string{"securitycenter_hosts"},
			supported: map[string]bool{"wasVuln": true, "acceptRiskStatus": true, "pluginID": false, "pluginType": true},
		},
		{
			name: "without plugin types plugin ids are trusted", options: sctest.Options{RefuseFilters: []string{"pluginType"}}, counts: open,
			supported: map[string]bool{"wasVuln": true, "acceptRiskStatus": true, "pluginID": true, "pluginType": false},
		},
		{
			name: "without both compliance cannot be kept out and nothing is said", options: sctest.Options{RefuseFilters: []string{"pluginID", "pluginType"}}, counts: nothing,
			absent:    []string{"securitycenter_vulnerabilities", "securitycenter_hosts", "securitycenter_vulnerability_score"},
			supported: map[string]bool{"wasVuln": true, "acceptRiskStatus": true, "pluginID": false, "pluginType": false},
		},
	} {
		in(t, tt.name, func(t *testing.T) {
			e := export(t, tt.options)
			want := counted(e.simulated.Console, tt.counts).without(tt.absent...)
			diff(t, "findings", want, e.load(t, "vulnerabilities"))
			if d := cmp.Diff(tt.supported, e.SupportedFilters()); d != "" {
				t.Errorf("supported filters (-want +got):\n%s", d)
			}
		})
	}
}

// sent returns how many queries carried a filter of that name since the last look.
func (e *exported) sent(filter string) int {
	n := e.simulated.Count(func(r sctest.Request) bool {
		for _, f := range r.Filters {
			if strings.HasPrefix(f, filter) {
				return true
			}
		}
		return false
	})
	e.simulated.ForgetRequests()
	return n
}

func TestARefusedFilterIsNotSentAgainWithinADay(t *testing.T) {
	for _, filter := range []string{"wasVuln", "acceptRiskStatus", "pluginID", "pluginType"} {
		in(t, filter, func(t *testing.T) {
			e := export(t, sctest.Options{RefuseFilters: []string{filter}})
			e.load(t, "vulnerabilities")
			if n := e.sent(filter); n != 1 {
				t.Fatalf("sent %d times by the first load, want 1", n)
			}
			for range 3 {
				time.Sleep(8*time.Hour - time.Second)
				e.load(t, "vulnerabilities")
				if n := e.sent(filter); n != 0 {
					t.Fatalf("sent %d times within a day", n)
				}
			}
			time.Sleep(time.Minute)
			e.load(t, "vulnerabilities")
			if n := e.sent(filter); n != 1 {
				t.Errorf("sent %d times after a day, want 1", n)
			}
		})
	}
}

// upgradable reaches one console after another under the same address.
type upgradable struct{ http.RoundTripper }

func TestARefusedFilterIsSentAgainWhenTheConsoleIsUpgraded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		after := sctest.StartPipe(t, sctest.Options{Version: "6.5.0"})
		var transport upgradable
		e := export(t, sctest.Options{Version: "6.4.0", RefuseFilters: []string{"wasVuln", "acceptRiskStatus"}}, func(o *console.Options) {
			transport.RoundTripper = o.Accounts[0].Transport
			for i := range o.Accounts {
				o.Accounts[i].Transport = &transport
			}
		})
		e.load(t, "vulnerabilities")
		transport.RoundTripper = after.Transport()
		for range 2 { // the first notices in the middle
			diff(t, "after the upgrade", counted(after.Console, open), e.load(t, "vulnerabilities"))
		}
		for _, filter := range []string{"wasVuln", "acceptRiskStatus"} {
			if !e.SupportedFilters()[filter] {
				t.Errorf("%s is still held to be refused", filter)
			}
		}
	})
}

// A spelling that the console takes but does not understand matches nothing,
// or everything: the sum shows it.
func TestASpellingThatDoesNotAddUpIsNotTrusted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Quirks: sctest.Quirks{AcceptedHidden: true}})
		e.load(t, "vulnerabilities")
		want := map[string]bool{"wasVuln": true, "acceptRiskStatus": false, "acceptedRisk": false, "pluginID": true, "pluginType": true}
		if d := cmp.Diff(want, e.SupportedFilters()); d != "" {
			t.Errorf("supported filters (-want +got):\n%s", d)
		}
	})
}

func TestDataThatMovesBetweenTwoQueriesGivesNoNegativeCount(t *testing.T) {
	for _, tt := range []struct {
		name  string
		times int // how often all findings seem to vanish while compliance results stay
		shown bool
	}{{"once", 1, true}, {"again and again", 2, false}} {
		in(t, tt.name, func(t *testing.T) {
			moving := &intercepting{}
			e := export(t, sctest.Options{Repositories: 1, RefuseFilters: []string{"pluginID"}}, func(o *console.Options) {
				moving.RoundTripper = o.Accounts[0].Transport
				for i := range o.Accounts {
					o.Accounts[i].Transport = moving
				}
			})
			want := e.load(t, "vulnerabilities")
			left := tt.times
			moving.answer = func(body string) string {
				if left == 0 || !strings.Contains(body, `"sumip"`) || !strings.Contains(body, "acceptRiskStatus") || strings.Contains(body, "pluginType") {
					return ""
				}
				left--
				return `{"totalRecords":"0","returnedRecords":0,"startOffset":"0","endOffset":"1","matchingDataElementCount":"0:0:0:0:0:0:0","results":[]}`
			}
			got := e.load(t, "vulnerabilities")
			if left != 0 {
				t.Fatalf("%d answers were not asked for", left)
			}
			if !tt.shown {
				want = samples{}
			}
			diff(t, "open findings", want, got)
		})
	}
}

// intercepting answers some requests in the console's place.
type intercepting struct {
	http.RoundTripper
	path   string                              // of GET requests; empty: any request with a body
	answer func(body string) (response string) // "": the console answers
}

func (i *intercepting) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	switch {
	case i.answer == nil, i.path == "" && r.Body == nil, i.path != "" && i.path != r.URL.Path:
		return i.RoundTripper.RoundTrip(r)
	case r.Body != nil:
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	response := i.answer(string(body))
	if response == "" {
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
		return i.RoundTripper.RoundTrip(r)
	}
	envelope := `{"type":"regular","response":` + response + `,"error_code":0,"error_msg":"","warnings":[],"timestamp":0}`
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: r, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(envelope)), ContentLength: int64(len(envelope)),
	}, nil
}

func TestAQueryThatFailsSaysWhichRepositoryAndAccount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		e.simulated.Inject(sctest.Fault{Endpoint: "POST /analysis", Match: func(r sctest.Request) bool {
			return strings.HasPrefix(fmt.Sprint(r.Filters), `[repository=[{"id":"2"}]`)
		}, Effect: sctest.Refuse(403, 1, "Out of memory")})
		_, err := e.run(t, "vulnerabilities", noLimits)
		for _, word := range []string{"repository 2 (Default)", "account analyst", "POST /rest/analysis", "Out of memory"} {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%v: does not say %q", err, word)
			}
		}
	})
}
