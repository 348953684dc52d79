package scapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// IPRecord is what a repository knows of an address.
type IPRecord struct {
	IP, UUID                   string
	RepositoryID, Repository   string
	DNSName, NetBIOSName       string
	MACAddress                 string
	OS, OSCPE                  string     // OS may hold line breaks
	PolicyName                 string     // of the latest scan
	Score, Total               Opt[int64] // SecurityCenter 4 may tell no total: then it is that of the counts, if all are told
	Counts                     Opt[Counts]
	HasPassive, HasCompliance  Opt[bool]
	LastScan                   time.Time // zero times: never or unknown
	LastAuthRun, LastUnauthRun time.Time // latest scan with and without credentials that worked
	Assets                     []Ref     // lists that the host is on; SecurityCenter 4
	Raw                        json.RawMessage
}

type wireIPRecord struct {
	IP, UUID, DNSName, NetbiosName, MACAddress wire.Str
	OS, OSCPE, PolicyName                      wire.Str
	Repository, RepositoryID                   wire.Ref // the second on SecurityCenter 4
	RepositoryName                             wire.Str
	Score, Total                               wire.Int
	HasPassive, HasCompliance                  wire.Bool
	LastScan, LastAuthRun, LastUnauthRun       wire.Epoch
	Assets                                     wire.List[wire.Ref]
}

// IPInfo returns what the repositories with these ids know of an address, a
// record each, or all repositories that the account sees if none is named.
// Repositories that do not know the address have no record. Where hosts of one
// repository share the address, the console tells of one of them; REST has a
// record of each if no repository is named.
//
// REST GET /repository/{id}/deviceInfo, before 5.12 ipInfo, for each
// repository; where none is named, an analysis of the address by the tool sumip
// tells which to ask. RPC vuln::getIP. To users of an organisation.
func (c *Client) IPInfo(ctx context.Context, ip string, repositoryIDs ...string) ([]IPRecord, error) {
	if _, err := netip.ParseAddr(ip); err != nil {
		return nil, wrongArgument("%q is no IP address", ip)
	}
	for _, id := range repositoryIDs {
		if err := checkID("repository", id); err != nil {
			return nil, err
		}
	}
	t, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	if t.dialect == RPC {
		return c.rpcIPInfo(ctx, ip, repositoryIDs, t.severities())
	}
	if len(repositoryIDs) == 0 {
		return c.ipInfoEverywhere(ctx, ip)
	}
	var records []IPRecord
	for _, id := range repositoryIDs {
		record, err := c.deviceInfo(ctx, ip, id)
		switch {
		case IsNotFound(err):
			continue
		case err != nil:
			return nil, err
		}
		records = append(records, record)
	}
	return records, nil
}

func (c *Client) rpcIPInfo(ctx context.Context, ip string, repositoryIDs []string, known []Severity) ([]IPRecord, error) {
	u := under[wireIPRecord]{key: "records"}
	input := map[string]any{"ip": ip, "repositories": idList(repositoryIDs)}
	if _, err := c.do(ctx, action("vuln", "getIP", input), &u); err != nil {
		return nil, err
	}
	records := make([]IPRecord, 0, len(u.list.Items))
	for i, w := range u.list.Items {
		records = append(records, w.record(u.list.Raw[i], known))
	}
	return records, nil
}

// ipInfoEverywhere asks the repositories that have findings of the address.
// What one of them does not tell more of, it has told by its findings: agents,
// for instance, are known by UUID rather than by address, and of several hosts
// that share the address it tells of one.
func (c *Client) ipInfoEverywhere(ctx context.Context, ip string) ([]IPRecord, error) {
	rows, err := c.Query(ctx, Query{Tool: "sumip", Filters: []Filter{{Name: "ip", Value: ip}}})
	if err != nil {
		return nil, err
	}
	of := map[string]int{} // rows by repository: hosts of one may share an address
	for _, row := range rows {
		of[row.Repository()]++
	}
	var records []IPRecord
	told := map[string]IPRecord{}
	for _, row := range rows {
		var w wireIPRecord
		_ = wire.Decode(row.Raw, &w) // what does not fit stays absent
		record := w.record(row.Raw, Severities[:])
		id := row.Repository()
		more, asked := told[id]
		if id != "" && !asked {
			var err error
			if more, err = c.deviceInfo(ctx, ip, id); err != nil && !IsNotFound(err) {
				return nil, err
			}
			told[id] = more
		}
		if more.Raw != nil && (of[id] == 1 || strings.EqualFold(more.DNSName, record.DNSName)) {
			record = more
		}
		records = append(records, record)
	}
	return records, nil
}

