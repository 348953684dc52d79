package config

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAnOwnerIsReadWithItsListsAndPolicies(t *testing.T) {
	c := parse(t, twoConsoles+`sla: [{name: house, days: {critical: 3}}, {name: vendor, preset: tenable}]
owners:
  - {name: payments, consoles: [hq], account: a, assets: [012, 7], sla: [vendor]}
  - {name: payments, consoles: [lab], assets: [3]}
  - {name: web, assets: [5], sla: []}
`)
	house, vendor := c.SLA[:1], c.SLA[1:]
	want := []Owner{
		{Name: "payments", Consoles: []string{"hq"}, Account: "a", Assets: []string{"12", "7"}, SLA: vendor},
		{Name: "payments", Consoles: []string{"lab"}, Assets: []string{"3"}, SLA: house},
		{Name: "web", Assets: []string{"5"}, SLA: house},
	}
	if d := cmp.Diff(want, c.Owners); d != "" {
		t.Errorf("owners (-want +got):\n%s", d)
	}
	want[0].Consoles, want[1].Consoles = nil, nil
	if d := cmp.Diff([]Owner{want[0], want[2]}, c.Consoles[0].Owners) + cmp.Diff(want[1:], c.Consoles[1].Owners); d != "" {
		t.Errorf("owners of the consoles (-want +got):\n%s", d)
	}
	text, err := c.Masked()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(c.Owners, parse(t, strings.ReplaceAll(string(text), "<secret>", "p")).Owners); d != "" {
		t.Errorf("read back (-first +second):\n%s", d)
	}
}

func TestTheCollectorOfOwnersIsOnWhereThereAreOwners(t *testing.T) {
	const forLab = "owners: [{name: x, assets: [1], consoles: [lab]}]\n"
	for _, x := range []struct {
		name, text string
		hq, lab    bool
	}{
		{"without owners it is off", "watches: [{name: x, query: 1}]\n", false, false},
		{"it is on where one applies", forLab, false, true},
		{"the file may switch it off", forLab + "collectors: {owners: {enabled: false}}\n", false, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			c, err := Parse([]byte(twoConsoles+x.text), filepath.Join(t.TempDir(), "config.yml"), append(known(), Collector{Name: "owners", Interval: time.Hour}))
			if err != nil {
				t.Fatal(err)
			}
			hq, lab := c.Consoles[0].Collectors["owners"].Enabled, c.Consoles[1].Collectors["owners"].Enabled
			if hq != x.hq || lab != x.lab {
				t.Errorf("on: hq %v, lab %v; want %v, %v", hq, lab, x.hq, x.lab)
			}
		})
	}
}

func TestAWrongOwnerIsRefused(t *testing.T) {
	refuses(t, []refused{
		{"owners that are a mapping",
			atTop("owners: {payments: [1]}"),
			"6:9: owners: is a mapping, expected a list of owners"},
		{"an owner without a name",
			atTop("owners: [{assets: [1]}]"),
			"6:10: owners[0].name: is missing, expected a name for an owner (1 to 64 letters, digits, dots, hyphens or underscores)"},
		{"an owner of nothing",
			atTop("owners: [{name: x}]"),
			"6:10: owners[0]: owns nothing, expected assets, the ids of asset lists"},
		{"an owner of an empty list",
			atTop("owners: [{name: x, assets: []}]"),
			"6:10: owners[0]: owns nothing, expected assets, the ids of asset lists"},
		{"a list by its name",
			atTop("owners: [{name: x, assets: [Servers]}]"),
			`6:29: owners[0].assets[0]: is "Servers", expected the id of an asset list, a whole number such as 12`},
		{"a list twice",
			atTop("owners: [{name: x, assets: [1, 01]}]"),
			`6:32: owners[0].assets[1]: repeats "1", expected each value once`},
		{"two owners of one name on one console",
			atTop("owners: [{name: x, assets: [1]}, {name: x, assets: [2], consoles: [hq]}]"),
			`6:34: owners[1]: repeats the name "x" of line 6, expected a different name for every owner of a console: one owner may have several lists`},
		{"a policy that is not there",
			atTop("owners: [{name: x, assets: [1], sla: [house]}]"),
			`6:39: owners[0].sla[0]: is "house", expected one of default`},
		{"a console that is not there",
			atTop("owners: [{name: x, assets: [1], consoles: [lab]}]"),
			`6:44: owners[0].consoles[0]: is "lab", expected one of hq`},
		{"an account that is not there",
			atTop("owners: [{name: x, assets: [1], account: finance}]"),
			`6:42: owners[0].account: is "finance", which is no account of console "hq", expected one of a, or consoles beside it that have the account`},
		{"an unknown key",
			atTop("owners: [{name: x, assets: [1], team: y}]"),
			"6:33: owners[0].team: is not a known key, expected one of name, consoles, account, assets, sla"},
	})
}
