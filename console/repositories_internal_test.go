package console

import (
	"fmt"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestTheRicherOfTwoViewsOfARepositoryFillsWhatTheOtherLacks(t *testing.T) {
	some, later := time.Unix(1000, 0), time.Unix(2000, 0)
	full := scapi.Repository{ID: "1", Name: "A", Type: "remote", DataFormat: "IPv4", IPs: scapi.Some[int64](0), Findings: scapi.Some[int64](7), LastUpdate: some, LastSync: some}
	other := scapi.Repository{ID: "1", Name: "B", Type: "local", DataFormat: "agent", IPs: scapi.Some[int64](9), Findings: scapi.Some[int64](9), LastUpdate: later, LastSync: later}
	bare := scapi.Repository{ID: "1"}
	for _, tt := range []struct {
		name       string
		a, b, want scapi.Repository
	}{
		{"the first is full", full, other, full},
		{"the first is bare", bare, full, full},
		{"the second is bare", full, bare, full},
	} {
		if got := richer(tt.a, tt.b); fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestARepositoryFilterSelectsByIDAndType(t *testing.T) {
	for _, tt := range []struct {
		filter RepositoryFilter
		id     string
		kind   string
		want   bool
	}{
		{RepositoryFilter{}, "1", "local", true},
		{RepositoryFilter{Include: []string{"1"}}, "1", "local", true},
		{RepositoryFilter{Include: []string{"1"}}, "11", "local", false},
		{RepositoryFilter{Exclude: []string{"1"}}, "1", "local", false},
		{RepositoryFilter{Include: []string{"1"}, Exclude: []string{"1"}}, "1", "local", false},
		{RepositoryFilter{Types: []string{"local", "offline"}}, "1", "offline", true},
		{RepositoryFilter{Types: []string{"local"}}, "1", "remote", false},
		{RepositoryFilter{Types: []string{"local"}}, "1", "", true}, // the console does not say
	} {
		if got := tt.filter.selects(scapi.Repository{ID: tt.id, Type: tt.kind}); got != tt.want {
			t.Errorf("%+v selects %s (%s): %v, want %v", tt.filter, tt.id, tt.kind, got, tt.want)
		}
	}
}
