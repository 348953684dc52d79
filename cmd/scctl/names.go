package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// kind is a kind of objects that may be given by name.
type kind struct {
	one, many string
	list      func(context.Context, *scapi.Client) ([]scapi.Ref, error)
}

var (
	repositories = kind{"repository", "repositories", listRefs((*scapi.Client).Repositories, func(r scapi.Repository) scapi.Ref { return scapi.Ref{ID: r.ID, Name: r.Name} })}
	assetLists   = kind{"asset list", "asset lists", listRefs((*scapi.Client).Assets, func(a scapi.Asset) scapi.Ref { return scapi.Ref{ID: a.ID, Name: a.Name} })}
	policies     = kind{"scan policy", "scan policies", listRefs((*scapi.Client).Policies, func(p scapi.Policy) scapi.Ref { return scapi.Ref{ID: p.ID, Name: p.Name} })}
	scanResults  = kind{"scan result of the last 30 days", "scan results of the last 30 days", listRefs(
		func(c *scapi.Client, ctx context.Context) ([]scapi.ScanResult, error) {
			return c.ScanResults(ctx, scapi.ScanWindow{})
		},
		func(r scapi.ScanResult) scapi.Ref { return scapi.Ref{ID: r.ID, Name: r.Name} })}
)

func listRefs[T any](call func(*scapi.Client, context.Context) ([]T, error), ref func(T) scapi.Ref) func(context.Context, *scapi.Client) ([]scapi.Ref, error) {
	return func(ctx context.Context, c *scapi.Client) ([]scapi.Ref, error) {
		values, err := call(c, ctx)
		refs := make([]scapi.Ref, 0, len(values))
		for _, v := range values {
			refs = append(refs, ref(v))
		}
		return refs, err
	}
}

// finder returns the id of the object that a text names: by its id, or by a name
// that no other has.
type finder func(k kind, text string) (id string, err error)

// unasked is the finder before anybody can be asked: names are taken as they are.
func unasked(k kind, text string) (string, error) {
	if strings.TrimSpace(text) == "" {
		return "", wrongUsage("want the id or the name of a %s", k.one)
	}
	return text, nil
}

// finder asks for the list of a kind once, where a name is given.
func (j *job) finder(ctx context.Context, client *scapi.Client) finder {
	lists := map[string][]scapi.Ref{}
	return func(k kind, text string) (string, error) {
		if isID(text) {
			return text, nil
		}
		list, known := lists[k.one]
		if !known {
			var err error
			if list, err = k.list(ctx, client); err != nil {
				return "", fmt.Errorf("find %s %q: %w", k.one, text, err)
			}
			lists[k.one] = list
		}
		return k.named(text, list)
	}
}

// named returns the id of the one of list that has this name.
func (k kind) named(name string, list []scapi.Ref) (string, error) {
	var ids, names []string
	for _, r := range list {
		if r.Name == name {
			ids = append(ids, r.ID)
		}
		names = append(names, strconv.Quote(r.Name))
	}
	switch len(ids) {
	case 1:
		return ids[0], nil
	case 0:
		return "", fmt.Errorf("%s %q: %w%s", k.one, name, scapi.ErrNotFound, didYouMean(strconv.Quote(name), names))
	}
	slices.SortFunc(ids, func(a, b string) int { return scapi.CompareIDs(b, a) }) // the newest first
	return "", wrongUsage("%d %s are called %q: name one by its id, of %s", len(ids), k.many, name, few(ids))
}

// few is a list of words, of which the first say enough.
func few(words []string) string {
	const enough = 10
	if len(words) > enough {
		return strings.Join(words[:enough], ", ") + ", …"
	}
	return strings.Join(words, ", ")
}

func isID(text string) bool {
	_, err := strconv.ParseUint(text, 10, 63)
	return err == nil
}

// checkIDs refuses ids that are none.
func checkIDs(what string, ids ...string) error {
	for _, id := range ids {
		if !isID(id) {
			return wrongUsage("%s %q: want an id, which is a number", what, id)
		}
	}
	return nil
}

// checkAddress refuses addresses that are none.
func checkAddress(text string) error {
	if _, err := netip.ParseAddr(text); err != nil {
		return wrongUsage("%q is no IP address: want one such as 192.0.2.10 or 2001:db8::1", text)
	}
	return nil
}

// checkNamed refuses an argument that names no object of a kind.
func checkNamed(k kind, text *string) func() error {
	return func() error {
		_, err := unasked(k, *text)
		return err
	}
}
