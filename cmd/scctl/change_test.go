package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// edits counts the requests that change something.
func edits(console *sctest.Server) int {
	return console.Count(func(r sctest.Request) bool {
		return r.Method == http.MethodPatch || strings.HasSuffix(r.Endpoint, "::edit") || strings.Contains(strings.ToLower(r.Endpoint), "import") || strings.Contains(r.Endpoint, "upload")
	})
}

func TestAChangeIsMadeOnlyWhenItIsConfirmed(t *testing.T) {
	for _, dialect := range dialects {
		for _, c := range []struct {
			name, answer string
			flags        []string
			code, edits  int
		}{
			{"a yes goes on", "y\n", nil, exitDone, 1},
			{"a whole yes too", "YES\n", nil, exitDone, 1},
			{"a no does not", "n\n", nil, exitDeclined, 0},
			{"nor does an empty line", "\n", nil, exitDeclined, 0},
			{"nor silence", "", nil, exitDeclined, 0},
			{"--yes does not ask", "", []string{"--yes"}, exitDone, 1},
			{"--dry-run changes nothing", "", []string{"--dry-run"}, exitDone, 0},
		} {
			t.Run(dialect.String()+" "+c.name, func(t *testing.T) {
				console := start(t, dialect)
				asAnalyst(t)
				args := append([]string{"--url", console.URL, "asset", "update", "8", "--name", "Renamed"}, c.flags...)
				r := scctlWith(t.Context(), c.answer, args...)
				if r.code != c.code || edits(console) != c.edits {
					t.Errorf("code %d, %d edits; want %d, %d: %s%s", r.code, edits(console), c.code, c.edits, r.stdout, r.stderr)
				}
				if c.flags == nil && !strings.Contains(r.stderr, "Asset list 8: change name.") {
					t.Errorf("asked %q", r.stderr)
				}
				assets := succeed(t, "--url", console.URL, "assets", "--fields", "id,name", "--format", "csv")
				if got := strings.Contains(assets, "8,Renamed"); got != (c.edits > 0) {
					t.Errorf("renamed: %t\n%s", got, assets)
				}
			})
		}
	}
}

func TestADryRunShowsTheRequestWithoutItsSecrets(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("hunter2-hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			console := start(t, dialect)
			asAnalyst(t)
			id := credentialID(t, console)
			out := succeed(t, "--url", console.URL, "credential", "update", id, "--username", "scanner", "--password-file", secret, "--dry-run")
			if edits(console) != 0 {
				t.Error("something was changed")
			}
			if strings.Contains(out, "hunter2") || !strings.Contains(out, "scanner") || !strings.Contains(out, "password") {
				t.Errorf("shown: %s", out)
			}
		})
	}
}

// credentialID is the id of the console's first windows credential.
func credentialID(t *testing.T, console *sctest.Server) string {
	t.Helper()
	for line := range strings.Lines(succeed(t, "--url", console.URL, "credentials", "--fields", "id,type", "--format", "csv")) {
		if id, kind, _ := strings.Cut(strings.TrimSpace(line), ","); kind == "windows" {
			return id
		}
	}
	t.Fatal("no windows credential")
	return ""
}

func TestASecretComesFromAFileOrStandardInput(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			console := start(t, dialect)
			asAnalyst(t)
			id := credentialID(t, console)
			r := scctlWith(t.Context(), "from-standard-input\n", "--url", console.URL, "credential", "update", id, "--password-file", "-", "--yes")
			if r.code != exitDone {
				t.Fatalf("code %d: %s", r.code, r.stderr)
			}
			stored, _ := console.Credential(id)
			if got := stored.Fields["password"]; got != "from-standard-input" {
				t.Errorf("the console's password is %q", got)
			}
			r = scctlWith(t.Context(), "other\n", "--url", console.URL, "credential", "update", id, "--password-file", "-")
			if r.code != exitUsage {
				t.Errorf("code %d without --yes: %s", r.code, r.stderr)
			}
		})
	}
}

func TestAKeyIsUploadedBeforeItIsNamed(t *testing.T) {
	key := filepath.Join(t.TempDir(), "id_new")
	if err := os.WriteFile(key, []byte("a private key"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			console := start(t, dialect)
			asAnalyst(t)
			const ssh = "1000002"
			succeed(t, "--url", console.URL, "credential", "update", ssh, "--private-key-file", key, "--dry-run")
			if uploads := console.Uploads(); len(uploads) != 0 {
				t.Errorf("a dry run uploaded %d files", len(uploads))
			}
			succeed(t, "--url", console.URL, "credential", "update", ssh, "--private-key-file", key, "--yes")
			stored, _ := console.Credential(ssh)
			uploads := console.Uploads()
			if len(uploads) != 1 || string(uploads[0].Content) != "a private key" || stored.Fields["privateKey"] != uploads[0].Handle {
				t.Errorf("uploads %+v, credential %+v", uploads, stored.Fields)
			}
		})
	}
}

func TestAddressesMayComeFromAFile(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	r := scctlWith(t.Context(), "192.0.2.1\n192.0.2.8/29, 198.51.100.7\n", "--url", console.URL, "asset", "update", "8", "--ips-file", "-", "--yes", "--format", "json", "--fields", "ips")
	if r.code != exitDone || !strings.Contains(r.stdout, `["192.0.2.1","192.0.2.8/29","198.51.100.7"]`) {
		t.Errorf("code %d: %s%s", r.code, r.stdout, r.stderr)
	}
}

func TestAnUnknownObjectIsNotFoundAndNotEdited(t *testing.T) {
	for _, dialect := range dialects {
		console := start(t, dialect)
		asAnalyst(t)
		fail(t, exitNotFound, "--url", console.URL, "asset", "update", "4711", "--name", "x", "--yes")
		fail(t, exitNotFound, "--url", console.URL, "credential", "update", "4711", "--name", "x", "--yes")
		if n := edits(console); n != 0 {
			t.Errorf("%s: %d edits", dialect, n)
		}
	}
}

func TestATemplateIsImported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "template.xml")
	if err := os.WriteFile(path, []byte("<dashboard/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dialect := range dialects {
		for _, what := range []string{"dashboard", "report"} {
			t.Run(dialect.String()+" "+what, func(t *testing.T) {
				console := start(t, dialect)
				asAnalyst(t)
				succeed(t, "--url", console.URL, what, "import", "My template", path, "--dry-run")
				if n := edits(console); n != 0 {
					t.Errorf("a dry run made %d requests", n)
				}
				succeed(t, "--url", console.URL, what, "import", "My template", path, "--yes")
				imports := console.Imports()
				if len(imports) != 1 || imports[0].Name != "My template" || string(imports[0].Content) != "<dashboard/>" {
					t.Errorf("imports %+v", imports)
				}
			})
		}
	}
}

func TestAQuestionEndsWithTheInterrupt(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	ctx, interrupt := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	defer writer.Close()
	var out, errs strings.Builder
	done := make(chan int)
	go func() {
		done <- run(ctx, []string{"--url", console.URL, "asset", "update", "8", "--name", "x"}, reader, &out, &errs)
	}()
	interrupt()
	if code := <-done; code != exitInterrupted || edits(console) != 0 {
		t.Errorf("code %d, %d edits: %s", code, edits(console), errs.String())
	}
}
