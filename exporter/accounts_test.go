package exporter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// A password is mistyped at the start and corrected later: that is a failure of
// what the account would tell, and no claim about permissions or repositories.
func TestAMistypedPasswordIsAFailureAndItsCorrectionIsTakenUpAtOnce(t *testing.T) {
	finders := []string{"vulnerabilities", "risk", "coverage", "scans"}
	for name, tt := range map[string]struct {
		dialect sctest.Dialect
		account string
		fails   []string // collectors
		shown   []string // what another account tells all the same
		absent  []string
	}{
		"analyst": {sctest.REST, "analyst", finders, []string{"securitycenter_repository_info", "securitycenter_scanner_info"},
			[]string{"securitycenter_vulnerabilities", "securitycenter_repository_accessible", "securitycenter_scan_results"}},
		"analyst of SecurityCenter 4": {sctest.RPC, "analyst", finders, []string{"securitycenter_repository_info"},
			[]string{"securitycenter_vulnerabilities", "securitycenter_repository_accessible"}},
		"admin": {sctest.REST, "admin", []string{"system", "feeds", "plugins", "scanners", "repositories"},
			[]string{"securitycenter_vulnerabilities", "securitycenter_feed_last_update_timestamp_seconds", "securitycenter_repository_info"},
			[]string{"securitycenter_jobs"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "password")
				write := func(text string) {
					if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				write("mistyped")
				yaml := strings.Replace(hq, "password: "+tt.account+"-password", "password_file: "+file, 1)
				b := newBench(t, yaml, map[string]sctest.Options{"hq": small(tt.dialect)})
				b.settle()
				page := b.probe("hq")
				for _, c := range tt.fails {
					page.want(t, "mistyped", map[string]float64{of("success", c): 0})
					if permitted, said := page[of("permitted", c)]; said && permitted == 0 {
						t.Errorf("collector %s is called not permitted", c)
					}
				}
				for _, family := range tt.shown {
					if len(page.family(family)) == 0 {
						t.Errorf("%s, which another account tells, is not shown", family)
					}
				}
				for _, family := range tt.absent {
					if n := len(page.family(family)); n > 0 {
						t.Errorf("%d series of %s are shown", n, family)
					}
				}
				if len(b.log.lines("level=ERROR", "login refused")) == 0 || len(b.log.lines("No configured account can supply")) > 0 {
					t.Errorf("the log says something else than that the login was refused:\n%s", b.log)
				}

				write(tt.account + "-password")
				time.Sleep(15 * time.Second) // the next scrape finds the file changed
				for range 2 {                // what was read before the account joined is read again
					b.get("/probe?target=hq")
					b.settle()
				}
				page = b.probe("hq")
				for _, c := range tt.fails {
					page.want(t, "25 s after the correction", map[string]float64{of("success", c): 1})
				}
				for _, family := range tt.absent {
					if len(page.family(family)) == 0 {
						t.Errorf("%s is still absent", family)
					}
				}
			})
		})
	}
}

// Where another organisation's account answers, what the account would have read
// was never part of the sums: nothing fails, and it shows that it is left out.
func TestAnAccountThatNeverCouldLogInIsLeftOutWhereAnotherAnswers(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		bubble(t, dialect.String(), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "password")
			write := func(text string) {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("wrong")
			o := small(dialect)
			o.Accounts = []sctest.Account{
				{Username: "one", Password: "a", Organization: 1, Repositories: []string{"1"}},
				{Username: "two", Password: "b", Organization: 2, Repositories: []string{"2"}},
			}
			yaml := `
consoles:
  - name: hq
    url: http://console.example
    accounts:
      - {name: one, username: one, password: a}
      - {name: two, username: two, password_file: ` + file + `}
watches: [{name: of-two, account: two, filters: [{name: severity, operator: "=", value: "0"}]}]
`
			b := newBench(t, yaml, map[string]sctest.Options{"hq": o})
			b.settle()
			page := b.probe("hq")
			page.want(t, "with one of two", map[string]float64{
				of("success", "vulnerabilities"): 1, `securitycenter_account_up{account="two"}`: 0, `securitycenter_account_up{account="one"}`: 1,
			})
			shown := func(family string, want int) {
				t.Helper()
				if n := len(page.family(family)); n != want {
					t.Errorf("%d series of %s, want %d", n, family, want)
				}
			}
			shown("securitycenter_hosts", 1) // of the repository that is read
			shown("securitycenter_watch_hosts", 0)
			if landing := b.get("/"); !strings.Contains(landing, "two") || !strings.Contains(landing, "login refused") {
				t.Errorf("the landing page does not tell of the account:\n%s", landing)
			}

			write("b")
			time.Sleep(15 * time.Second) // the next scrape finds the file changed
			for range 2 {                // what was read before the account joined is read again
				b.get("/probe?target=hq")
				b.settle()
			}
			page = b.probe("hq")
			shown("securitycenter_hosts", 2)
			shown("securitycenter_watch_hosts", 1)
		})
	}
}
