package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/regularfile"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// logged is a log that counts its warnings.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) warnings() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), "level=WARN")
}

func (l *logged) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// process is what one process that uses the state file remembers.
func process(path string, to *logged) *Refusals {
	if to == nil {
		to = &logged{}
	}
	r := OpenRefusals(path, slog.New(slog.NewTextHandler(to, nil)))
	if r.file != nil {
		r.file.reckon = func(text, salt []byte) []byte { // argon2 would take all the time
			sum := sha256.Sum256(slices.Concat(salt, text))
			return sum[:]
		}
	}
	return r
}

func statePath(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "new", "logins.json")
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func overwrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func TestRefusalsOutliveTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := statePath(t)
		for i, pause := range []time.Duration{15 * time.Minute, time.Hour} {
			refuse(t, user("wrong").guard(t, process(path, nil), address))
			time.Sleep(pause - time.Second)
			if allowed(t, user("wrong").guard(t, process(path, nil), address)) {
				t.Fatalf("a new process tries %s after refusal %d", pause-time.Second, i+1)
			}
			time.Sleep(time.Second)
		}
		g := user("wrong").guard(t, process(path, nil), address)
		refuse(t, g)
		if blocked, _ := g.state(); !blocked {
			t.Error("not blocked after three refusals in three processes")
		}
		time.Sleep(1000 * time.Hour)
		g = user("wrong").guard(t, process(path, nil), address)
		err := g.Allow(t.Context())
		if err == nil || !strings.Contains(err.Error(), "refused 3 times, left alone until the credentials change, or "+path+" is deleted and the exporter reloads") || !scapi.IsLoginRefused(err) {
			t.Errorf("%v", err)
		}
		if !isBlocked(g) {
			t.Error("not blocked in a new process")
		}
		if !allowed(t, user("new").guard(t, process(path, nil), address)) {
			t.Error("a changed password is not tried at once")
		}
	})
}

func TestProcessesShareTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := statePath(t)
		one, two := process(path, nil), process(path, nil)
		first, second := user("u").guard(t, one, address), user("u").guard(t, two, address)
		refuse(t, first)
		if allowed(t, second) {
			t.Error("the other process tries at once")
		}
		time.Sleep(15 * time.Minute)
		refuse(t, second)
		time.Sleep(15 * time.Minute)
		if allowed(t, first) {
			t.Error("the first process has not heard of the second refusal")
		}
		time.Sleep(45 * time.Minute)
		if err := second.Allow(t.Context()); err != nil { // it was mended on the console
			t.Fatal(err)
		}
		second.Done(nil)
		for range 2 {
			refuse(t, first)
			time.Sleep(time.Hour)
		}
		if isBlocked(first) {
			t.Error("the success of the other process does not forget")
		}
	})
}

func TestProcessesThatStartTogetherLogInOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := statePath(t)
		logins, most, now := 0, 0, 0
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				g := user("wrong").guard(t, process(path, nil), address)
				if g.Allow(t.Context()) != nil {
					return
				}
				mu.Lock()
				logins++
				now++
				most = max(most, now)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				now--
				mu.Unlock()
				g.Done(errRefused)
			})
		}
		wg.Wait()
		if logins != 1 || most != 1 {
			t.Errorf("%d logins, %d at once, want 1", logins, most)
		}
		if left, err := filepath.Glob(path + ".*.lock"); err != nil || len(left) != 0 {
			t.Errorf("locks are left: %q, %v", left, err)
		}
	})
}

