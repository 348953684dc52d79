package exporter

import (
	"math"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
)

var (
	up = &collector.Family{
		Name: "securitycenter_up",
		Help: "Whether the latest load of any collector got an answer from the console through any account (1) or not (0). Loads that ended more than twice the shortest interval before the newest one do not count.",
	}
	accountUp = &collector.Family{
		Name:   "securitycenter_account_up",
		Help:   "Whether the latest call through the account got an answer (1) or not (0). Absent before the first.",
		Labels: []string{"account"},
	}
	accountBlocked = &collector.Family{
		Name:   "securitycenter_account_blocked",
		Help:   "Whether the account is left alone (1) because its login was refused three times, until its credentials change.",
		Labels: []string{"account"},
	}
	collectorSuccess = &collector.Family{
		Name:   "securitycenter_collector_success",
		Help:   "Whether the latest load of the collector succeeded (1) or failed (0). Absent before the first ended, and where no account may read anything of it.",
		Labels: []string{"collector"},
	}
	collectorPermitted = &collector.Family{
		Name:   "securitycenter_collector_permitted",
		Help:   "Whether some configured account can supply something of the collector (1) or none can (0). Absent until that is known.",
		Labels: []string{"collector"},
	}
	collectorDuration = &collector.Family{
		Name:   "securitycenter_collector_duration_seconds",
		Help:   "Duration of the collector's latest load in seconds, waiting for its turn included. Absent before the first ended.",
		Labels: []string{"collector"},
	}
	collectorLastSuccess = &collector.Family{
		Name:   "securitycenter_collector_last_success_timestamp_seconds",
		Help:   "Time when the data shown was read, in seconds since the epoch: the start of the latest successful load. Absent if there was none.",
		Labels: []string{"collector"},
	}
	collectorInterval = &collector.Family{
		Name:   "securitycenter_collector_interval_seconds",
		Help:   "Age in seconds at which the collector's data is read again: the configured interval, or more where loads take long.",
		Labels: []string{"collector"},
	}
	collectorMaxAge = &collector.Family{
		Name:   "securitycenter_collector_max_age_seconds",
		Help:   "Age in seconds at which the collector's data is no longer shown.",
		Labels: []string{"collector"},
	}
	collectorSeries = &collector.Family{
		Name:   "securitycenter_collector_series",
		Help:   "Series that the collector shows.",
		Labels: []string{"collector"},
	}
	collectorSeriesDropped = &collector.Family{
		Name:   "securitycenter_collector_series_dropped",
		Help:   "Series that the collector leaves out because of its max_series.",
		Labels: []string{"collector"},
	}
	clockSkew = &collector.Family{
		Name: "securitycenter_clock_skew_seconds",
		Help: "The console's clock minus ours in seconds, as of its latest answer, to within a second. Absent before the first answer.",
	}
	certificateNotAfter = &collector.Family{
		Name: "securitycenter_tls_certificate_not_after_timestamp_seconds",
		Help: "End of the validity of the console's TLS certificate, in seconds since the epoch. Absent without TLS.",
	}
	filterSupported = &collector.Family{
		Name:   "securitycenter_query_filter_supported",
		Help:   "Whether the console takes an optional query filter (1) or refused it (0). Absent for filters that were not tried.",
		Labels: []string{"filter"},
	}
	checkOK = &collector.Family{
		Name:   "securitycenter_check_ok",
		Help:   "Whether an identity that the numbers rest on holds (1) or the console contradicts itself (0), as of the latest questions that are asked anyway: accepted_risk (accepted and not accepted findings add up to all), compliance (plugin ids and the plugin type tell the same results of audits apart), one_row (the totals beside the first row add up), host_total (a plugin's hosts by plugin and by host are equal). Absent for what was not checked.",
		Labels: []string{"check"},
	}

	healthFamilies = []*collector.Family{
		up, accountUp, accountBlocked, collectorSuccess, collectorPermitted, collectorDuration, collectorLastSuccess,
		collectorInterval, collectorMaxAge, collectorSeries, collectorSeriesDropped, clockSkew, certificateNotAfter, filterSupported, checkOK,
	}
)

// health returns what is known of the console itself and of the viewed
// collectors, and what was asked of the console. It never expires.
func (t *target) health(views, all []view) ([]*dto.MetricFamily, error) {
	m := collector.NewMetrics(collector.Settings{})
	m.Set(up, collector.OneIf(answered(all)))
	for _, a := range t.console.Accounts() {
		s := a.State()
		if s.Used {
			m.Set(accountUp, collector.OneIf(s.Up), s.Name)
		}
		m.Set(accountBlocked, collector.OneIf(s.Blocked), s.Name)
	}
	for _, v := range views {
		name := v.collector.Name
		m.Set(collectorInterval, v.interval.Seconds(), name)
		m.Set(collectorMaxAge, v.maxAge.Seconds(), name)
		m.Set(collectorSeries, float64(v.series), name)
		m.Set(collectorSeriesDropped, float64(v.dropped), name)
		m.SetTime(collectorLastSuccess, v.readAt, name)
		collector.SetOpt(m, collectorPermitted, v.permitted, name)
		if v.health.tried {
			m.Set(collectorDuration, v.health.duration.Seconds(), name)
		}
		if v.health.tried && !v.health.notAllowed() {
			m.Set(collectorSuccess, collector.OneIf(v.health.success()), name)
		}
	}
	if skew, ok := t.console.ClockSkew(); ok {
		m.Set(clockSkew, skew.Seconds())
	}
	m.SetTime(certificateNotAfter, t.console.CertificateNotAfter())
	for filter, supported := range t.console.SupportedFilters() {
		m.Set(filterSupported, collector.OneIf(supported), filter)
	}
	for check, holds := range t.console.Checks() {
		m.Set(checkOK, collector.OneIf(holds), check)
	}
	traffic, err := t.console.Traffic()
	return append(m.Snapshot(healthFamilies).Families(), traffic...), err
}

// answered reports whether the latest load of any collector got an answer.
// Loads that ended long before the newest one say nothing of now: collectors
// with long intervals would keep a dead console up.
func answered(all []view) bool {
	var newest time.Time
	recent := time.Duration(math.MaxInt64)
	for _, v := range all {
		recent = min(recent, 2*v.interval)
		if v.health.tried {
			newest = latest(newest, v.health.ended)
		}
	}
	return slices.ContainsFunc(all, func(v view) bool {
		return v.health.tried && v.health.answered && newest.Sub(v.health.ended) <= recent
	})
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
