package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
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
		return pages(ctx, p, rowType[Host]{reader: newHostReader, lent: true}, f)
	})
}

const hostTool = "sumip"

// hostReader reads rows of hosts. It remembers what the row before was like,
// because the next one has its columns in the same order, and much the same in
// some of them.
type hostReader struct {
	keeper       keeper
	order        []guess
	latest       [lastRepeated]repeated
	repositories []repository // the latest ones, each as it is written
	pluginSet    struct {     // the latest one
		raw  []byte
		time time.Time
	}
}

// guess is a column at its place in the row before.
type guess struct {
	text []byte // the name as it is written, with what is around it: ,"ip":
	read hostColumn
}

// repeated is the latest value of a column that many rows have in common.
type repeated struct {
	raw  []byte
	text string
}

// The columns of which hostReader keeps the latest value.
const (
	policyName = iota
	osCPE
	uniqueness
	hostUniqueness
	repositoryID
	lastRepeated
)

// hostColumn reads the value of one column.
type hostColumn func(r *hostReader, in *wire.Reader, host *Host)

func newHostReader() rowReader[Host] { return new(hostReader).read }

func (r *hostReader) read(in *wire.Reader, host *Host) {
	in.Kind()
	start := in.Offset()
	if in.Begin('{') {
		for place := 0; ; place++ {
			if place < len(r.order) && in.Guess(r.order[place].text) {
				r.order[place].read(r, in, host)
			} else if read := r.learn(in, place); read != nil {
				read(r, in, host)
			} else {
				break
			}
		}
	} else {
		in.Value()
	}
	host.Raw = r.keeper.raw(in.Since(start))
}

// learn reads the name of the next column and returns who reads its value, or
// nil at the end of the row.
func (r *hostReader) learn(in *wire.Reader, place int) hostColumn {
	start := in.Offset()
	if !in.Next('}') {
		return nil
	}
	read, known := hostColumns[string(in.Key())]
	if !known {
		read = skipColumn
	}
	if place < maxGuesses {
		if place == len(r.order) {
			r.order = append(r.order, guess{})
		}
		r.order[place] = guess{append(r.order[place].text[:0], in.Since(start)...), read}
	}
	return read
}

// maxGuesses is far beyond the width of any row of hosts.
const maxGuesses = 100

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

	"policyName":     func(r *hostReader, in *wire.Reader, h *Host) { h.PolicyName = r.repeated(in, policyName) },
	"osCPE":          func(r *hostReader, in *wire.Reader, h *Host) { h.OSCPE = r.repeated(in, osCPE) },
	"uniqueness":     func(r *hostReader, in *wire.Reader, h *Host) { h.Uniqueness = r.repeated(in, uniqueness) },
	"hostUniqueness": func(r *hostReader, in *wire.Reader, h *Host) { h.HostUniqueness = r.repeated(in, hostUniqueness) },

	"repository": (*hostReader).readRepository,
	"repositoryID": func(r *hostReader, in *wire.Reader, h *Host) {
		if id := r.repeated(in, repositoryID); h.RepositoryID == "" {
			h.RepositoryID = id
		}
	},

	"score":            func(_ *hostReader, in *wire.Reader, h *Host) { h.Score = count(in) },
	"total":            func(_ *hostReader, in *wire.Reader, h *Host) { h.Total = count(in) },
	"severityInfo":     countColumn(Info),
	"severityLow":      countColumn(Low),
	"severityMedium":   countColumn(Medium),
	"severityHigh":     countColumn(High),
	"severityCritical": countColumn(Critical),
	"low":              countColumn(Low),
	"medium":           countColumn(Medium),
	"high":             countColumn(High),
	"critical":         countColumn(Critical),

	"pluginSet":     (*hostReader).readPluginSet,
	"lastAuthRun":   func(_ *hostReader, in *wire.Reader, h *Host) { h.LastAuthRun = in.Time() },
	"lastUnauthRun": func(_ *hostReader, in *wire.Reader, h *Host) { h.LastUnauthRun = in.Time() },

	"acrScore":           func(_ *hostReader, in *wire.Reader, h *Host) { h.ACRScore = score(in) },
	"assetExposureScore": func(_ *hostReader, in *wire.Reader, h *Host) { h.AssetExposureScore = score(in) },
}

func skipColumn(_ *hostReader, in *wire.Reader, _ *Host) { in.Value() }

// countColumn reads a number of findings of one severity.
func countColumn(s Severity) hostColumn {
	return func(_ *hostReader, in *wire.Reader, h *Host) {
		if n, ok := count(in).Get(); ok {
			h.Counts.Value[s], h.Counts.Valid = n, true
		}
	}
}

// count reads a number that is unknown when it is negative.
func count(in *wire.Reader) Opt[int64] {
	n, ok := in.Int()
	if !ok || n < 0 {
		return Opt[int64]{}
	}
	return Some(n)
}

// score reads a number that is unknown when it is negative.
func score(in *wire.Reader) Opt[float64] {
	n, ok := in.Float()
	if !ok || n < 0 {
		return Opt[float64]{}
	}
	return Some(n)
}

// text reads a text; "" for what consoles write where they know none.
func (r *hostReader) text(in *wire.Reader) string {
	text := in.Text()
	if len(text) <= len("N/A") && unknown(string(text)) {
		return ""
	}
	return r.keeper.text(text)
}

// repeated reads a text that is likely to be the one of the row before.
func (r *hostReader) repeated(in *wire.Reader, column int) string {
	latest := &r.latest[column]
	if in.Guess(latest.raw) {
		return latest.text
	}
	quoted := in.Kind() == '"'
	start := in.Offset()
	text := r.text(in)
	if quoted { // a number does not say where it ends
		latest.raw, latest.text = append(latest.raw[:0], in.Since(start)...), text
	}
	return text
}

// repository is one that other rows may be of, too.
type repository struct {
	raw []byte
	ref wire.Ref
}

// maxRepositories are remembered at a time.
const maxRepositories = 16

// readRepository reads {"id","name",…}, or an id alone. Those read before are
// known by their text: there are few of them.
func (r *hostReader) readRepository(in *wire.Reader, h *Host) {
	for i := range r.repositories {
		if known := &r.repositories[i]; in.Guess(known.raw) {
			h.RepositoryID, h.RepositoryName = string(known.ref.ID), string(known.ref.Name)
			return
		}
	}
	object := in.Kind() == '{'
	raw := in.Value()
	var ref wire.Ref
	_ = ref.UnmarshalJSON(raw) // never fails
	if !ref.Set() {
		return
	}
	h.RepositoryID, h.RepositoryName = string(ref.ID), string(ref.Name)
	if !object { // a number does not say where it ends
		return
	}
	if len(r.repositories) == maxRepositories {
		r.repositories = r.repositories[:0]
	}
	r.repositories = append(r.repositories, repository{slices.Clone(raw), ref})
}

// readPluginSet reads the date of the plugins, which hosts scanned on the same
// day have in common.
func (r *hostReader) readPluginSet(in *wire.Reader, h *Host) {
	latest := &r.pluginSet
	if in.Guess(latest.raw) {
		h.PluginSet = latest.time
		return
	}
	quoted := in.Kind() == '"'
	start := in.Offset()
	h.PluginSet = in.Stamp()
	if quoted {
		latest.raw, latest.time = append(latest.raw[:0], in.Since(start)...), h.PluginSet
	}
}
