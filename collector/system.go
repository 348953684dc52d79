package collector

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var (
	fromSystem      = Source{REST: "GET /system", RPC: "system::init", Cost: "1 request"}
	fromLicence     = Source{REST: "GET /status", RPC: "system::init", Cost: "1 request, the same for all that has this source"}
	fromAddresses   = Source{REST: "GET /status", RPC: "repository::init", Cost: "1 request, the same for all that has this source"}
	fromJobs        = Source{REST: "GET /job", Cost: "1 request"}
	fromDiagnostics = Source{REST: "GET /system/diagnostics", Cost: "1 request"}
)

// lateAfter is how long after it was due a job that has not begun is late.
const lateAfter = 5 * time.Minute

var (
	systemInfo = &Family{
		Name:   "securitycenter_info",
		Source: fromSystem,
		Help:   "What the console says about itself; the value is 1. A label is empty where the console does not say.",
		Labels: []string{"version", "build_id", "acas", "classification"},
	}
	systemLicenseValid = &Family{
		Name:   "securitycenter_license_valid",
		Source: fromLicence,
		Help:   "Whether the licence is valid (1) or not (0). Absent if the console does not say.",
	}
	systemLicenseUsed = &Family{
		Name:   "securitycenter_license_ips_used",
		Source: fromAddresses,
		Help:   "Addresses that count against the licence. Absent if the console does not say.",
	}
	systemLicenseLimit = &Family{
		Name:   "securitycenter_license_ips_limit",
		Source: fromAddresses,
		Help:   "Addresses that the licence allows. Absent if the console does not say, or says 0.",
	}
	systemJobDaemonRunning = &Family{
		Name:   "securitycenter_job_daemon_running",
		Source: fromStatus,
		Help:   "Whether the job daemon, which runs scans and imports, is running (1) or not (0). Absent if the console does not say.",
	}
	systemJobs = &Family{
		Name:   "securitycenter_jobs",
		Source: fromJobs,
		Help:   "Jobs in the queue by type and state: running, waiting, or late, which is due more than 5 minutes ago and not begun. Types without a job are absent.",
		Labels: []string{"type", "state"},
	}
	systemBackupSuccess = &Family{
		Name:   "securitycenter_database_backup_last_success_timestamp_seconds",
		Source: fromStatus,
		Help:   "Time of the last good back-up of the console's database, in seconds since the epoch. Absent if there was none or the console does not say.",
	}
	systemBackupFailure = &Family{
		Name:   "securitycenter_database_backup_last_failure_timestamp_seconds",
		Source: fromStatus,
		Help:   "Time of the last failed back-up of the console's database, in seconds since the epoch. Absent if there was none or the console does not say.",
	}
	systemDiagnosticOK = &Family{
		Name:      "securitycenter_diagnostic_ok",
		Stability: Experimental,
		Source:    fromDiagnostics,
		Help:      "Whether a self-check of the console (java, rpm, disk) passed (1) or not (0).",
		Labels:    []string{"check"},
	}
	systemDiagnosticLastCheck = &Family{
		Name:      "securitycenter_diagnostic_last_check_timestamp_seconds",
		Stability: Experimental,
		Source:    fromDiagnostics,
		Help:      "Time of the console's last self-check, in seconds since the epoch. Absent if there was none.",
	}
)

// systemCollector tells version, licence, job queue, back-up and self-checks. REST GET
// /system, /status, /job, /system/diagnostics; RPC system::init and
// repository::init.
func systemCollector() *Collector {
	return &Collector{
		Name:     "system",
		Help:     "Version, licence, job queue, database back-up and self-checks of the console.",
		Interval: 5 * time.Minute,
		Default:  true,
		Account:  scapi.Administrator,
		Families: []*Family{systemInfo, systemLicenseValid, systemLicenseUsed, systemLicenseLimit, systemJobDaemonRunning, systemJobs, systemBackupSuccess, systemBackupFailure, systemDiagnosticOK, systemDiagnosticLastCheck},
		New:      stateless(loadSystem),
	}
}

func loadSystem(ctx context.Context, c *findings.Console, _ Settings, m *Metrics) error {
	err := read(ctx, c, m, "console information", scapi.Administrator, (*scapi.Client).System, func(s scapi.System) {
		acas := ""
		if s.ACAS.Valid {
			acas = strconv.FormatBool(s.ACAS.Value)
		}
		m.Set(systemInfo, 1, s.Version, s.BuildID, acas, s.Classification)
	})
	if err != nil {
		return err
	}
	err = read(ctx, c, m, "status", scapi.Administrator, (*scapi.Client).Status, func(s scapi.Status) {
		if s.LicenseStatus != "" {
			m.Set(systemLicenseValid, OneIf(isValid(s.LicenseStatus)))
		}
		if s.LicenseErr != nil {
			m.lacking(systemLicenseUsed, s.LicenseErr)
		}
		SetOpt(m, systemLicenseUsed, s.ActiveIPs)
		if s.LicensedIPs.Value > 0 {
			SetOpt(m, systemLicenseLimit, s.LicensedIPs)
		}
		SetOpt(m, systemJobDaemonRunning, s.JobDaemonRunning)
		m.SetTime(systemBackupSuccess, s.LastBackupSuccess)
		m.SetTime(systemBackupFailure, s.LastBackupFailure)
	})
	if err != nil {
		return err
	}
	err = read(ctx, c, m, "job queue", scapi.Administrator, (*scapi.Client).Jobs, func(queue []scapi.Job) {
		countJobs(m, queue, c.Now())
	})
	if err != nil {
		return err
	}
	return read(ctx, c, m, "diagnostics", scapi.Administrator, (*scapi.Client).Diagnostics, func(d scapi.Diagnostics) {
		SetOpt(m, systemDiagnosticOK, d.Java, "java")
		SetOpt(m, systemDiagnosticOK, d.RPM, "rpm")
		SetOpt(m, systemDiagnosticOK, d.Disk, "disk")
		m.SetTime(systemDiagnosticLastCheck, d.LastChecked)
	})
}

func countJobs(m *Metrics, queue []scapi.Job, now time.Time) {
	type states struct{ running, waiting, late int }
	byType := map[string]*states{}
	seen := map[string]bool{}
	for _, j := range queue {
		if j.ID != "" && seen[j.ID] {
			continue // a job that another list repeats is one
		}
		seen[j.ID] = true
		kind := labelValue(j.Type)
		s := byType[kind]
		if s == nil {
			s = &states{}
			byType[kind] = s
		}
		switch {
		case j.Running:
			s.running++
		case !j.Target.IsZero() && now.Sub(j.Target) > lateAfter:
			s.late++
		default:
			s.waiting++
		}
	}
	for kind, s := range byType {
		m.Set(systemJobs, float64(s.running), kind, "running")
		m.Set(systemJobs, float64(s.waiting), kind, "waiting")
		m.Set(systemJobs, float64(s.late), kind, "late")
	}
}

// isValid reads the console's words for licences and subscriptions.
func isValid(status string) bool { return strings.EqualFold(status, "valid") }
