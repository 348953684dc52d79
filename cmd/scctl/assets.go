package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func addAssets(t *tree) {
	all := command(t.app, "assets", "Asset lists.", "scctl assets", "scctl assets --fields id,name,ips --format csv")
	listing(t, all, scapi.Organization, assetColumns(), (*scapi.Client).Assets)

	asset := t.app.Command("asset", "One asset list.")
	addAssetIPs(t, asset)
	addAssetUpdate(t, asset)
}

func assetColumns() columns[scapi.Asset] {
	return columns[scapi.Asset]{
		raw: func(a scapi.Asset) json.RawMessage { return a.Raw },
		columns: []column[scapi.Asset]{
			{"id", func(a scapi.Asset) any { return a.ID }},
			{"name", func(a scapi.Asset) any { return a.Name }},
			{"type", func(a scapi.Asset) any { return a.Type }},
			{"tags", func(a scapi.Asset) any { return a.Tags }},
			{"ipCount", func(a scapi.Asset) any { return opt(a.IPCount) }},
			{"status", func(a scapi.Asset) any { return a.Status }},
			{"ips", func(a scapi.Asset) any { return a.IPs }},
			{"dnsNames", func(a scapi.Asset) any { return a.DNSNames }},
			{"visibility", func(a scapi.Asset) any { return a.Visibility }},
			{"group", func(a scapi.Asset) any { return a.Group }},
			{"users", func(a scapi.Asset) any { return a.Users }},
			{"owner", func(a scapi.Asset) any { return userName(a.Owner) }},
			{"created", func(a scapi.Asset) any { return when(a.Created) }},
			{"modified", func(a scapi.Asset) any { return when(a.Modified) }},
			{"description", func(a scapi.Asset) any { return a.Description }},
		},
	}
}

// userName is the user's name, or his id where the console tells no more.
func userName(u scapi.UserRef) string {
	if u.Username != "" {
		return u.Username
	}
	return u.ID
}

func addAssetIPs(t *tree, asset *kingpin.CmdClause) {
	var id string
	cmd := command(asset, "ips", "Addresses of an asset list, a line for each address or range of each repository.",
		"scctl asset ips 5",
		"scctl asset ips 5 --format csv --fields first",
	)
	cmd.Arg("id", "Id of the asset list, or a name that no other has.").Required().StringVar(&id)
	type entry struct {
		repositoryID, repository string
		first, last, other       string
	}
	c := columns[entry]{columns: []column[entry]{
		{"repositoryID", func(e entry) any { return e.repositoryID }},
		{"repository", func(e entry) any { return e.repository }},
		{"first", func(e entry) any { return e.first }},
		{"last", func(e entry) any { return e.last }},
		{"other", func(e entry) any { return e.other }},
	}}
	listingOf(t, cmd, scapi.Organization, c, checkNamed(assetLists, &id), func(ctx context.Context, j *job, client *scapi.Client) ([]entry, error) {
		id, err := j.finder(ctx, client)(assetLists, id)
		if err != nil {
			return nil, err
		}
		repositories, err := client.AssetIPs(ctx, id)
		if err != nil {
			return nil, err
		}
		var entries []entry
		for _, r := range repositories {
			for _, ips := range r.Ranges {
				entries = append(entries, entry{r.RepositoryID, r.Repository, ips.First.String(), ips.Last.String(), ""})
			}
			for _, other := range r.Others {
				entries = append(entries, entry{r.RepositoryID, r.Repository, "", "", other})
			}
		}
		return entries, nil
	})
}

// assetFlags are what may be changed of an asset list.
type assetFlags struct {
	given map[string]*bool // whether a flag stands on the command line

	name, description, tags, visibility, group string
	users, ips, dnsNames                       []string
	ipsFile, rules, rulesFile                  string
}

