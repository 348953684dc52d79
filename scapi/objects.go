package scapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Ref names another object of the console.
type Ref struct{ ID, Name string }

// UserRef names a user. SecurityCenter 4 tells only the id.
type UserRef struct {
	ID, Username string
	Name         string // first and last name
}

// checkID makes sure that an id is one: it becomes part of a path.
func checkID(what, id string) error {
	if _, err := strconv.ParseUint(id, 10, 63); err != nil {
		return fmt.Errorf("%s %q: the id is no number", what, id)
	}
	return nil
}

// listCall is a list in both dialects: of a REST resource, and below a key of
// the answer of a module's init action.
type listCall struct {
	path, fields string
	query        url.Values
	module, key  string
}

// listOf reads a list.
func listOf[T any](ctx context.Context, c *Client, l listCall) (wire.List[T], error) {
	t, err := c.target(ctx)
	if err != nil {
		return wire.List[T]{}, err
	}
	var list wire.List[T]
	if t.dialect == RPC {
		list, _, err = rpcList[T](ctx, c, l.module, l.key)
	} else {
		list, _, err = restList[T](ctx, c, l.path, l.fields, l.query)
	}
	return list, err
}

// restObject reads the object at endpoint, in which {id} stands for the id,
// with these fields, or with those that it gives by itself where the console
// refuses the list of fields.
func restObject[T any](ctx context.Context, c *Client, endpoint, id, fields string) (raws[T], error) {
	k := call{endpoint: endpoint, rest: restCall{
		Method: http.MethodGet, Path: strings.Replace(endpoint, "{id}", id, 1), Query: url.Values{"fields": {fields}},
	}}
	var r raws[T]
	_, err := c.do(ctx, k, &r)
	if refusesFields(err) {
		k.rest.Query = nil
		r = raws[T]{}
		_, err = c.do(ctx, k, &r)
	}
	return r, err
}

// missing says that a list of SecurityCenter 4 has no object of this id.
func missing(what, id string) error { return fmt.Errorf("%s %s: %w", what, id, ErrNotFound) }

// patchObject changes the object at endpoint and shares it with a group, if
// there is something to change or a group.
func patchObject[T any](ctx context.Context, c *Client, endpoint, id string, changes map[string]any, group Opt[string]) (raws[T], error) {
	var share []string
	if group.Valid {
		groupID, err := c.groupID(ctx, group.Value)
		if err != nil {
			return raws[T]{}, err
		}
		share = []string{groupID}
	}
	var r raws[T]
	var err error
	if len(changes) > 0 {
		_, err = c.do(ctx, write(http.MethodPatch, endpoint, id, changes), &r)
	}
	if len(share) > 0 && proceed(err) {
		r = raws[T]{}
		_, err = c.do(ctx, write(http.MethodPost, endpoint+"/share", id, map[string]any{"groups": idList(share)}), &r)
	}
	return r, err
}

// write is a call that changes the object at endpoint.
func write(method, endpoint, id string, body any) call {
	return call{endpoint: endpoint, once: true, writes: true, rest: restCall{
		Method: method, Path: strings.Replace(endpoint, "{id}", id, 1), Body: body,
	}}
}

// writeAction is a call of an action that changes something.
func writeAction(module, name string, input any) call {
	k := action(module, name, input)
	k.once, k.writes = true, true
	return k
}

// proceed reports whether the next of several requests of a change is due: the
// one before it succeeded, or was only shown.
func proceed(err error) bool { return err == nil || errors.Is(err, ErrDryRun) }

// groupID looks up a group of users by its name. REST GET /group.
func (c *Client) groupID(ctx context.Context, name string) (string, error) {
	list, _, err := restList[wire.Ref](ctx, c, "/group", "id,name", nil)
	if err != nil {
		return "", err
	}
	var ids []string
	for _, g := range list.Items {
		if string(g.Name) == name {
			ids = append(ids, string(g.ID))
		}
	}
	switch len(ids) {
	case 0:
		return "", fmt.Errorf("group %q: %w", name, ErrNotFound)
	case 1:
		return ids[0], nil
	}
	return "", fmt.Errorf("group %q: there are %d of that name", name, len(ids))
}

// wireUser is a user as REST refers to him.
type wireUser struct{ ID, Username, Firstname, Lastname wire.Str }

// userRef is the user that is told: whole, or by his id.
func userRef(object wireUser, flat wire.Ref) UserRef {
	ref := wire.Ref{ID: object.ID}
	if !ref.Set() {
		return UserRef{ID: refID(wire.Ref{}, flat)}
	}
	return UserRef{
		ID:       string(object.ID),
		Username: string(object.Username),
		Name:     strings.TrimSpace(string(object.Firstname) + " " + string(object.Lastname)),
	}
}

// refOf is what a wire reference leads to; empty if it is not set.
func refOf(object, flat wire.Ref) Ref {
	switch {
	case object.Set():
		return Ref{string(object.ID), string(object.Name)}
	case flat.Set():
		return Ref{string(flat.ID), string(flat.Name)}
	}
	return Ref{}
}

func refsOf(list wire.List[wire.Ref]) []Ref {
	var refs []Ref
	for _, w := range list.Items {
		if w.Set() {
			refs = append(refs, refOf(w, wire.Ref{}))
		}
	}
	return refs
}

func idsOf(list wire.List[wire.Ref]) []string {
	var ids []string
	for _, w := range list.Items {
		if w.Set() {
			ids = append(ids, string(w.ID))
		}
	}
	return ids
}

// idList is how objects are named in what is written.
func idList(ids []string) []map[string]json.Number {
	list := make([]map[string]json.Number, 0, len(ids))
	for _, id := range ids {
		list = append(list, map[string]json.Number{"id": json.Number(id)})
	}
	return list
}

// texts is several texts: an array, or one text with commas or line breaks
// between them. Blanks around them and empty ones are dropped.
type texts []string

// UnmarshalJSON never fails.
func (l *texts) UnmarshalJSON(b []byte) error {
	*l = nil
	var list wire.List[wire.Str]
	_ = wire.Decode(b, &list) // of another type: empty
	var text wire.Str
	if len(list.Items) == 0 && wire.Decode(b, &text) == nil {
		list.Items = append(list.Items, text)
	}
	for _, item := range list.Items {
		for _, entry := range strings.FieldsFunc(string(item), func(r rune) bool { return r == ',' || r == '\n' }) {
			if entry = strings.TrimSpace(entry); entry != "" {
				*l = append(*l, entry)
			}
		}
	}
	return nil
}

// sortByID orders objects by their id.
func sortByID[T any](list []T, id func(T) string) {
	slices.SortFunc(list, func(a, b T) int { return compareIDs(id(a), id(b)) })
}
