package scapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// patchObject changes the object at endpoint and shares it with a group, if
// there is something to change or a group. Beside an *ActionError there is what
// the console answered.
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
	return "", wrongArgument("group %q: there are %d of that name", name, len(ids))
}

// idList is how objects are named in what is written.
func idList(ids []string) []map[string]json.Number {
	list := make([]map[string]json.Number, 0, len(ids))
	for _, id := range ids {
		list = append(list, map[string]json.Number{"id": json.Number(id)})
	}
	return list
}
