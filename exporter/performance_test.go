package exporter

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// cycle is the interval of the collectors that ask analysis queries.
const cycle = 30 * time.Minute

// TestRequestsAreConstantHoweverManyHostsThereAre scrapes consoles of different
// sizes every minute, as Prometheus does, and writes docs/performance.md: what
// a console is asked in the first half hour, and in every later one.
func TestRequestsAreConstantHoweverManyHostsThereAre(t *testing.T) {
	exhaustive.Only(t)
	t.Parallel()
	var doc strings.Builder
	doc.WriteString(`# What the exporter costs

Written by a test, which scrapes simulated consoles once a minute with the default configuration (one pair of accounts,
the default deadlines) and counts what they are asked within 30 minutes, the interval of the collectors that ask most.
Analysis requests are the costly ones: each asks for one row, or for those of a few plugins, and is answered from the
console's summaries. Two Prometheus servers, or a shorter scrape interval, cost the console nothing more.

The first cycle holds the logins, the count of the plugins, and the check of the filters' spelling, which is
repeated once a day. The bound is 60 analysis requests and two for each repository, for every organisation account and cycle.

Each owner that is configured costs 6 more in the interval of the collector ` + "`owners`" + ` (7 on SecurityCenter 4) with one policy, up to 4 for each
further policy, and all together 1 for the hosts without owner.

| console | hosts | repositories | analysis requests, first cycle | later cycles | bound | other requests, first cycle | later cycles | kilobytes read, later cycles | series |
|---|---|---|---|---|---|---|---|---|---|
`)
	sizes := []struct{ hosts, repositories int }{{100, 2}, {10_000, 8}, {1_000_000, 12}}
	dialects := []struct {
		name   string
		speaks sctest.Dialect
	}{{"Tenable Security Center 6 (REST)", sctest.REST}, {"SecurityCenter 4 (RPC)", sctest.RPC}}
	rows, beside := map[string]string{}, map[string]int{} // by dialect and size; beside: requests not for a repository
	var mu sync.Mutex
	row := func(dialect string, hosts int) string { return fmt.Sprintf("%s with %d hosts", dialect, hosts) }
	t.Run("consoles", func(t *testing.T) {
		for _, dialect := range dialects {
			for _, size := range sizes {
				bubble(t, row(dialect.speaks.String(), size.hosts), func(t *testing.T) {
					b := newBench(t, hq, map[string]sctest.Options{"hq": {Dialect: dialect.speaks, Hosts: size.hosts, Repositories: size.repositories}})
					bound := 60 + 2*size.repositories
					first, _ := b.scrapeFor(cycle)
					later, p := b.scrapeFor(cycle)
					for what, asked := range map[string]asked{"first": first, "later": later} {
						if asked.queries > bound || asked.queries == 0 {
							t.Errorf("%d analysis requests in the %s cycle, want 1 to %d", asked.queries, what, bound)
						}
					}
					// Hosts of plugins come from one page, as this console counts them there as it counts hosts.
					if dialect.speaks == sctest.REST && size.repositories == 8 && later.queries > 50 {
						t.Errorf("%d analysis requests in the later cycle, want at most 50", later.queries)
					}
					mu.Lock()
					defer mu.Unlock()
					beside[row(dialect.name, size.hosts)] = later.queries - size.repositories*b.perRepository()
					rows[row(dialect.name, size.hosts)] = fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d | %.0f | %d |\n", dialect.name, size.hosts, size.repositories,
						first.queries, later.queries, bound, first.others, later.others, later.bytes/1000, len(p))
				})
			}
		}
	})
	for _, dialect := range dialects {
		for _, size := range sizes {
			// What grows is what is asked of each repository.
			if rest, constant := beside[row(dialect.name, size.hosts)], beside[row(dialect.name, sizes[0].hosts)]; rest != constant {
				t.Errorf("%s: %d analysis requests beside those for each repository, want %d as with fewer hosts", row(dialect.name, size.hosts), rest, constant)
			}
			doc.WriteString(rows[row(dialect.name, size.hosts)])
		}
	}
	doc.WriteString(`
## Series

What each collector makes of the REST console with 10,000 hosts and 8 repositories, by default and with everything switched
on. ` + "`securitycenter_exporter --config.check --estimate`" + ` says the same of your own consoles.

| collector | series by default | with everything on |
|---|---|---|
`)
	bubbleNow(t, "series", func(t *testing.T) {
		console := map[string]sctest.Options{"hq": {Hosts: 10_000, Repositories: 8}}
		usual, all := newBench(t, hq, console), newBench(t, hq+everything(), console)
		usual.settle()
		all.settle()
		few, many := usual.probe("hq"), all.probe("hq")
		for _, c := range collector.All() {
			shown := "–"
			if n, on := few[of("series", c.Name)]; on {
				shown = fmt.Sprint(n)
			}
			fmt.Fprintf(&doc, "| %s | %s | %v |\n", c.Name, shown, many[of("series", c.Name)])
		}
		fmt.Fprintf(&doc, "| all, with health | %d | %d |\n", len(few), len(many))
	})
	measured, err := os.ReadFile("../bench/measured.md")
	if err != nil {
		t.Fatal(err)
	}
	doc.WriteString("\n## Beside other ways of doing it\n\n`make bench` prints this; the ratios are what another machine should have too.\n\n")
	doc.Write(measured)
	if t.Failed() {
		return
	}
	golden(t, "../../docs/performance.md", doc.String())
}

// asked is what a console was asked for.
type asked struct {
	queries, others int
	bytes           float64
}

// scrapeFor scrapes hq once a minute for that long and returns what that cost,
// and the last page.
func (b *bench) scrapeFor(length time.Duration) (asked, page) {
	console := b.consoles["hq"]
	console.ForgetRequests()
	read := b.probe("hq").sum("securitycenter_api_response_bytes_total")
	var p page
	for range int(length/time.Minute) - 1 { // the next minute belongs to the next cycle
		time.Sleep(time.Minute)
		p = b.probe("hq")
	}
	b.settle()
	a := asked{bytes: p.sum("securitycenter_api_response_bytes_total") - read}
	a.queries = console.Count(func(r sctest.Request) bool { return r.Tool != "" })
	a.others = console.Count(func(r sctest.Request) bool { return r.Tool == "" })
	return a, p
}

// perRepository is how many analysis requests the findings of a repository
// take: on SecurityCenter 4 one more for the severities.
func (b *bench) perRepository() int {
	if b.requests("hq", "vuln::query") > 0 {
		return 2
	}
	return 1
}

// everything switches on all there is.
func everything() string {
	var y strings.Builder
	y.WriteString("\nwatches: [{name: kev, xref: \"CISA-KNOWN-EXPLOITED:*\"}]\nowners: [{name: team, assets: [1, 2]}]\ncollectors:\n")
	for _, c := range collector.All() {
		fmt.Fprintf(&y, "  %s: {enabled: true", c.Name)
		for _, k := range c.Keys {
			switch {
			case k.Default == false:
				fmt.Fprintf(&y, ", %s: true", k.Name)
			case c.Name == "assets":
				y.WriteString(", ids: [1, 2, 3]")
			}
		}
		y.WriteString("}\n")
	}
	return y.String()
}

// bubbleNow runs a test in a synctest bubble, before what follows.
func bubbleNow(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}