// deviceInfo asks one repository; ErrNotFound if it does not know the address.
func (c *Client) deviceInfo(ctx context.Context, ip, repositoryID string) (IPRecord, error) {
	r, err := c.hostObject(ctx, "deviceInfo", ip, repositoryID)
	var e *Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound {
		r, err = c.hostObject(ctx, "ipInfo", ip, repositoryID) // its name before 5.12
	}
	if err != nil {
		return IPRecord{}, err
	}
	if r.value.IP == "" {
		// An object without a host in it is how some versions say so.
		return IPRecord{}, fmt.Errorf("address %s in repository %s: %w", ip, repositoryID, ErrNotFound)
	}
	record := r.value.record(r.raw, Severities[:])
	if record.RepositoryID == "" {
		record.RepositoryID = repositoryID
	}
	return record, nil
}

func (c *Client) hostObject(ctx context.Context, name, ip, repositoryID string) (raws[wireIPRecord], error) {
	var r raws[wireIPRecord]
	_, err := c.do(ctx, call{endpoint: "/repository/{id}/" + name, rest: restCall{
		Method: http.MethodGet, Path: "/repository/" + repositoryID + "/" + name, Query: url.Values{"ip": {ip}},
	}}, &r)
	return r, err
}

// Count returns the findings of a severity; absent if the record does not tell.
func (r IPRecord) Count(s Severity) Opt[int64] { return Row{Raw: r.Raw}.Count(s) }

// record reads a record of a console that knows these severities.
func (w wireIPRecord) record(raw json.RawMessage, severities []Severity) IPRecord {
	repository := refOf(w.Repository, w.RepositoryID)
	if repository.Name == "" {
		repository.Name = string(w.RepositoryName)
	}
	return IPRecord{
		IP:            address(string(w.IP)),
		UUID:          known(string(w.UUID)),
		RepositoryID:  repository.ID,
		Repository:    repository.Name,
		DNSName:       known(string(w.DNSName)),
		NetBIOSName:   known(string(w.NetbiosName)),
		MACAddress:    known(string(w.MACAddress)),
		OS:            known(string(w.OS)),
		OSCPE:         known(string(w.OSCPE)),
		PolicyName:    known(string(w.PolicyName)),
		Score:         optInt(w.Score),
		Total:         totalOf(optInt(w.Total), Row{Raw: raw}, severities),
		Counts:        Row{Raw: raw}.Counts(),
		HasPassive:    optBool(w.HasPassive),
		HasCompliance: optBool(w.HasCompliance),
		LastScan:      w.LastScan.Time(),
		LastAuthRun:   w.LastAuthRun.Time(),
		LastUnauthRun: w.LastUnauthRun.Time(),
		Assets:        refsOf(w.Assets),
		Raw:           raw,
	}
}

// totalOf is the total of a row that counts its findings by severity, or, where
// that is too low to be right, what they add up to, if all are told. The only
// record of vuln::getIP that is known has the total 0 beside 87 findings; in the
// rows of all versions the total is the sum.
func totalOf(told Opt[int64], row Row, severities []Severity) Opt[int64] {
	var sum int64
	complete := true
	for _, s := range severities {
		n, ok := row.Count(s).Get()
		sum, complete = sum+n, complete && ok
	}
	switch {
	case !told.Valid, told.Value >= sum:
		return told
	case complete:
		return Some(sum)
	}
	return Opt[int64]{}
}