func TestADeletedFileForgivesAtAReload(t *testing.T) {
	type scene struct {
		path  string
		r     *Refusals
		g     *loginGuard
		other *loginGuard // in the same process
	}
	for name, test := range map[string]struct {
		happens  func(*testing.T, scene)
		forgiven bool
	}{
		"nothing":                      {func(*testing.T, scene) {}, false},
		"a reload":                     {func(_ *testing.T, s scene) { s.r.Reload() }, false},
		"it is deleted, and no reload": {func(t *testing.T, s scene) { remove(t, s.path) }, false},
		"it is deleted, and a reload":  {func(t *testing.T, s scene) { remove(t, s.path); s.r.Reload() }, true},
		"it is emptied, and a reload":  {func(t *testing.T, s scene) { overwrite(t, s.path, "\n"); s.r.Reload() }, true},
		"its folder is deleted, and a reload": {func(t *testing.T, s scene) {
			if err := os.RemoveAll(filepath.Dir(s.path)); err != nil {
				t.Fatal(err)
			}
			s.r.Reload()
		}, true},
		"it is deleted, another user is refused, and a reload": {func(t *testing.T, s scene) {
			remove(t, s.path)
			if allowed(t, s.g) {
				t.Error("forgiven before the reload")
			}
			refuse(t, s.other)
			if allowed(t, s.g) {
				t.Error("forgiven before the reload")
			}
			s.r.Reload()
			if allowed(t, s.other) {
				t.Error("what was refused after the deletion is forgiven too")
			}
		}, true},
		"it is deleted, another process starts, and a reload": {func(t *testing.T, s scene) {
			remove(t, s.path)
			process(s.path, nil)
			s.r.Reload()
		}, true},
		"it is corrupt, and a reload": {func(t *testing.T, s scene) { overwrite(t, s.path, "{"); s.r.Reload() }, false},
		"it is corrupt, another user is refused, and a reload": {func(t *testing.T, s scene) {
			overwrite(t, s.path, "{")
			refuse(t, s.other)
			s.r.Reload()
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := statePath(t)
				r := process(path, nil)
				g := user("wrong").guard(t, r, address)
				block(t, g)
				test.happens(t, scene{path, r, g, (&secrets{Credentials: scapi.Credentials{Username: "v", Password: "wrong"}}).guard(t, r, address)})
				if allowed(t, g) != test.forgiven {
					t.Errorf("forgiven: %v", !test.forgiven)
				}
				refuse(t, (&secrets{Credentials: scapi.Credentials{Username: "w"}}).guard(t, r, address))
				if s, err := parseState([]byte(content(t, path))); err != nil || s == nil || len(s.Refused) == 0 {
					t.Errorf("afterwards the file is of no use: %v, %v", s, err)
				}
			})
		})
	}
}

func TestAFileOfNoUseIsOneWarningAndRefusalsCountAllTheSame(t *testing.T) {
	for name, path := range map[string]func(*testing.T) string{
		"its folder cannot be made": func(t *testing.T) string {
			file := filepath.Join(t.TempDir(), "file")
			overwrite(t, file, "")
			return filepath.Join(file, "logins.json")
		},
		"it is a folder": func(t *testing.T) string { return t.TempDir() },
		"it is a device": func(*testing.T) string { return os.DevNull },
		"it cannot be locked": func(t *testing.T) string {
			folder := t.TempDir()
			if err := os.Mkdir(filepath.Join(folder, "logins.json.lock"), 0o700); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(folder, "logins.json")
		},
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && name == "it is a device" {
				t.Skip("there are none")
			}
			synctest.Test(t, func(t *testing.T) {
				var log logged
				r := process(path(t), &log)
				if n := log.warnings(); n != 1 {
					t.Errorf("%d warnings at the start, want 1:\n%s", n, log.text())
				}
				g := user("wrong").guard(t, r, address)
				block(t, g)
				r.Reload()
				if allowed(t, g) {
					t.Error("a reload forgives")
				}
				if log.warnings() != 1 {
					t.Errorf("%d warnings, want 1:\n%s", log.warnings(), log.text())
				}
			})
		})
	}
}

func TestAFileThatIsNoneIsOneWarningAndBeginsAnew(t *testing.T) {
	const salt = `"salt": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="`
	for name, text := range map[string]string{
		"other text":                    "password: geheim-4711",
		"half of it":                    `{"version": 1, ` + salt,
		"a list":                        `[]`,
		"nothing in it":                 `{}`,
		"a version to come":             `{"version": 2, ` + salt + `}`,
		"no salt":                       `{"version": 1}`,
		"a short salt":                  `{"version": 1, "salt": "AAAA"}`,
		"a number of refusals below 1":  `{"version": 1, ` + salt + `, "refused": {"a": {"refusals": 0, "last": "2026-01-01T00:00:00Z", "next": "2026-01-01T00:00:00Z"}}}`,
		"a refusal without a next try":  `{"version": 1, ` + salt + `, "refused": {"a": {"refusals": 1, "last": "2026-01-01T00:00:00Z"}}}`,
		"a refusal at no time":          `{"version": 1, ` + salt + `, "refused": {"a": {"refusals": 3}}}`,
		"more than anybody would write": strings.Repeat(" ", regularfile.Most+1),
	} {
		t.Run(name, func(t *testing.T) {
			path := statePath(t)
			process(path, nil)
			overwrite(t, path, text)
			var log logged
			r := process(path, &log)
			if n := log.warnings(); n != 1 {
				t.Errorf("%d warnings, want 1:\n%s", n, log.text())
			}
			if strings.Contains(log.text(), "geheim") {
				t.Errorf("the log repeats the file:\n%s", log.text())
			}
			refuse(t, user("wrong").guard(t, r, address))
			if allowed(t, user("wrong").guard(t, process(path, nil), address)) {
				t.Error("the next process has not heard of it")
			}
			if log.warnings() != 1 {
				t.Errorf("%d warnings, want 1:\n%s", log.warnings(), log.text())
			}
		})
	}
}