func addAssetUpdate(t *tree, asset *kingpin.CmdClause) {
	var id string
	a := assetFlags{given: map[string]*bool{}}
	cmd := command(asset, "update", "Change an asset list. Only what is given changes; addresses, names, users and rules replace what was there.",
		"scctl asset update 5 --name 'Web servers' --dry-run",
		"scctl asset update 5 --ips 192.0.2.0/24,198.51.100.7 --yes",
		"scctl asset update 5 --ips-file addresses.txt",
	)
	cmd.Arg("id", "Id of the asset list, or a name that no other has.").Required().StringVar(&id)
	for _, f := range []struct {
		name, help string
		to         *string
	}{
		{"name", "New name.", &a.name},
		{"description", "New description; may be empty.", &a.description},
		{"tags", "New tags; may be empty. SecurityCenter 4.8 and later.", &a.tags},
		{"visibility", "organizational or user. SecurityCenter before 4.8.", &a.visibility},
		{"group", "Name of the group that shares the list.", &a.group},
		{"ips-file", "File of addresses, one or more a line; - is standard input.", &a.ipsFile},
		{"rules", "Rules of a dynamic list or a combination, as JSON.", &a.rules},
		{"rules-file", "File of them; - is standard input.", &a.rulesFile},
	} {
		cmd.Flag(f.name, f.help).IsSetByUser(a.flag(f.name)).StringVar(f.to)
	}
	for _, f := range []struct {
		name, help string
		to         *[]string
	}{
		{"users", "Ids of the users who may see the list, separated by commas. SecurityCenter before 4.8.", &a.users},
		{"ips", "Addresses, ranges and CIDR blocks of a static list, separated by commas.", &a.ips},
		{"dns-names", "DNS names of a dnsname list, separated by commas.", &a.dnsNames},
	} {
		cmd.Flag(f.name, f.help).IsSetByUser(a.flag(f.name)).StringsVar(f.to)
	}
	t.settings.registerChange(cmd)
	t.settings.output.registerListing(cmd, assetColumns().names()...)
	t.asking(cmd, scapi.Organization, func(ctx context.Context, j *job) error {
		if _, err := unasked(assetLists, id); err != nil {
			return err
		}
		update, err := a.update(ctx, j)
		if err != nil {
			return err
		}
		if err := j.confirm(ctx, fmt.Sprintf("Asset list %s: change %s.", id, strings.Join(a.changes(), ", "))); err != nil {
			return err
		}
		client, err := j.login(ctx)
		if err != nil {
			return err
		}
		id, err := j.finder(ctx, client)(assetLists, id)
		if err != nil {
			return err
		}
		changed, err := client.UpdateAsset(ctx, id, update)
		if err != nil {
			return err
		}
		return list(j, assetColumns(), []scapi.Asset{changed})
	})
}

func (a *assetFlags) flag(name string) *bool {
	a.given[name] = new(bool)
	return a.given[name]
}

// changes names what is given, in a fixed order.
func (a *assetFlags) changes() []string {
	var names []string
	for _, name := range []string{"name", "description", "tags", "visibility", "group", "users", "ips", "ips-file", "dns-names", "rules", "rules-file"} {
		if *a.given[name] {
			names = append(names, strings.TrimSuffix(name, "-file"))
		}
	}
	return names
}

func (a *assetFlags) update(ctx context.Context, j *job) (scapi.AssetUpdate, error) {
	var u scapi.AssetUpdate
	if len(a.changes()) == 0 {
		return u, wrongUsage("nothing to change: give at least one of --name, --description, --tags, --visibility, --group, --users, --ips, --ips-file, --dns-names, --rules, --rules-file")
	}
	if *a.given["ips"] && *a.given["ips-file"] {
		return u, wrongUsage("--ips and --ips-file exclude each other")
	}
	u.Name = a.text("name", a.name)
	u.Description = a.text("description", a.description)
	u.Tags = a.text("tags", a.tags)
	u.Visibility = a.text("visibility", a.visibility)
	u.Group = a.text("group", a.group)
	u.Users = a.list("users", a.users)
	u.IPs = a.list("ips", a.ips)
	u.DNSNames = a.list("dns-names", a.dnsNames)
	if *a.given["ips-file"] {
		if err := j.mayAsk("ips-file", a.ipsFile); err != nil {
			return u, err
		}
		b, err := j.readInput(ctx, a.ipsFile)
		if err != nil {
			return u, err
		}
		u.IPs = scapi.Some(strings.FieldsFunc(string(b), func(r rune) bool { return strings.ContainsRune(", ;\t\r\n", r) }))
	}
	if err := j.mayAsk("rules-file", a.rulesFile); err != nil {
		return u, err
	}
	rules, err := j.jsonInput(ctx, "rules", a.rules, a.rulesFile)
	if err != nil {
		return u, err
	}
	u.Rules = rules
	return u, nil
}

func (a *assetFlags) text(name, value string) scapi.Opt[string] {
	return scapi.Opt[string]{Value: value, Valid: *a.given[name]}
}

func (a *assetFlags) list(name string, values []string) scapi.Opt[[]string] {
	return scapi.Opt[[]string]{Value: flatten(values), Valid: *a.given[name]}
}
