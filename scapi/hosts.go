package scapi

import (
	"context"
	"encoding/json"
	"errors"
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
			return errors.New("query: hosts are the rows of " + hostTool + ", not of " + q.Tool)
		}
		p, err := c.plan(ctx, q)
		if err != nil {
			return err
		}
		return pages(ctx, p, rowType[Host]{reader: newHostReader, lent: true}, f)
	})
}

const hostTool = "sumip"

// hostReader reads rows of hosts. It remembers what the row before was like,
// because the next one has its columns in the same order, and much the same in
// some of them.
type hostReader struct {
	keeper keeper
	order  order[hostColumn]
	// What many rows have in common.
	policyName, osCPE, uniqueness, hostUniqueness latest[string]
	repositories                                  refs
	pluginSet                                     latest[time.Time]
	told                                          hostTold
}

// hostTold is what a row may tell in two columns, of which the first counts.
type hostTold struct {
	repository, repositoryID wire.Ref
	counts                   [2][len(Severities)]Opt[int64]
}

// hostColumn reads the value of one column.
type hostColumn func(r *hostReader, in *wire.Reader, host *Host)

func newHostReader() rowReader[Host] { return new(hostReader).read }

func (r *hostReader) read(in *wire.Reader, host *Host) {
	in.Kind()
	start := in.Offset()
	if in.Begin('{') {
		r.told = hostTold{}
		for place := 0; ; place++ {
			read, more := r.order.next(in, place, hostColumnOf)
			if !more {
				break
			}
			read(r, in, host)
		}
		r.told.put(host)
	} else {
		in.Value()
	}
	host.Raw = r.keeper.raw(in.Since(start))
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

func hostColumnOf(name []byte) hostColumn {
	if read, known := hostColumns[string(name)]; known {
		return read
	}
	return func(_ *hostReader, in *wire.Reader, _ *Host) { in.Value() }
}

// hostColumns are the columns of sumip in all versions. SecurityCenter 4.0
// names severities without the prefix.
var hostColumns = map[string]hostColumn{
	"ip":          func(r *hostReader, in *wire.Reader, h *Host) { h.IP = address(r.text(in)) },
	"uuid":        func(r *hostReader, in *wire.Reader, h *Host) { h.UUID = r.text(in) },
	"dnsName":     func(r *hostReader, in *wire.Reader, h *Host) { h.DNSName = r.text(in) },
	"netbiosName": func(r *hostReader, in *wire.Reader, h *Host) { h.NetBIOSName = r.text(in) },
	"macAddress":  func(r *hostReader, in *wire.Reader, h *Host) { h.MACAddress = r.text(in) },
	"biosGUID":    func(r *hostReader, in *wire.Reader, h *Host) { h.BIOSGUID = r.text(in) },
	"tpmID":       func(r *hostReader, in *wire.Reader, h *Host) { h.TPMID = r.text(in) },
	"mcafeeGUID":  func(r *hostReader, in *wire.Reader, h *Host) { h.McAfeeGUID = r.text(in) },
	"hostUUID":    func(r *hostReader, in *wire.Reader, h *Host) { h.HostUUID = r.text(in) },

	"policyName":     func(r *hostReader, in *wire.Reader, h *Host) { h.PolicyName = r.policyName.read(in, r.text) },
	"osCPE":          func(r *hostReader, in *wire.Reader, h *Host) { h.OSCPE = r.osCPE.read(in, r.text) },
	"uniqueness":     func(r *hostReader, in *wire.Reader, h *Host) { h.Uniqueness = r.uniqueness.read(in, r.text) },
	"hostUniqueness": func(r *hostReader, in *wire.Reader, h *Host) { h.HostUniqueness = r.hostUniqueness.read(in, r.text) },

	"repository":   func(r *hostReader, in *wire.Reader, _ *Host) { r.told.repository = r.repositories.read(in) },
	"repositoryID": func(r *hostReader, in *wire.Reader, _ *Host) { r.told.repositoryID = r.repositories.read(in) },

	"score":            func(_ *hostReader, in *wire.Reader, h *Host) { h.Score = count(in) },
	"total":            func(_ *hostReader, in *wire.Reader, h *Host) { h.Total = count(in) },
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

	"pluginSet": func(r *hostReader, in *wire.Reader, h *Host) {
		h.PluginSet = r.pluginSet.read(in, (*wire.Reader).Stamp)
	},
	"lastAuthRun":   func(_ *hostReader, in *wire.Reader, h *Host) { h.LastAuthRun = in.Time() },
	"lastUnauthRun": func(_ *hostReader, in *wire.Reader, h *Host) { h.LastUnauthRun = in.Time() },

	"acrScore":           func(_ *hostReader, in *wire.Reader, h *Host) { h.ACRScore = score(in) },
	"assetExposureScore": func(_ *hostReader, in *wire.Reader, h *Host) { h.AssetExposureScore = score(in) },
}

// countColumn reads a number of findings of one severity, from a column of one of the two names.
func countColumn(name int, s Severity) hostColumn {
	return func(r *hostReader, in *wire.Reader, _ *Host) { r.told.counts[name][s] = count(in) }
}

// text reads a text; "" for what consoles write where they know none.
func (r *hostReader) text(in *wire.Reader) string { return r.keeper.text(knownText(in.Text())) }
