package scapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Asset is an asset list: hosts under a name, given one by one or by a rule.
type Asset struct {
	ID, Name, Description string
	Type                  string          // static, dynamic, dnsname, combination, watchlist, …; empty: unknown
	Tags                  string          // REST and SecurityCenter 4.8
	Visibility            string          // organizational or user; SecurityCenter before 4.8
	Group                 string          // name; SecurityCenter before 4.8
	Users                 []string        // ids of those who may see the list; SecurityCenter before 4.8
	Groups                []Ref           // that share the list; REST
	Owner                 UserRef         // empty: not told
	IPs                   []string        // of a static list, as defined: addresses, ranges, CIDR blocks
	DNSNames              []string        // of a dnsname list
	Rules                 json.RawMessage // of a dynamic list or a combination, as the console sends them; nil: none
	IPCount               Opt[int64]      // hosts; absent while it is being calculated, and on SecurityCenter 4
	Status                string          // ready, calculating (which hosts fit its rule), other (a code that is not known); empty: not told
	Created, Modified     time.Time       // zero: unknown
	Raw                   json.RawMessage
}

type wireAsset struct {
	ID, Name, Description, Type, Tags, Visibility, Group wire.Str
	Status                                               wire.Str

	Users, Groups             wire.List[wire.Ref]
	Owner                     wireUser
	OwnerID                   wire.Ref // flat, on SecurityCenter 4
	IPCount                   wire.Int
	CreatedTime, ModifiedTime wire.Epoch
	wireAssetFields
	TypeFields wireAssetFields // where REST has them
}

type wireAssetFields struct {
	DefinedIPs, DefinedDNSNames texts
	Rules, Combinations         json.RawMessage
}

const assetFields = "id,name,description,type,status,tags,groups,owner,ipCount,createdTime,modifiedTime,typeFields"

// Assets returns the asset lists that the account sees, by id. REST GET /asset,
// where administrators get templates; RPC asset::init, to users of an organisation.
func (c *Client) Assets(ctx context.Context) ([]Asset, error) {
	list, err := listOf[wireAsset](ctx, c, listCall{path: "/asset", fields: assetFields, module: "asset", key: "assets"})
	if err != nil {
		return nil, err
	}
	assets := make([]Asset, 0, len(list.Items))
	for i, w := range list.Items {
		assets = append(assets, w.asset(list.Raw[i]))
	}
	sortByID(assets, func(a Asset) string { return a.ID })
	return assets, nil
}

// Asset returns one asset list; ErrNotFound if the account sees none of that
// id. REST GET /asset/{id}; RPC asset::init, which has them all.
func (c *Client) Asset(ctx context.Context, id string) (Asset, error) {
	if err := checkID("asset list", id); err != nil {
		return Asset{}, err
	}
	t, err := c.target(ctx)
	if err != nil {
		return Asset{}, err
	}
	if t.dialect == REST {
		r, err := restObject[wireAsset](ctx, c, "/asset/{id}", id, assetFields)
		if err != nil {
			return Asset{}, err
		}
		if r.value.ID == "" {
			return Asset{}, &Error{Call: "GET /rest/asset/" + id, Err: fmt.Errorf("%w: an asset list without id", ErrMalformed)}
		}
		return r.value.asset(r.raw), nil
	}
	assets, err := c.Assets(ctx)
	if err != nil {
		return Asset{}, err
	}
	for _, a := range assets {
		if a.ID == id {
			return a, nil
		}
	}
	return Asset{}, missing("asset list", id)
}

func (w wireAsset) asset(raw json.RawMessage) Asset {
	a := Asset{
		ID:          string(w.ID),
		Name:        string(w.Name),
		Description: string(w.Description),
		Type:        strings.ToLower(string(w.Type)),
		Tags:        string(w.Tags),
		Visibility:  string(w.Visibility),
		Group:       string(w.Group),
		Users:       idsOf(w.Users),
		Groups:      refsOf(w.Groups),
		Owner:       userRef(w.Owner, w.OwnerID),
		IPCount:     optInt(w.IPCount),
		Status:      w.status(),
		Created:     w.CreatedTime.Time(),
		Modified:    w.ModifiedTime.Time(),
		Raw:         raw,
	}
	for _, f := range []wireAssetFields{w.TypeFields, w.wireAssetFields} {
		if len(f.DefinedIPs) > 0 {
			a.IPs = f.DefinedIPs
		}
		if len(f.DefinedDNSNames) > 0 {
			a.DNSNames = f.DefinedDNSNames
		}
		for _, rules := range []json.RawMessage{f.Combinations, f.Rules} {
			if !wire.Empty(rules) {
				a.Rules = rules
			}
		}
	}
	return a
}

