package sctest

import (
	"encoding/json"
	"slices"
	"strings"
)

// editAsset writes to an asset list and makes a new snapshot. Whole edits, those of SecurityCenter 4, replace the
// object: what they leave out is lost. The others change what they name.
func (x *exchange) editAsset(id string, in fields, whole bool) error {
	c, org := x.c, x.organization()
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.assetsOf(org)
	old := assetNumbered(before, id)
	if old == nil {
		return notFound("asset", id)
	}
	if old.id == 0 {
		return refuse(145, "The user does not have permission to edit Asset #0.\n")
	}
	l := *old
	if err := l.set(in, whole, c.o.Dialect == RPC && !c.release.atLeast(4, 8)); err != nil {
		return err
	}
	l.modified = c.now()
	lists := make([]*assetList, len(before))
	for k, other := range before { // copies, because the lists of a snapshot refer to each other
		fresh := *other
		if other == old {
			fresh = l
		}
		lists[k] = &fresh
	}
	var tree combination
	if l.kind == "combination" && (json.Unmarshal(l.combinations, &tree) != nil || tree.Operator == "" && tree.ID == "") {
		return refuse(146, "Invalid combinations for Asset #%s.\n", id)
	}
	if missing, found := tree.unknown(lists); found {
		return notFound("asset", missing)
	}
	compile(c.world, lists)
	c.assets[org] = lists
	c.assetEdits++
	return nil
}

func (c *Console) assetEditCount() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.assetEdits
}

// set takes the members of a request; shared says that the release shares lists by visibility, group and users.
func (l *assetList) set(in fields, whole, shared bool) error {
	if in.has("type") && in.text("type") != l.kind || whole && !in.has("type") {
		return refuse(146, "The type of an Asset cannot be changed.\n")
	}
	if in.has("name") || whole {
		if l.name = in.text("name"); l.name == "" {
			return refuse(146, "The name of an Asset must not be empty.\n")
		}
	}
	replace := func(key string, into *string) {
		if in.has(key) || whole {
			*into = in.text(key)
		}
	}
	replace("description", &l.description)
	if !shared {
		replace("tags", &l.tags)
	} else if err := l.share(in); err != nil {
		return err
	}
	if in.has("groups") {
		ids, err := groupIDs(in["groups"])
		if err != nil {
			return err
		}
		l.groups = ids
	}
	return l.define(in, whole)
}

// share takes visibility, group and users, which only whole edits of old releases have.
func (l *assetList) share(in fields) error {
	l.visibility, l.group = in.text("visibility"), in.text("group")
	if l.visibility != "organizational" && l.visibility != "user" {
		return refuse(146, "Invalid visibility '%s'.\n", l.visibility)
	}
	ids, err := idsOf(in["users"])
	l.users = ids
	return err
}

// define takes what defines a list of its type. That of another type is refused.
func (l *assetList) define(in fields, whole bool) error {
	own := map[string]string{"static": "definedIPs", "dynamic": "rules", "dnsname": "definedDNSNames", "combination": "combinations"}[l.kind]
	for _, key := range []string{"definedIPs", "rules", "definedDNSNames", "combinations"} {
		if key != own && in.has(key) {
			return refuse(146, "An Asset of type '%s' has no %s.\n", l.kind, key)
		}
	}
	if !in.has(own) {
		if whole && own != "combinations" { // which no client is known to write
			return refuse(146, "An Asset of type '%s' needs %s.\n", l.kind, own)
		}
		return nil
	}
	if text := strings.TrimSpace(string(in[own])); (own == "definedIPs" || own == "definedDNSNames") && !strings.HasPrefix(text, `"`) {
		return refuse(146, "The %s of an Asset should be a text.\n", own)
	}
	switch own {
	case "definedIPs":
		l.definedIPs = commaSeparated(in.text(own))
		spans, ok := addressSpans(l.definedIPs)
		if !ok {
			return refuse(146, "Invalid IP address in '%s'.\n", l.definedIPs)
		}
		l.spans = spans
	case "definedDNSNames":
		l.dnsNames = commaSeparated(in.text(own))
	case "rules":
		if _, ok := parseRules(in[own]); !ok {
			return refuse(146, "Invalid rules.\n")
		}
		l.rules = slices.Clone(in[own])
	case "combinations":
		l.combinations = slices.Clone(in[own])
	}
	return nil
}

// commaSeparated reads a list that is separated by commas or newlines.
func commaSeparated(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' || r == ' ' || r == '\r' }), ",")
}

// addressSpans reads addresses, ranges and CIDR blocks, comma-separated; an empty text has none.
func addressSpans(text string) (spans []span, ok bool) {
	if text == "" {
		return nil, true
	}
	for _, part := range strings.Split(text, ",") {
		s, ok := addressSpan(strings.TrimSpace(part))
		if !ok || s.lo > s.hi {
			return nil, false
		}
		spans = append(spans, s)
	}
	return spans, true
}
