package scapi

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Repository is a store of findings.
type Repository struct {
	ID, Name   string
	Type       string     // local, remote, offline (lower case); empty: unknown
	DataFormat string     // IPv4, IPv6, agent, mobile, universal; empty: unknown
	IPs        Opt[int64] // addresses, agents or devices with data
	Findings   Opt[int64] // all records, informational ones included
	LastUpdate time.Time  // of vulnerability data; zero: never or unknown
	LastSync   time.Time  // of a remote or offline repository; zero: never or unknown
	// KeptActive and KeptMitigated are how long findings of active scans are kept after
	// they were last seen, and mitigated ones after they were mitigated; absent before
	// Security Center 6.
	KeptActive, KeptMitigated Opt[time.Duration]
	Raw                       json.RawMessage
}

type wireRepository struct {
	ID, Name, Type, DataFormat wire.Str
	LastSyncTime               wire.Epoch
	repositorySize
	// Depends on type and data format, and on the version for what is in it
	// and what is one level up.
	TypeFields repositorySize
}

type repositorySize struct {
	IPCount, UUIDCount, DeviceCount wire.Int
	VulnCount                       wire.Int
	LastVulnUpdate                  wire.Epoch

	ActiveVulnsLifetime, MitigatedVulnsLifetime wire.Int // days
}

// Repositories returns the repositories that the account sees, by id:
// administrators see all, others those of their organisation.
// REST GET /repository. RPC repository::init for administrators; where that is
// refused asset::init, and from 4.8 on group::init, which tell ids and names only.
func (c *Client) Repositories(ctx context.Context) ([]Repository, error) {
	t, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	var list wire.List[wireRepository]
	if t.dialect == RPC {
		list, err = c.rpcRepositories(ctx, t)
	} else {
		list, _, err = restList[wireRepository](ctx, c, "/repository",
			"id,name,type,dataFormat,vulnCount,lastSyncTime,lastVulnUpdate,typeFields", nil)
	}
	if err != nil {
		return nil, err
	}
	return repositories(list), nil
}

func repositories(list wire.List[wireRepository]) []Repository {
	all := make([]Repository, 0, len(list.Items))
	for i, w := range list.Items {
		all = append(all, w.repository(list.Raw[i]))
	}
	sortByID(all, func(r Repository) string { return r.ID })
	return all
}

func (c *Client) rpcRepositories(ctx context.Context, t target) (wire.List[wireRepository], error) {
	list, _, err := rpcList[wireRepository](ctx, c, "repository", "repositories")
	modules := []string{"asset"}
	if !t.version.before(4, 8) {
		modules = append(modules, "group")
	}
	for _, module := range modules {
		if !refusedCall(err) {
			break
		}
		list, _, err = rpcList[wireRepository](ctx, c, module, "repositories")
	}
	return list, err
}

// refusedCall reports whether the console answered, and refused the call itself
// for good. SecurityCenter 4 does not say why in any known way.
func refusedCall(err error) bool { return err != nil && Answered(err) && !IsTemporary(err) }

// optDays is a number of days; absent where there is none.
func optDays(n wire.Int) Opt[time.Duration] {
	days, ok := optInt(n).Get()
	if !ok || days <= 0 {
		return Opt[time.Duration]{}
	}
	return Some(time.Duration(days) * 24 * time.Hour)
}

func (w wireRepository) repository(raw json.RawMessage) Repository {
	size, inner := w.repositorySize, w.TypeFields
	r := Repository{
		ID:         string(w.ID),
		Name:       string(w.Name),
		Type:       strings.ToLower(string(w.Type)),
		DataFormat: string(w.DataFormat),
		Findings:   firstOf(optInt(size.VulnCount), optInt(inner.VulnCount)),
		LastUpdate: since1990(size.LastVulnUpdate.Time()),
		LastSync:   since1990(w.LastSyncTime.Time()),
		Raw:        raw,

		KeptActive:    optDays(inner.ActiveVulnsLifetime),
		KeptMitigated: optDays(inner.MitigatedVulnsLifetime),
	}
	if r.LastUpdate.IsZero() {
		r.LastUpdate = since1990(inner.LastVulnUpdate.Time())
	}
	// Agents are counted by UUID, phones as devices. A universal repository
	// counts addresses and UUIDs of hosts that may be the same: the larger.
	for _, count := range []wire.Int{
		size.IPCount, size.UUIDCount, size.DeviceCount, inner.IPCount, inner.UUIDCount, inner.DeviceCount,
	} {
		if n, ok := optInt(count).Get(); ok && (!r.IPs.Valid || n > r.IPs.Value) {
			r.IPs = Some(n)
		}
	}
	return r
}
