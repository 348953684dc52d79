package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Host is a row of the host summary: what one repository knows of one address
// (or agent), and how many findings match there. The same machine in two
// repositories is two rows. Texts are empty, times zero and numbers absent where
// the console's version does not have the column, or does not know.
type Host struct {
	IP, UUID                         string
	DNSName, NetBIOSName, MACAddress string
	RepositoryID                     string
	RepositoryName                   string     // REST only
	Score                            Opt[int64] // the console's weighted sum of the findings
	Total                            Opt[int64] // findings
	Counts                           Opt[Counts]
	PolicyName                       string    // of the latest scan
	PluginSet                        time.Time // of the latest scan
	OSCPE                            string
	BIOSGUID, TPMID, McAfeeGUID      string
	LastAuthRun, LastUnauthRun       time.Time // latest scan with and without credentials that worked
	Uniqueness                       string    // the columns that make a host one, by their names
	HostUUID, HostUniqueness         string    // Security Center 6
	ACRScore, AssetExposureScore     Opt[float64]
	Raw                              json.RawMessage
}

// Hosts iterates over the rows of the tool sumip, which q.Tool may leave out: REST POST /analysis,
// RPC vuln::query. It is Rows with typed columns, all read in one pass. A failure is yielded
// once, as the last pair.
//
// Log events have no hosts in this sense, and another tool has other rows: both are errors before
// the request.
func (c *Client) Hosts(ctx context.Context, q Query) iter.Seq2[Host, error] {
	return each(func(f func([]Host, claims) error) error {
		switch {
		case q.Source == Events:
			return fmt.Errorf("hosts of log events: %w: their rows count events", ErrUnsupported)
		case q.Tool == "":
			q.Tool = hostTool
		case q.Tool != hostTool:
			return wrongArgument("query: hosts are the rows of %s, not of %s", hostTool, q.Tool)
		}
		p, err := c.plan(ctx, q)
		if err != nil {
			return err
		}
		shared := new(templates[hostTemplate])
		reader := func() rowReader[Host] { return newHostReader(q.ReuseRaw, shared) }
		return pages(ctx, p, rowType[Host]{reader: reader, lent: true}, f)
	})
}

const hostTool = "sumip"

// hostReader reads rows of hosts. It remembers what an earlier row was like,
// because the next one has its columns in the same order, and much the same in
// some of them.
type hostReader struct {
	keeper    keeper
	templates *templates[hostTemplate]
	layout    *layout[hostColumn] // of the latest template
	distance  int                 // see templates.choose
	rows      int
	// What many rows have in common.
	policyName, osCPE, uniqueness, hostUniqueness latest[string]
	repositories                                  refs
	pluginSet                                     latest[time.Time]
	// The row that is read.
	in   *wire.Reader
	host *Host
	told hostTold
	like *hostTemplate
}

// hostTemplate is a row, and what was read in it.
type hostTemplate struct {
	template[hostColumn]
	host Host
	told hostTold
}

// hostTold is what a row may tell in two columns, of which the first counts.
type hostTold struct {
	repository, repositoryID wire.Ref
	counts                   [2][len(Severities)]Opt[int64]
}

// hostColumn reads the value of one column, or takes it from a row that has the same.
// Nothing is known of a column that has neither.
type hostColumn struct{ read, same func(r *hostReader) }

func newHostReader(lends bool, shared *templates[hostTemplate]) rowReader[Host] {
	r := &hostReader{keeper: keeper{lends: lends}, templates: shared, layout: new(layout[hostColumn])}
	same := func(_ []place, columns []hostColumn, _ int) {
		for _, c := range columns {
			if c.same != nil {
				c.same(r)
			}
		}
	}
	read := func(_ int, c hostColumn) {
		if c.read != nil {
			c.read(r)
		} else {
			r.in.Value()
		}
	}
	return func(in *wire.Reader, host *Host) { r.row(in, host, same, read) }
}

func (r *hostReader) row(in *wire.Reader, host *Host, same func([]place, []hostColumn, int), read func(int, hostColumn)) {
	if in.Kind() != '{' {
		host.Raw = r.keeper.raw(in.Value())
		return
	}
	start := in.Offset()
	like, key := r.templates.choose(in, &r.distance)
	if like == nil {
		like = new(hostTemplate)
	}
	r.in, r.host, r.told, r.like, r.rows = in, host, hostTold{}, like, r.rows+1
	alike := like.walk(in, hostColumnOf, same, read)
	r.told.put(host)
	raw := in.Since(start)
	if in.Err() == nil && (!alike || r.rows%drift == 0) {
		made := &hostTemplate{templateOf(raw, r.layout, hostColumnOf), *host, r.told}
		r.templates.keep(key, made, len(raw))
		r.layout = made.layout
	}
	host.Raw = r.keeper.raw(raw)
}

func (t *hostTold) put(h *Host) {
	repository := refOf(t.repository, t.repositoryID)
	h.RepositoryID, h.RepositoryName = repository.ID, repository.Name
	for severity := range Severities {
		for i := range t.counts {
			if n, told := t.counts[i][severity].Get(); told {
				h.Counts.Value[severity], h.Counts.Valid = n, true
				break
			}
		}
	}
}

func hostColumnOf(name []byte) hostColumn { return hostColumns[string(name)] }

