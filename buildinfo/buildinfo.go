// Package buildinfo says which build of the programs runs: what `make build`
// stamped into it, else what Go knows of it.
package buildinfo

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/prometheus/common/version"
)

// unversioned is the version of a build that nothing is known of.
const unversioned = "devel"

// Version returns the version, without a v before it: the stamped one; else that
// of the module, which `go install …@VERSION` and a build in a git checkout have;
// else devel. It is never empty.
func Version() string {
	info, _ := debug.ReadBuildInfo()
	return versionOf(version.Version, info)
}

// versionOf is Version of a build with this stamp; info may be nil.
func versionOf(stamped string, info *debug.BuildInfo) string {
	module := ""
	if info != nil && info.Main.Version != "(devel)" {
		module = strings.TrimPrefix(info.Main.Version, "v")
	}
	return cmp.Or(stamped, module, unversioned)
}

// Revision returns the commit, or unknown.
func Revision() string { return version.GetRevision() }

// Text returns what a program prints for --version.
func Text(program string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, version %s (branch: %s, revision: %s)", program, Version(), known(version.Branch), Revision())
	for _, line := range []struct{ what, is string }{
		{"build user", known(version.BuildUser)},
		{"build date", known(version.BuildDate)},
		{"go version", runtime.Version()},
		{"platform", runtime.GOOS + "/" + runtime.GOARCH},
		{"tags", known(version.GetTags())},
	} {
		fmt.Fprintf(&b, "\n  %-17s %s", line.what+":", line.is)
	}
	return b.String()
}

func known(s string) string { return cmp.Or(s, "unknown") }

// UserAgent returns how the part of this project with that name introduces
// itself to a console, as the vendor asks integrations to.
func UserAgent(part string) string {
	return fmt.Sprintf("Integration/1.0 (securitycenter_exporter; %s; Build/%s)", part, Version())
}
