package scapi

import (
	"context"
	"encoding/json"
	"iter"
	"net/netip"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// AddressRange is consecutive addresses of one family, both ends included.
type AddressRange struct{ First, Last netip.Addr }

// String is "192.0.2.1" or "192.0.2.1-192.0.2.9".
func (r AddressRange) String() string {
	if r.First == r.Last {
		return r.First.String()
	}
	return r.First.String() + "-" + r.Last.String()
}

// Count is the number of addresses; a float, because IPv6 has more of them
// than an integer holds.
func (r AddressRange) Count() float64 { return span{r.First, r.Last}.size() }

// All iterates over the addresses. An IPv6 range may have more than anybody waits for.
func (r AddressRange) All() iter.Seq[netip.Addr] {
	return func(yield func(netip.Addr) bool) {
		for a := r.First; a.IsValid(); a = a.Next() {
			if !yield(a) || a == r.Last {
				return
			}
		}
	}
}

// RepositoryIPs are the hosts of an asset list in one repository.
type RepositoryIPs struct {
	RepositoryID, Repository string         // empty: not told
	Ranges                   []AddressRange // in the console's order; a single address is a range of one
	Others                   []string       // entries that are no addresses, such as the UUIDs of agents
	Raw                      json.RawMessage
}

type wireViewableIPs struct {
	Repository     wire.Ref
	RepositoryID   wire.Ref // flat, as SecurityCenter 4 sends references elsewhere
	RepositoryName wire.Str
	IPList         wire.Str
}

type wireAssetIPs struct{ ViewableIPs wire.List[wireViewableIPs] }

// AssetIPs returns the hosts of an asset list, by repository, as far as the
// account may see them: none while the console is still calculating. ErrNotFound
// if there is no such list. REST GET /asset/{id}?fields=id,name,viewableIPs;
// RPC asset::getIPs, and asset::init to tell an empty list from none.
func (c *Client) AssetIPs(ctx context.Context, id string) ([]RepositoryIPs, error) {
	if err := checkID("asset list", id); err != nil {
		return nil, err
	}
	t, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	var list wire.List[wireViewableIPs]
	if t.dialect == RPC {
		u := under[wireViewableIPs]{key: "viewableIPs"}
		_, err = c.do(ctx, action("asset", "getIPs", map[string]any{"id": json.Number(id)}), &u)
		list = u.list
		if err == nil && len(list.Items) == 0 {
			_, err = c.Asset(ctx, id)
		}
	} else {
		var r raws[wireAssetIPs]
		r, err = restObject[wireAssetIPs](ctx, c, "/asset/{id}", id, "id,name,viewableIPs")
		list = r.value.ViewableIPs
	}
	if err != nil {
		return nil, err
	}
	repositories := make([]RepositoryIPs, 0, len(list.Items))
	for i, w := range list.Items {
		repositories = append(repositories, w.ips(list.Raw[i]))
	}
	return repositories, nil
}

func (w wireViewableIPs) ips(raw json.RawMessage) RepositoryIPs {
	ref := refOf(w.Repository, w.RepositoryID)
	if ref.Name == "" {
		ref.Name = string(w.RepositoryName)
	}
	r := RepositoryIPs{RepositoryID: ref.ID, Repository: ref.Name, Raw: raw}
	for line := range strings.Lines(string(w.IPList)) {
		// Further fields follow a bar; what they are no source tells.
		line, _, _ = strings.Cut(line, "|")
		for entry := range strings.SplitSeq(line, ",") {
			entry = strings.TrimSpace(entry)
			if entry == "" {
				continue
			}
			if s, ok := parseSpan(entry); ok {
				r.Ranges = append(r.Ranges, AddressRange{s.first, s.last})
			} else {
				r.Others = append(r.Others, entry)
			}
		}
	}
	return r
}
