package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// OrganizationInfo is users who share data, apart from other organisations.
type OrganizationInfo struct {
	ID, Name, Description string
	Email                 string
	ZoneSelection         string // auto_only, locked, selectable, …; empty: unknown
	RestrictedIPs         string // never scanned
	Users                 Opt[int64]
	Repositories          []Ref
	Created, Modified     time.Time // zero: unknown
	Raw                   json.RawMessage
}

type wireOrganization struct {
	ID, Name, Description, Email wire.Str
	ZoneSelection, RestrictedIPs wire.Str
	UserCount                    wire.Int
	Repositories                 wire.List[wire.Ref]
	CreatedTime, ModifiedTime    wire.Epoch
}

const organizationFields = "id,name,description,email,zoneSelection,restrictedIPs,userCount,repositories,createdTime,modifiedTime"

// Organizations returns the organisations that the account sees, by id:
// administrators see all, others their own. REST GET /organization, and GET
// /currentOrganization where that is refused; RPC repository::init, which says
// at least which there are, to administrators.
func (c *Client) Organizations(ctx context.Context) ([]OrganizationInfo, error) {
	t, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	if t.dialect == RPC {
		list, _, err := rpcList[wireOrganization](ctx, c, "repository", "organizations")
		return organizations(list), err
	}
	list, _, err := restList[wireOrganization](ctx, c, "/organization", organizationFields, nil)
	if !refusedCall(err) {
		return organizations(list), err
	}
	k := get("/currentOrganization", nil)
	var r raws[wireOrganization]
	switch _, own := c.do(ctx, k, &r); {
	case IsNotFound(own):
		return nil, err // the console has no such call
	case own != nil:
		return nil, own
	}
	if r.value.ID == "" {
		return nil, &Error{Call: k.name(REST), Err: fmt.Errorf("%w: an organisation without id", ErrMalformed)}
	}
	return []OrganizationInfo{r.value.organization(r.raw)}, nil
}

func organizations(list wire.List[wireOrganization]) []OrganizationInfo {
	var all []OrganizationInfo
	for i, w := range list.Items {
		all = append(all, w.organization(list.Raw[i]))
	}
	sortByID(all, func(o OrganizationInfo) string { return o.ID })
	return all
}

func (w wireOrganization) organization(raw json.RawMessage) OrganizationInfo {
	return OrganizationInfo{
		ID:            string(w.ID),
		Name:          string(w.Name),
		Description:   string(w.Description),
		Email:         string(w.Email),
		ZoneSelection: string(w.ZoneSelection),
		RestrictedIPs: string(w.RestrictedIPs),
		Users:         optInt(w.UserCount),
		Repositories:  refsOf(w.Repositories),
		Created:       w.CreatedTime.Time(),
		Modified:      w.ModifiedTime.Time(),
		Raw:           raw,
	}
}

// RepositoryInfo is the repositories, the licence that they use together, and
// the organisations that they are for.
type RepositoryInfo struct {
	Repositories           []Repository
	Organizations          []OrganizationInfo // nil: the account may not see them
	LicenseStatus          string             // "Valid", "Expired", …; empty: unknown
	ActiveIPs, LicensedIPs Opt[int64]         // absent: the account may not see them
}

// RepositoryInfo returns the repositories that the account sees, with licence
// and organisations as far as it may see those. REST GET /repository, /status
// and /organization; RPC system::init and repository::init, which has all of it.
// See Repositories, Status and Organizations for less.
func (c *Client) RepositoryInfo(ctx context.Context) (RepositoryInfo, error) {
	t, err := c.target(ctx)
	if err != nil {
		return RepositoryInfo{}, err
	}
	if t.dialect == RPC {
		return c.rpcRepositoryInfo(ctx)
	}
	list, err := c.Repositories(ctx)
	if err != nil {
		return RepositoryInfo{}, err
	}
	status, err := c.Status(ctx)
	if err != nil {
		return RepositoryInfo{}, err
	}
	all, err := c.Organizations(ctx)
	if err != nil && !refusedCall(err) {
		return RepositoryInfo{}, err
	}
	return RepositoryInfo{
		Repositories:  list,
		Organizations: all,
		LicenseStatus: status.LicenseStatus,
		ActiveIPs:     status.ActiveIPs,
		LicensedIPs:   status.LicensedIPs,
	}, nil
}

// rpcRepositoryInfo reads all of it from one answer, to administrators.
func (c *Client) rpcRepositoryInfo(ctx context.Context) (RepositoryInfo, error) {
	system, err := c.System(ctx)
	if err != nil {
		return RepositoryInfo{}, err
	}
	info := RepositoryInfo{LicenseStatus: system.LicenseStatus}
	k := action("repository", "init", nil)
	var raw json.RawMessage
	_, err = c.do(ctx, k, &raw)
	if refusedCall(err) {
		info.Repositories, err = c.Repositories(ctx)
	}
	if err != nil || raw == nil {
		return info, err
	}
	list, err := wire.Under[wireRepository](raw, "repositories")
	if err != nil {
		return RepositoryInfo{}, &Error{Call: k.name(RPC), Err: join(ErrMalformed, err)}
	}
	info.Repositories = repositories(list)
	if all, err := wire.Under[wireOrganization](raw, "organizations"); err == nil && !wire.Empty(raw) {
		info.Organizations = organizations(all)
	}
	info.ActiveIPs = optInt(search(raw, "activeIPs", 3))
	info.LicensedIPs = limit(search(raw, "licensedIPs", 3))
	return info, nil
}
