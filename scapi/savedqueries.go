package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// SavedQuery is a query that somebody saved under a name.
type SavedQuery struct {
	ID, Name, Description string
	Tool                  string // vulndetails, sumip, …
	Type                  string // vuln, event, mobile, …
	Tags                  string
	// Filters are those of the query, to be sent as they are. One that cannot be
	// read has no name, and a query with it fails: without it, it would find more.
	Filters           []Filter
	Owner             UserRef
	Created, Modified time.Time // zero: unknown
	Raw               json.RawMessage
}

type wireSavedQuery struct {
	ID, Name, Description, Tool, Type, Tags wire.Str
	Filters                                 savedFilters
	Owner                                   wireUser
	CreatedTime, ModifiedTime               wire.Epoch
}

// savedFilters are filters as the console keeps them; {} and "" are none.
type savedFilters []Filter

// UnmarshalJSON never fails.
func (l *savedFilters) UnmarshalJSON(b []byte) error {
	*l = nil
	if wire.Empty(b) {
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(b, &list) != nil {
		*l = savedFilters{{}}
		return nil //nolint:nilerr // kept as a filter without a name, so that the query around it stays readable
	}
	for _, raw := range list {
		var f struct {
			FilterName, Operator wire.Str
			Value                json.RawMessage
		}
		_ = wire.Decode(raw, &f) // what is no filter has no name
		*l = append(*l, Filter{Name: string(f.FilterName), Operator: string(f.Operator), Value: f.Value})
	}
	return nil
}

const savedQueryFields = "id,name,description,tool,type,tags,filters,owner,createdTime,modifiedTime"

// SavedQueries returns the saved queries that the account sees, by id, to users
// of an organisation. REST GET /query. RPC: ErrUnsupported, as no call is known
// that lists them.
func (c *Client) SavedQueries(ctx context.Context) ([]SavedQuery, error) {
	if err := c.onlyREST(ctx, "saved queries"); err != nil {
		return nil, err
	}
	list, _, err := restList[wireSavedQuery](ctx, c, "/query", savedQueryFields, nil)
	if err != nil {
		return nil, err
	}
	queries := make([]SavedQuery, 0, len(list.Items))
	for i, w := range list.Items {
		queries = append(queries, w.query(list.Raw[i]))
	}
	sortByID(queries, func(q SavedQuery) string { return q.ID })
	return queries, nil
}

// SavedQuery returns the saved query with this id; ErrNotFound if the account
// sees none. REST GET /query/{id}. RPC: ErrUnsupported.
func (c *Client) SavedQuery(ctx context.Context, id string) (SavedQuery, error) {
	if err := checkID("saved query", id); err != nil {
		return SavedQuery{}, err
	}
	if err := c.onlyREST(ctx, "saved queries"); err != nil {
		return SavedQuery{}, err
	}
	r, err := restObject[wireSavedQuery](ctx, c, "/query/{id}", id, savedQueryFields)
	if err != nil {
		return SavedQuery{}, err
	}
	if r.value.ID == "" {
		return SavedQuery{}, &Error{Call: "GET /rest/query/" + id, Err: fmt.Errorf("%w: a saved query without id", ErrMalformed)}
	}
	return r.value.query(r.raw), nil
}

func (w wireSavedQuery) query(raw json.RawMessage) SavedQuery {
	return SavedQuery{
		ID:          string(w.ID),
		Name:        string(w.Name),
		Description: string(w.Description),
		Tool:        string(w.Tool),
		Type:        strings.ToLower(string(w.Type)),
		Tags:        string(w.Tags),
		Filters:     w.Filters,
		Owner:       userRef(w.Owner, wire.Ref{}),
		Created:     w.CreatedTime.Time(),
		Modified:    w.ModifiedTime.Time(),
		Raw:         raw,
	}
}
