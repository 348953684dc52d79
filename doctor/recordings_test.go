package doctor_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/recording"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// recordings is a folder of recordings, each with the series that the exporter makes of it. To add the one of a site, copy
// its folder here and write its series with -update.
const recordings = "../testdata/recordings"

// made are the recordings of simulated consoles. They are made where their folder is missing, with -update.
var made = map[string]sctest.Options{
	"simulated-6.4": {Hosts: 24, Repositories: 3, Scans: 6, Plugins: 500, Now: morning},
	"simulated-4.8": {Dialect: sctest.RPC, Hosts: 24, Repositories: 3, Scans: 6, Plugins: 500, Now: morning},
}

func morning() time.Time { return time.Date(2026, 3, 2, 10, 20, 30, 0, time.UTC) }

func TestEveryRecordingIsExported(t *testing.T) {
	if *update {
		for name, o := range made {
			makeRecording(t, filepath.Join(recordings, name), o)
		}
	}
	folders, err := os.ReadDir(recordings)
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) < len(made) {
		t.Fatalf("only %d recordings", len(folders))
	}
	for _, folder := range folders {
		t.Run(folder.Name(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { exported(t, filepath.Join(recordings, folder.Name())) })
		})
	}
}

func makeRecording(t *testing.T, dir string, o sctest.Options) {
	t.Helper()
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	synctest.Test(t, func(t *testing.T) {
		live := sctest.StartPipe(t, o)
		r := record(t, configured(t, live.URL, live.Options().Accounts, ""), live.Transport(), recording.Options{})
		if err := r.Write(dir); err != nil {
			t.Fatal(err)
		}
	})
}

func exported(t *testing.T, dir string) {
	replayed, err := sctest.Replay(dir)
	if err != nil {
		t.Fatal(err)
	}
	on := map[string]bool{}
	for _, name := range replayed.Recording().Collectors {
		on[name] = true
	}
	var switches strings.Builder
	switches.WriteString("\ncollectors:\n")
	for _, col := range collector.All() {
		switches.WriteString("  " + col.Name + ": {enabled: " + strconv.FormatBool(on[col.Name]) + "}\n")
	}
	c := configured(t, "http://console.example", replayed.Accounts(), switches.String())
	text := page(t, c, replayed.Transport())
	missing := replayed.Missing()
	if _, ours := made[filepath.Base(dir)]; ours && missing != nil {
		t.Errorf("the exporter asks what was not recorded: delete the folder, and make it anew with -update: %q", missing)
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("the page is not valid: %v %v", err, problems)
	}
	var unread []string
	for name := range on {
		success, permitted := `securitycenter_collector_success{collector="`+name+`"} 1`, `securitycenter_collector_permitted{collector="`+name+`"} 0`
		if strings.Contains(text, success+"\n") || strings.Contains(text, permitted+"\n") {
			continue
		}
		// The exporter has learned to ask something since a site was recorded: what it knew to ask then stays proved.
		if missing == nil {
			t.Errorf("collector %s does not load", name)
		}
		t.Logf("collector %s asks what was not recorded: %q", name, missing)
		unread = append(unread, name)
	}
	series := data(text)
	if unread == nil {
		identities(t, series)
	}

	var lines []string
	for _, labels := range slices.Sorted(maps.Keys(series)) {
		lines = append(lines, labels+" "+series[labels])
	}
	golden := filepath.Join(dir, "series.txt")
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v; write it with -update", err)
	}
	if diff := cmp.Diff(told(string(want), unread), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s differs; if that is meant, write it anew with -update (-want +got):\n%s", golden, diff)
	}
}

// told are the lines of a golden file without the families of collectors that a recording does not answer any more.
func told(golden string, unread []string) []string {
	return slices.DeleteFunc(strings.Split(golden, "\n"), func(line string) bool {
		name, _, _ := strings.Cut(line, "{")
		name, _, _ = strings.Cut(name, " ")
		return slices.ContainsFunc(collector.All(), func(col *collector.Collector) bool {
			return slices.Contains(unread, col.Name) && slices.ContainsFunc(col.Families, func(f *collector.Family) bool { return f.Name == name })
		})
	})
}

// identities are what numbers of one console must be to one another, whatever it is.
func identities(t *testing.T, series map[string]string) {
	t.Helper()
	sum := func(family, label string) float64 {
		total := 0.0
		for labels, value := range series {
			name, rest, _ := strings.Cut(labels, "{")
			if name != family || !strings.Contains(rest, label) {
				continue
			}
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			total += n
		}
		return total
	}
	if sum("securitycenter_hosts", "") == 0 {
		t.Error("there are no hosts")
	}
	for _, severity := range []string{"critical", "high", "medium", "low", "info"} {
		label := `severity="` + severity + `"`
		open := sum("securitycenter_vulnerabilities", label)
		for _, part := range []string{"securitycenter_vulnerabilities_exploitable", "securitycenter_vulnerabilities_recast", "securitycenter_vulnerabilities_reopened", "securitycenter_vulnerabilities_overdue", "securitycenter_unique_vulnerabilities"} {
			if n := sum(part, label); n > open {
				t.Errorf("%s{%s} is %v, more than all %v", part, label, n, open)
			}
		}
		if affected, all := sum("securitycenter_hosts_affected", label), sum("securitycenter_hosts", ""); affected > all || affected > open {
			t.Errorf("%v hosts with %s findings, of %v hosts and %v findings", affected, severity, all, open)
		}
	}
}