// status reads the code, which is 0 wherever it was recorded, and the count of
// addresses, which is -1 while it is being calculated; of static lists it may
// stay -1.
func (w wireAsset) status() string {
	n, counted := w.IPCount.Get()
	switch {
	case counted && n == -1 && !strings.EqualFold(string(w.Type), "static"):
		return "calculating"
	case w.Status == "":
		return ""
	case w.Status == "0":
		return "ready"
	}
	return "other"
}

// AssetUpdate says what to change of an asset list. What is absent stays as it is.
type AssetUpdate struct {
	Name, Description Opt[string]
	Tags              Opt[string]     // REST and SecurityCenter 4.8
	Visibility        Opt[string]     // "organizational" or "user"; SecurityCenter before 4.8
	Group             Opt[string]     // name of the group that shares the list; REST and SecurityCenter before 4.8
	Users             Opt[[]string]   // ids of those who may see it, replacing; SecurityCenter before 4.8
	IPs               Opt[[]string]   // addresses, ranges and CIDR blocks of a static list, replacing
	DNSNames          Opt[[]string]   // of a dnsname list, replacing; REST and SecurityCenter 4.8
	Rules             json.RawMessage // of a dynamic list or a combination, replacing; nil: no change
}

// UpdateAsset changes an asset list and returns it as it is then. The list is
// read first: one that does not exist (ErrNotFound), or is of a type that does
// not take the change, is an error without anything being written. Beside an
// *ActionError the list is returned as the console answers it, if it does.
//
// REST PATCH /asset/{id} with what changes, and POST /asset/{id}/share for a
// group, which GET /group looks up by its name. RPC asset::edit takes the whole
// list: what does not change is written back as it was read by asset::init.
// What the dialect or version has no equivalent for is ErrUnsupported, before
// any request but those of the login.
func (c *Client) UpdateAsset(ctx context.Context, id string, u AssetUpdate) (Asset, error) {
	if err := errors.Join(checkID("asset list", id), u.check()); err != nil {
		return Asset{}, err
	}
	t, err := c.target(ctx)
	if err != nil {
		return Asset{}, err
	}
	if err := u.supported(t); err != nil {
		return Asset{}, fmt.Errorf("change asset list %s: %w", id, err)
	}
	current, err := c.Asset(ctx, id)
	if err != nil {
		return Asset{}, err
	}
	if err := u.suits(current.Type); err != nil {
		return Asset{}, fmt.Errorf("change asset list %s: %w", id, err)
	}
	if t.dialect == RPC {
		return c.editAsset(ctx, current, u)
	}
	return c.patchAsset(ctx, current, u)
}

// check looks for what no console would take.
func (u AssetUpdate) check() error {
	if u.Visibility.Valid && u.Visibility.Value != "organizational" && u.Visibility.Value != "user" {
		return wrongArgument("visibility %q, which is neither organizational nor user", u.Visibility.Value)
	}
	for _, id := range u.Users.Value {
		if err := checkID("user", id); err != nil {
			return err
		}
	}
	for _, entry := range u.IPs.Value {
		if _, ok := parseSpan(entry); !ok {
			return wrongArgument("%q is no address, range or CIDR block", entry)
		}
	}
	for _, name := range u.DNSNames.Value {
		if name == "" || strings.ContainsAny(name, ", \n") {
			return wrongArgument("%q is no DNS name", name)
		}
	}
	if u.Rules != nil && !json.Valid(u.Rules) {
		return wrongArgument("the rules are no JSON")
	}
	if !u.Name.Valid && !u.Description.Valid && !u.Tags.Valid && !u.Visibility.Valid && !u.Group.Valid &&
		!u.Users.Valid && !u.IPs.Valid && !u.DNSNames.Valid && u.Rules == nil {
		return wrongArgument("nothing to change")
	}
	return nil
}

// supported tells what t has no equivalent for. SecurityCenter 4.8 replaced
// visibility, group and users by tags, and brought the type dnsname.
func (u AssetUpdate) supported(t target) error {
	old := t.dialect == RPC && t.version.before(4, 8)
	switch {
	case old && u.Tags.Valid:
		return fmt.Errorf("tags: %w: SecurityCenter before 4.8 has none", ErrUnsupported)
	case old && u.DNSNames.Valid:
		return fmt.Errorf("DNS names: %w: SecurityCenter before 4.8 has no such lists", ErrUnsupported)
	case !old && (u.Visibility.Valid || u.Users.Valid):
		return fmt.Errorf("visibility and users: %w: SecurityCenter 4.8 and later have none", ErrUnsupported)
	case !old && t.dialect == RPC && u.Group.Valid:
		return fmt.Errorf("group: %w: SecurityCenter 4.8 has tags instead", ErrUnsupported)
	}
	return nil
}

