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
	// Filters are those of the query, to be sent as they are.
	Filters []Filter
	// Unreadable means that the console has filters which are none that could be
	// sent, such as a mere text: a query with the others finds too much.
	Unreadable        bool
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

// savedFilters are filters as the console keeps them; {}, "" and null are none.
type savedFilters struct {
	list       []Filter
	unreadable bool // something is there that is no filter
}

// UnmarshalJSON never fails.
func (l *savedFilters) UnmarshalJSON(b []byte) error {
	*l = savedFilters{}
	if wire.Empty(b) {
		return nil
	}
	var list []json.RawMessage
	l.unreadable = json.Unmarshal(b, &list) != nil
	for _, raw := range list {
		var f struct {
			FilterName, Operator wire.Str
			Value                json.RawMessage
		}
		_ = wire.Decode(raw, &f) // what is no filter has no name
		if f.FilterName == "" {
			l.unreadable = true
			continue
		}
		l.list = append(l.list, Filter{Name: string(f.FilterName), Operator: string(f.Operator), Value: f.Value})
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
		Filters:     w.Filters.list,
		Unreadable:  w.Filters.unreadable,
		Owner:       userRef(w.Owner, wire.Ref{}),
		Created:     w.CreatedTime.Time(),
		Modified:    w.ModifiedTime.Time(),
		Raw:         raw,
	}
}
