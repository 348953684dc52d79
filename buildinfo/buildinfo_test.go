package buildinfo

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
)

func TestTheVersionIsTheBestThatIsKnown(t *testing.T) {
	module := func(version string) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}}
	}
	for _, x := range []struct {
		name, stamped string
		info          *debug.BuildInfo
		want          string
	}{
		{"a stamp wins", "1.2.3", module("v9.9.9"), "1.2.3"},
		{"go install has the version of the module", "", module("v1.2.3"), "1.2.3"},
		{"a build in a checkout has a commit", "", module("v0.0.0-20260101000000-0123456789ab+dirty"), "0.0.0-20260101000000-0123456789ab+dirty"},
		{"a build without version control", "", module("(devel)"), "devel"},
		{"a build whose module has no version", "", module(""), "devel"},
		{"a build that Go knows nothing of", "", nil, "devel"},
	} {
		t.Run(x.name, func(t *testing.T) {
			if got := versionOf(x.stamped, x.info); got != x.want {
				t.Errorf("version %q, want %q", got, x.want)
			}
		})
	}
}

func TestBothProgramsHaveAVersionHoweverTheyAreBuilt(t *testing.T) {
	exhaustive.Only(t)
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", dir, "..", "../cmd/scctl")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, program := range []string{"securitycenter_exporter", "scctl"} {
		out, err := exec.CommandContext(t.Context(), filepath.Join(dir, program), "--version").CombinedOutput()
		if err != nil {
			t.Fatalf("%s --version: %v\n%s", program, err, out)
		}
		want := regexp.MustCompile(`^` + program + `, version devel \(branch: unknown, revision: unknown\)\n` +
			`  build user:       unknown\n  build date:       unknown\n  go version:       go\S+\n  platform:         \w+/\w+\n  tags:             \S+\n$`)
		if !want.Match(out) {
			t.Errorf("%s --version says\n%s", program, out)
		}
	}
}