// suits tells what a list of this type does not take. Unknown types are left
// to the console.
func (u AssetUpdate) suits(kind string) error {
	switch {
	case kind == "":
		return nil
	case u.IPs.Valid && kind != "static":
		return wrongArgument("it is %s, and only a static list takes addresses", kind)
	case u.DNSNames.Valid && kind != "dnsname":
		return wrongArgument("it is %s, and only a dnsname list takes DNS names", kind)
	case u.Rules != nil && kind != "dynamic" && kind != "combination":
		return wrongArgument("it is %s, and only a dynamic list or a combination takes rules", kind)
	}
	return nil
}

// changes are the fields to write, by the names of the wire.
func (u AssetUpdate) changes(rulesKey string) map[string]any {
	changes := map[string]any{}
	for name, value := range map[string]Opt[string]{
		"name": u.Name, "description": u.Description, "tags": u.Tags, "visibility": u.Visibility,
	} {
		if value.Valid {
			changes[name] = value.Value
		}
	}
	if u.Users.Valid {
		changes["users"] = idList(u.Users.Value)
	}
	if u.IPs.Valid {
		changes["definedIPs"] = strings.Join(u.IPs.Value, ",")
	}
	if u.DNSNames.Valid {
		changes["definedDNSNames"] = strings.Join(u.DNSNames.Value, ",")
	}
	if u.Rules != nil {
		changes[rulesKey] = u.Rules
	}
	return changes
}

func (c *Client) patchAsset(ctx context.Context, current Asset, u AssetUpdate) (Asset, error) {
	rulesKey := "rules"
	if current.Type == "combination" {
		rulesKey = "combinations"
	}
	r, err := patchObject[wireAsset](ctx, c, "/asset/{id}", current.ID, u.changes(rulesKey), u.Group)
	switch {
	case unfulfilled(err):
		return r.value.asset(r.raw), err
	case err != nil:
		return Asset{}, err
	case string(r.value.ID) != current.ID:
		return c.Asset(ctx, current.ID)
	}
	return r.value.asset(r.raw), nil
}

// editedFields are the fields of a list that asset::edit is known to take, by
// its type. Of other types everything is written back but what the console
// keeps by itself.
var editedFields = map[string]string{"static": "definedIPs", "dynamic": "rules", "dnsname": "definedDNSNames"}

// keptByConsole are fields that only the console writes.
var keptByConsole = []string{
	"creatorID", "ownerID", "creator", "owner", "createdTime", "modifiedTime", "status", "ipCount", "repositories", "viewableIPs",
	"canUse", "canManage",
}

func (c *Client) editAsset(ctx context.Context, current Asset, u AssetUpdate) (Asset, error) {
	input := map[string]any{}
	var read map[string]json.RawMessage
	if err := json.Unmarshal(current.Raw, &read); err != nil {
		return Asset{}, fmt.Errorf("asset list %s: %w", current.ID, join(ErrMalformed, err))
	}
	for name, value := range read {
		input[name] = value
	}
	for _, name := range keptByConsole {
		delete(input, name)
	}
	if own, known := editedFields[current.Type]; known {
		for name := range input {
			switch name {
			case "id", "type", "name", "description", "visibility", "group", "users", "tags", own:
			default:
				delete(input, name)
			}
		}
	}
	// It is read as an array where it is written as text.
	if len(current.DNSNames) > 0 {
		input["definedDNSNames"] = strings.Join(current.DNSNames, ",")
	}
	rulesKey := "rules"
	if _, other := read["combinations"]; other {
		rulesKey = "combinations"
	}
	for name, value := range u.changes(rulesKey) {
		input[name] = value
	}
	if u.Group.Valid {
		input["group"] = u.Group.Value
	}
	k := writeAction("asset", "edit", input)
	var r raws[wireAsset]
	_, err := c.do(ctx, k, &r)
	switch {
	case unfulfilled(err):
		return r.value.asset(r.raw), err
	case err != nil:
		return Asset{}, err
	case r.value.ID == "":
		// Empty is how SecurityCenter 4 is said to answer in case of trouble.
		return Asset{}, &Error{Call: k.name(RPC), Err: fmt.Errorf("%w: no asset list, which may not have been changed", ErrMalformed)}
	}
	return r.value.asset(r.raw), nil
}