func TestAnEntryThatIsTakenOutByHandIsForgiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := statePath(t)
		g := user("wrong").guard(t, process(path, nil), address)
		block(t, g)
		s, err := parseState([]byte(content(t, path)))
		if err != nil {
			t.Fatal(err)
		}
		clear(s.Refused)
		if err := s.write(path); err != nil {
			t.Fatal(err)
		}
		if !allowed(t, g) {
			t.Error("still blocked")
		}
	})
}

func TestAClockThatWasFarAheadDoesNotHoldUpALogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := statePath(t)
		g := user("wrong").guard(t, process(path, nil), address)
		refuse(t, g)
		overwrite(t, path, strings.ReplaceAll(content(t, path), "2000-", "2040-"))
		refuse(t, g)
		time.Sleep(time.Hour)
		refuse(t, g)
		time.Sleep(time.Hour)
		if allowed(t, g) {
			t.Error("a fourth try")
		}
	})
}

func TestTheFileIsForItsOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permissions of this kind")
	}
	path := statePath(t)
	refuse(t, user("wrong").guard(t, process(path, nil), address))
	for name, want := range map[string]os.FileMode{path: 0o600, path + ".lock": 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s: %s, want %s", name, info.Mode(), want)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 2 {
		t.Errorf("%d files, want 2: %v", len(entries), err)
	}
}

func TestTheFileHoldsNoSecretInAnySpelling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		path := filepath.Join(folder, "logins.json")
		secret := map[string]string{
			"password": `p<ä&"ss` + "\t/+word", "access key": "a0c1e55a0c1e55a0c1e55", "secret key": "5ec2e75ec2e75ec2e75ec2e7",
			"certificate": "-----BEGIN PRIVATE KEY-----\nMIGEAgEAMBAGByqGSM49\n-----END PRIVATE KEY-----\n", "user": "the-user-name", "console": "console.example.org",
		}
		var shown strings.Builder
		var log logged
		r := process(path, &log)
		r.file.reckon = nil // as the program does
		for _, s := range []*secrets{
			{Credentials: scapi.Credentials{Username: secret["user"], Password: secret["password"]}},
			{Credentials: scapi.Credentials{AccessKey: secret["access key"], SecretKey: secret["secret key"]}},
			{certificate: []byte(secret["certificate"])},
		} {
			g := s.guard(t, r, "https://"+secret["console"])
			for range 3 {
				if err := g.Allow(t.Context()); err != nil {
					t.Fatal(err)
				}
				entries, err := os.ReadDir(folder) // during the login, so that its lock is there
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range entries {
					fmt.Fprintln(&shown, e.Name(), content(t, filepath.Join(folder, e.Name())))
				}
				g.Done(errRefused)
				fmt.Fprintln(&shown, content(t, path))
				time.Sleep(time.Hour)
			}
			fmt.Fprintln(&shown, g.Allow(t.Context()))
		}
		s, err := parseState([]byte(content(t, path)))
		if err != nil || len(s.Refused) != 3 {
			t.Fatalf("%v, %v: want three entries", s, err)
		}
		text := strings.ToLower(shown.String() + log.text())
		for what, plain := range secret {
			for _, piece := range append(strings.FieldsFunc(plain, func(c rune) bool { return strings.ContainsRune("\n\t<&\"/+ ", c) }), plain) {
				if len(piece) < 4 {
					continue
				}
				quoted, err := json.Marshal(piece)
				if err != nil {
					t.Fatal(err)
				}
				for _, spelling := range []string{
					piece, strings.Trim(string(quoted), `"`), url.QueryEscape(piece), url.QueryEscape(url.QueryEscape(piece)), url.PathEscape(piece), html.EscapeString(piece),
					hex.EncodeToString([]byte(piece)), strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(piece)), "="),
				} {
					if strings.Contains(text, strings.ToLower(spelling)) {
						t.Errorf("the %s is in the file or the log as %q", what, spelling)
					}
				}
			}
		}
	})
}

