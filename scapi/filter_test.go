package scapi

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"
)

func TestFiltersAreSpelledForEachDialectAndVersion(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	days := func(n int) time.Time { return now.Truncate(time.Hour).AddDate(0, 0, -n) }
	var open time.Time
	old, sc4, rest := target{RPC, version{4, 2}, now}, target{RPC, version{4, 6}, now}, target{REST, version{6, 4}, now}
	rest5 := target{REST, version{5, 8}, now}
	nameless := target{REST, nil, now}

	for name, tc := range map[string]struct {
		filter      Filter
		target      target
		want        string // JSON of the list
		unsupported bool
		refused     bool
	}{
		"a filter by hand is sent as it is":          {Filter{Name: "port", Operator: ">=", Value: 80}, rest, `[{"filterName":"port","operator":"\u003e=","value":80}]`, false, false},
		"a filter by hand without operator is =":     {Filter{Name: "ip", Value: "10.0.0.1"}, sc4, `[{"filterName":"ip","operator":"=","value":"10.0.0.1"}]`, false, false},
		"a filter without a name is refused":         {Filter{Value: 1}, rest, "", false, true},
		"repositories on REST":                       {ByRepository("1", "2"), rest, `[{"filterName":"repository","operator":"=","value":[{"id":"1"},{"id":"2"}]}]`, false, false},
		"repositories on RPC":                        {ByRepository("1", "2"), sc4, `[{"filterName":"repositoryIDs","operator":"=","value":"1,2"}]`, false, false},
		"no repository is refused, not everything":   {ByRepository(), rest, "", false, true},
		"severities on the five-step scale":          {BySeverity(High, Critical), sc4, `[{"filterName":"severity","operator":"=","value":"3,4"}]`, false, false},
		"severities on the four-step scale":          {BySeverity(High, Critical), old, `[{"filterName":"severity","operator":"=","value":"2,3"}]`, false, false},
		"info among others on the four-step scale":   {BySeverity(Info, Low), old, `[{"filterName":"severity","operator":"=","value":"0"}]`, false, false},
		"info alone on the four-step scale":          {BySeverity(Info), old, "", true, true},
		"no severity is refused":                     {BySeverity(), rest, "", false, true},
		"a severity off the scale is refused":        {BySeverity(Severity(5)), rest, "", false, true},
		"plugins up to an id on REST":                {ByPluginID(1, 999999), rest, `[{"filterName":"pluginID","operator":"\u003c=","value":"999999"}]`, false, false},
		"plugins from an id on REST":                 {ByPluginID(1000001, math.MaxInt64), rest, `[{"filterName":"pluginID","operator":"\u003e=","value":"1000001"}]`, false, false},
		"plugins between two ids on REST":            {ByPluginID(10, 20), rest, `[{"filterName":"pluginID","operator":"=","value":"10-20"}]`, false, false},
		"plugins up to an id on RPC":                 {ByPluginID(0, 999999), sc4, `[{"filterName":"pluginID","operator":"=","value":"1-999999"}]`, false, false},
		"plugins from an id on RPC":                  {ByPluginID(1000001, 0), sc4, `[{"filterName":"pluginID","operator":"=","value":"1000001-2147483647"}]`, false, false},
		"one plugin":                                 {ByPluginID(19506, 19506), sc4, `[{"filterName":"pluginID","operator":"=","value":"19506"}]`, false, false},
		"all plugins are no restriction":             {ByPluginID(0, 0), rest, `[]`, false, false},
		"plugins in reverse are refused":             {ByPluginID(5, 4), rest, "", false, true},
		"a plugin type":                              {ByPluginType("compliance"), sc4, `[{"filterName":"pluginType","operator":"=","value":"compliance"}]`, false, false},
		"event plugins on 6.4":                       {ByPluginType("event"), rest, `[{"filterName":"pluginType","operator":"=","value":"lce"}]`, false, false},
		"event plugins on 5.8":                       {ByPluginType("event"), rest5, `[{"filterName":"pluginType","operator":"=","value":"event"}]`, false, false},
		"event plugins on a console sans version":    {ByPluginType("event"), nameless, `[{"filterName":"pluginType","operator":"=","value":"lce"}]`, false, false},
		"passive plugins on 6.4":                     {ByPluginType("passive"), rest, `[{"filterName":"pluginType","operator":"=","value":"passive"}]`, false, false},
		"event plugins on RPC":                       {ByPluginType("event"), sc4, "", true, true},
		"an unknown plugin type is refused":          {ByPluginType("lce"), rest, "", false, true},
		"a window on REST is in seconds":             {FirstSeen(time.Unix(1600000000, 0), time.Unix(1600086400, 0)), rest, `[{"filterName":"firstSeen","operator":"=","value":"1600000000-1600086400"}]`, false, false},
		"a window open at its end on REST":           {LastSeen(time.Unix(1600000000, 0), open), rest, `[{"filterName":"lastSeen","operator":"=","value":"1600000000-9999999999"}]`, false, false},
		"a window open at its beginning on REST":     {LastMitigated(open, time.Unix(1600000000, 0)), rest, `[{"filterName":"lastMitigated","operator":"=","value":"0-1600000000"}]`, false, false},
		"a window open at both ends is none":         {FirstSeen(open, open), rest, `[]`, false, false},
		"a window in reverse is refused":             {FirstSeen(days(1), days(2)), sc4, "", false, true},
		"a window on RPC is in days":                 {FirstSeen(days(30), days(7)), sc4, `[{"filterName":"firstSeen","operator":"=","value":"7:30"}]`, false, false},
		"a window on RPC until now":                  {LastSeen(days(7), now), sc4, `[{"filterName":"lastSeen","operator":"=","value":"0:7"}]`, false, false},
		"a window on RPC open at its end":            {LastSeen(days(7), open), sc4, `[{"filterName":"lastSeen","operator":"=","value":"0:7"}]`, false, false},
		"a window on RPC open at its beginning":      {FirstSeen(open, days(30)), sc4, `[{"filterName":"firstSeen","operator":"=","value":"30:10000"}]`, false, false},
		"a window on 4.2 until now":                  {LastMitigated(days(7), open), old, `[{"filterName":"lastMitigated","operator":"\u003c=","value":"7"}]`, false, false},
		"a window on 4.2 open at its beginning":      {FirstSeen(open, days(30)), old, `[{"filterName":"firstSeen","operator":"\u003e=","value":"30"}]`, false, false},
		"a window on 4.2 between two days":           {FirstSeen(days(30), days(7)), old, "", true, true},
		"the publication of a plugin":                {PluginPublished(days(30), now), sc4, `[{"filterName":"pluginPublished","operator":"=","value":"0:30"}]`, false, false},
		"of a vulnerability":                         {VulnPublished(open, days(90)), sc4, `[{"filterName":"vulnPublished","operator":"=","value":"90:10000"}]`, false, false},
		"of a patch":                                 {PatchPublished(days(30), now), sc4, `[{"filterName":"patchPublished","operator":"=","value":"0:30"}]`, false, false},
		"risk not accepted on REST":                  {AcceptedRisk(false), rest, `[{"filterName":"acceptRiskStatus","operator":"=","value":"notAccepted"}]`, false, false},
		"risk accepted on REST":                      {AcceptedRisk(true), rest, `[{"filterName":"acceptRiskStatus","operator":"=","value":"accepted"}]`, false, false},
		"risk accepted on RPC":                       {AcceptedRisk(true), sc4, `[{"filterName":"acceptedRisk","operator":"=","value":"true"}]`, false, false},
		"risk accepted by the other spelling":        {AcceptedRiskFlag(false), rest, `[{"filterName":"acceptedRisk","operator":"=","value":"false"}]`, false, false},
		"web applications on 6.4":                    {ExcludeWAS(), rest, `[{"filterName":"wasVuln","operator":"=","value":"excludeWas"}]`, false, false},
		"web applications on a console sans version": {ExcludeWAS(), nameless, `[{"filterName":"wasVuln","operator":"=","value":"excludeWas"}]`, false, false},
		"web applications on 5.8":                    {ExcludeWAS(), rest5, "", true, true},
		"web applications on RPC":                    {ExcludeWAS(), sc4, "", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			spelled, err := spell([]Filter{tc.filter}, tc.target)
			if tc.refused != (err != nil) || tc.unsupported != errors.Is(err, ErrUnsupported) {
				t.Fatalf("error %v, want refused %t, unsupported %t", err, tc.refused, tc.unsupported)
			}
			if err != nil {
				return
			}
			got, err := json.Marshal(spelled)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}