// hostColumns are the columns of sumip in all versions. SecurityCenter 4.0
// names severities without the prefix.
var hostColumns = map[string]hostColumn{
	"ip":          {func(r *hostReader) { r.host.IP = address(r.text(r.in)) }, func(r *hostReader) { r.host.IP = r.like.host.IP }},
	"uuid":        {func(r *hostReader) { r.host.UUID = r.text(r.in) }, func(r *hostReader) { r.host.UUID = r.like.host.UUID }},
	"dnsName":     {func(r *hostReader) { r.host.DNSName = r.text(r.in) }, func(r *hostReader) { r.host.DNSName = r.like.host.DNSName }},
	"netbiosName": {func(r *hostReader) { r.host.NetBIOSName = r.text(r.in) }, func(r *hostReader) { r.host.NetBIOSName = r.like.host.NetBIOSName }},
	"macAddress":  {func(r *hostReader) { r.host.MACAddress = r.text(r.in) }, func(r *hostReader) { r.host.MACAddress = r.like.host.MACAddress }},
	"biosGUID":    {func(r *hostReader) { r.host.BIOSGUID = r.text(r.in) }, func(r *hostReader) { r.host.BIOSGUID = r.like.host.BIOSGUID }},
	"tpmID":       {func(r *hostReader) { r.host.TPMID = r.text(r.in) }, func(r *hostReader) { r.host.TPMID = r.like.host.TPMID }},
	"mcafeeGUID":  {func(r *hostReader) { r.host.McAfeeGUID = r.text(r.in) }, func(r *hostReader) { r.host.McAfeeGUID = r.like.host.McAfeeGUID }},
	"hostUUID":    {func(r *hostReader) { r.host.HostUUID = r.text(r.in) }, func(r *hostReader) { r.host.HostUUID = r.like.host.HostUUID }},

	"policyName":     {func(r *hostReader) { r.host.PolicyName = r.policyName.read(r.in, r.text) }, func(r *hostReader) { r.host.PolicyName = r.like.host.PolicyName }},
	"osCPE":          {func(r *hostReader) { r.host.OSCPE = r.osCPE.read(r.in, r.text) }, func(r *hostReader) { r.host.OSCPE = r.like.host.OSCPE }},
	"uniqueness":     {func(r *hostReader) { r.host.Uniqueness = r.uniqueness.read(r.in, r.text) }, func(r *hostReader) { r.host.Uniqueness = r.like.host.Uniqueness }},
	"hostUniqueness": {func(r *hostReader) { r.host.HostUniqueness = r.hostUniqueness.read(r.in, r.text) }, func(r *hostReader) { r.host.HostUniqueness = r.like.host.HostUniqueness }},

	"repository":   {func(r *hostReader) { r.told.repository = r.repositories.read(r.in) }, func(r *hostReader) { r.told.repository = r.like.told.repository }},
	"repositoryID": {func(r *hostReader) { r.told.repositoryID = r.repositories.read(r.in) }, func(r *hostReader) { r.told.repositoryID = r.like.told.repositoryID }},

	"score":            {func(r *hostReader) { r.host.Score = count(r.in) }, func(r *hostReader) { r.host.Score = r.like.host.Score }},
	"total":            {func(r *hostReader) { r.host.Total = count(r.in) }, func(r *hostReader) { r.host.Total = r.like.host.Total }},
	"severityInfo":     countColumn(0, Info),
	"severityLow":      countColumn(0, Low),
	"severityMedium":   countColumn(0, Medium),
	"severityHigh":     countColumn(0, High),
	"severityCritical": countColumn(0, Critical),
	"info":             countColumn(1, Info),
	"low":              countColumn(1, Low),
	"medium":           countColumn(1, Medium),
	"high":             countColumn(1, High),
	"critical":         countColumn(1, Critical),

	"pluginSet":     {func(r *hostReader) { r.host.PluginSet = r.pluginSet.read(r.in, (*wire.Reader).Stamp) }, func(r *hostReader) { r.host.PluginSet = r.like.host.PluginSet }},
	"lastAuthRun":   {func(r *hostReader) { r.host.LastAuthRun = r.in.Time() }, func(r *hostReader) { r.host.LastAuthRun = r.like.host.LastAuthRun }},
	"lastUnauthRun": {func(r *hostReader) { r.host.LastUnauthRun = r.in.Time() }, func(r *hostReader) { r.host.LastUnauthRun = r.like.host.LastUnauthRun }},

	"acrScore":           {func(r *hostReader) { r.host.ACRScore = score(r.in) }, func(r *hostReader) { r.host.ACRScore = r.like.host.ACRScore }},
	"assetExposureScore": {func(r *hostReader) { r.host.AssetExposureScore = score(r.in) }, func(r *hostReader) { r.host.AssetExposureScore = r.like.host.AssetExposureScore }},
}

// countColumn reads a number of findings of one severity, from a column of one of the two names.
func countColumn(name int, s Severity) hostColumn {
	return hostColumn{
		func(r *hostReader) { r.told.counts[name][s] = count(r.in) },
		func(r *hostReader) { r.told.counts[name][s] = r.like.told.counts[name][s] },
	}
}

// text reads a text; "" for what consoles write where they know none.
func (r *hostReader) text(in *wire.Reader) string { return r.keeper.text(knownText(in.Text())) }