func TestNothingIsReckonedWhileNobodyIsRefused(t *testing.T) {
	path := statePath(t)
	r := process(path, nil)
	reckoned := 0
	r.file.reckon = func(_, _ []byte) []byte { reckoned++; return []byte("key") }
	for range 5 {
		g := user("right").guard(t, r, address)
		if err := g.Allow(t.Context()); err != nil {
			t.Fatal(err)
		}
		g.Done(nil)
	}
	if reckoned != 0 {
		t.Errorf("reckoned %d times for logins that work", reckoned)
	}
	g := user("wrong").guard(t, r, address)
	refuse(t, g)
	for range 5 {
		if allowed(t, g) {
			t.Fatal("allowed")
		}
	}
	if reckoned != 1 {
		t.Errorf("reckoned %d times for one login, want 1", reckoned)
	}
}

func TestTheLatestRefusalsAreKept(t *testing.T) {
	s := &state{Version: stateVersion, Salt: newSalt(), Refused: map[string]refusal{}}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range mostRefusals + 10 {
		s.Refused[fmt.Sprint(i)] = refusal{Count: 3, Last: start.Add(time.Duration(i) * time.Second)}
	}
	s.prune()
	if _, old := s.Refused["9"]; old || len(s.Refused) != mostRefusals {
		t.Errorf("%d entries, the oldest among them: %v", len(s.Refused), old)
	}
	path := statePath(t)
	process(path, nil)
	if err := s.write(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > regularfile.Most {
		t.Errorf("a full file has %d bytes, and %d are read: %v", info.Size(), regularfile.Most, err)
	}
}

func TestTheFileIsWhereTheUsersStateIs(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	below := filepath.Join("securitycenter_exporter", "logins.json")
	user, otherwise := "XDG_STATE_HOME", filepath.Join(home, ".local", "state", below)
	if runtime.GOOS == "windows" {
		user, otherwise = "LocalAppData", filepath.Join(home, "AppData", "Local", below)
	}
	folder := t.TempDir()
	two := folder + string(filepath.ListSeparator) + home
	for name, test := range map[string]struct{ service, user, home, want string }{
		"a service":                    {folder, home, home, filepath.Join(folder, "logins.json")},
		"a service with two folders":   {two, home, home, filepath.Join(folder, "logins.json")},
		"a user with a folder":         {"", folder, home, filepath.Join(folder, below)},
		"a user with a relative one":   {"", "state", home, otherwise},
		"a user":                       {"", "", home, otherwise},
		"nobody who has a folder here": {"", "", "", ""},
	} {
		t.Setenv("STATE_DIRECTORY", test.service)
		t.Setenv(user, test.user)
		t.Setenv("HOME", test.home)
		t.Setenv("USERPROFILE", test.home)
		if got := DefaultStateFile(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// FuzzStateFile finds any content where the state file should be: there is at most
// one warning, and what is refused afterwards is remembered.
func FuzzStateFile(f *testing.F) {
	const salt = `"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="`
	for _, seed := range []string{
		"", "\n", "{", "[]", "null", "{}", `{"version":1}`, `{"version":1,` + salt + `}`, `{"version":1,` + salt + `,"refused":null}`,
		`{"version":1,` + salt + `,"refused":{"a2V5":{"refusals":2,"last":"2026-01-01T00:00:00Z","next":"2026-01-01T01:00:00Z"}}}`,
		`{"version":1,` + salt + `,"refused":{"a2V5":{"refusals":3,"last":"9999-12-31T23:59:59Z"}}}`,
		`{"version":1,` + salt + `,"refused":{"a2V5":{"refusals":-1,"last":"2026-01-01T00:00:00+25:00","next":0}}}`,
		`{"version":"1","salt":[],"refused":[]}`, "\xff\xfe{\x00", "{\"version\":1,\"refused\":{\"\x00\":{}}}",
	} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "logins.json")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := parseState(content)
		if err != nil && s != nil {
			t.Error("a state beside an error")
		}
		var log logged
		r := process(path, &log)
		reckon := func(text, _ []byte) []byte { // argon2 would take all the time
			if bytes.Contains(text, []byte("known")) {
				return []byte("key") // of the seeds
			}
			return text
		}
		r.file.reckon = reckon
		if n := log.warnings(); n > 1 || (n == 1) != (err != nil) {
			t.Errorf("%d warnings of %v", n, err)
		}
		known := user("known").guard(t, r, address)
		_ = known.Allow(t.Context()) // whatever the file says
		known.Done(errRefused)
		g := user("wrong").guard(t, r, "https://other.example.org")
		if err := g.Allow(t.Context()); err == nil {
			g.Done(errRefused)
		}
		next := process(path, &log)
		next.file.reckon = reckon
		if err := user("wrong").guard(t, next, "https://other.example.org").Allow(t.Context()); err == nil {
			t.Error("the next process tries again at once")
		}
	})
}
