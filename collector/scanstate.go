package collector

import (
	"slices"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// The console's words for the state of a scan and of its import, in our
// spelling. Others are "other", none at all is "unknown".
var (
	scanWords = []string{
		"queued", "preparing", "resolving_hostnames", "verifying_targets", "initializing_scanners", "running",
		"pausing", "paused", "resuming", "stopping", "stopped", "completed", "partial", "error",
	}
	importWords = []string{"no_results", "import_pending", "importing", "finished", "blocked", "error"}

	endedScanWords   = []string{"completed", "partial", "stopped", "error"}
	endedImportWords = []string{"finished", "no_results", "blocked", "error"}
)

func scanWord(status string) string   { return word(status, scanWords) }
func importWord(status string) string { return word(status, importWords) }

// KnownScanStatus reports whether a word of the console for the state of a scan is known; others are told as other.
func KnownScanStatus(status string) bool { return scanWord(status) != "other" }

// KnownImportStatus is KnownScanStatus for the state of the import of a scan.
func KnownImportStatus(status string) bool { return importWord(status) != "other" }

func word(said string, known []string) string {
	w := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(said)), " ", "_")
	switch {
	case w == "":
		return "unknown"
	case slices.Contains(known, w):
		return w
	default:
		return "other"
	}
}

// final returns the outcome of a result and whether it will not change any
// more: the scan has ended, and its import has, or the console does not tell
// of imports.
func final(r scapi.ScanResult) (outcome, bool) {
	o := outcome{scanWord(r.Status), importWord(r.ImportStatus)}
	scanEnded := slices.Contains(endedScanWords, o.status) ||
		(o.status == "other" || o.status == "unknown") && !r.Running && !r.Finish.IsZero()
	importEnded := slices.Contains(endedImportWords, o.imported) || o.imported == "unknown"
	if !slices.Contains(endedScanWords, o.status) {
		o.status = "other"
	}
	if !slices.Contains(endedImportWords, o.imported) {
		o.imported = "other"
	}
	return o, scanEnded && importEnded
}

// succeeded reports whether the scan was completed and its data imported.
// known is false while the import goes on, or where the console does not give
// both states.
func succeeded(r scapi.ScanResult) (success, known bool) {
	status, imported := scanWord(r.Status), importWord(r.ImportStatus)
	if status == "unknown" || imported == "unknown" || imported == "import_pending" || imported == "importing" {
		return false, false
	}
	return status == "completed" && imported == "finished", true
}
