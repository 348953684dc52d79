package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// accounts logs in with every account, and reports whether one could.
func (x *examination) accounts(ctx context.Context) (up bool) {
	kinds := map[scapi.Kind]int{}
	for _, a := range x.Accounts() {
		c := Check{ID: fmt.Sprintf("account.%d.login", x.places[a]), Area: areaAccounts, Name: "login of " + x.accountName(a), Result: OK}
		who, err := console.Call(ctx, a, (*scapi.Client).Whoami)
		if err == nil {
			if x.dialect, err = a.Dialect(ctx); err == nil {
				x.version, err = a.Version(ctx)
			}
		}
		switch {
		case errors.Is(err, scapi.ErrSessionLimit):
			c.Result, c.Means, c.Do = Wrong, "Nothing is read through this account until a session of its user ends.", "Give the exporter a user of its own, or raise the limit of sessions."
		case scapi.IsLoginRefused(err):
			c.Result, c.Means, c.Do = Wrong, "Nothing is read through this account. After three refusals it is left alone.", "Mend the user name, the password or the key. Is the user locked?"
		case err != nil:
			c.Result, c.Means, c.Do = Wrong, "Nothing is read through this account.", "See the way: name, port, certificate, proxy, a firewall between."
		default:
			up = true
			kinds[who.Kind]++
			c.Found = fmt.Sprintf("%s: %s", a.Name(), kindText(who))
			c.public = kindText(scapi.Identity{Kind: who.Kind})
			if who.Kind == scapi.UnknownKind {
				c.Result, c.Means, c.Do = Limited, "It is asked for everything that others do not tell.", "Send this report."
			}
		}
		if err != nil {
			c.Found, c.public = fmt.Sprintf("%s: %v", a.Name(), err), x.harm(err.Error())
		}
		x.add(c)
	}
	c := Check{ID: "account.kinds", Area: areaAccounts, Name: "kinds of accounts", Result: OK,
		Found: fmt.Sprintf("%d administrators, %d users of organisations", kinds[scapi.Administrator], kinds[scapi.Organization])}
	c.public = c.Found
	switch {
	case !up:
		c.Result, c.Means, c.Do = Unknown, "Nothing is read.", "Mend the logins."
	case kinds[scapi.Organization] == 0:
		c.Result, c.Means, c.Do = Limited, "There are no findings, hosts and scans: "+families(scapi.Organization)+" are absent.", "Add an account of an organisation's user."
	case kinds[scapi.Administrator] == 0:
		c.Result, c.Means, c.Do = Limited, "Licence, jobs, scanners and zones are told in part or not at all, and repositories that no account reads are not noticed.", "Add an administrator's account."
	}
	x.add(c)
	return up
}

func kindText(who scapi.Identity) string {
	switch who.Kind {
	case scapi.Administrator:
		return "administrator"
	case scapi.Organization:
		if who.OrganizationID != "" {
			return "user of organisation " + who.OrganizationID
		}
		return "user of an organisation"
	}
	return "of a kind that the console does not tell"
}

// families names the collectors that an account of the kind supplies.
func families(kind scapi.Kind) string {
	var names []string
	for _, l := range Everything() {
		if l.Account == kind && l.Default {
			names = append(names, l.Name)
		}
	}
	return "the collectors " + strings.Join(names, ", ")
}

// repositories tells who reads which.
func (x *examination) repositories(ctx context.Context) {
	list, err := x.Repositories(ctx)
	var incomplete *console.Incomplete
	if err != nil && !errors.As(err, &incomplete) {
		x.failed(areaAccounts, "account.repositories", "repositories that are read", err)
		return
	}
	var unread []string
	by := map[*console.Account]int{}
	for _, r := range list {
		switch {
		case r.Reader != nil:
			by[r.Reader]++
		case !r.Undecided:
			unread = append(unread, fmt.Sprintf("%s (%s)", r.ID, r.Name))
		}
	}
	c := Check{ID: "account.repositories", Area: areaAccounts, Name: "repositories that are read", Result: OK,
		Means: "What is in a repository that no account reads is missing from every sum; securitycenter_repository_accessible is 0 for it.",
		Do:    "Give an organisation's user access to it, or leave it out with repositories: {exclude: […]}."}
	var found, public []string
	for _, a := range x.Accounts() {
		if by[a] > 0 {
			found = append(found, fmt.Sprintf("%s reads %d", a.Name(), by[a]))
			public = append(public, fmt.Sprintf("%s reads %s", x.accountName(a), magnitude(int64(by[a]))))
		}
	}
	if len(unread) > 0 {
		slices.Sort(unread)
		c.Result = Limited
		found = append(found, "none reads "+strings.Join(unread, ", "))
		public = append(public, "none reads "+magnitude(int64(len(unread))))
	}
	if len(found) == 0 {
		c.Result = Limited
		found, public = []string{"there are none"}, []string{"there are none"}
	}
	c.Found, c.public = strings.Join(found, "; "), strings.Join(public, "; ")
	x.add(c)
}

// organizations tells where objects of organisations have ids that repeat.
func (x *examination) organizations(ctx context.Context) {
	c := Check{ID: "account.organizations", Area: areaAccounts, Name: "ids of organisations' objects", Result: OK, Found: "no id stands for two asset lists",
		Means: "An id means something else in every organisation. Asset lists, audit files and scans are asked for through an account of their organisation, and carry organization_id; a watch or an owner needs its account.",
		Do:    "Name the account of every watch and owner that names an asset list, an audit file or a saved query."}
	answers, err := console.AskEach(ctx, x.Console.Console, (*scapi.Client).Assets)
	if err != nil {
		if console.NotReadable(err) {
			return // there is no organisation
		}
		x.failed(areaAccounts, c.ID, c.Name, err)
		return
	}
	type owner struct{ organization, name string }
	known, repeated := map[string]owner{}, 0
	for _, a := range answers {
		for _, asset := range a.Value {
			before, ok := known[asset.ID]
			if ok && before.organization != a.Organization && before.name != asset.Name {
				repeated++
			}
			if !ok {
				known[asset.ID] = owner{a.Organization, asset.Name}
			}
		}
	}
	c.public = c.Found
	if repeated > 0 {
		c.Result, c.Found = Limited, fmt.Sprintf("%d ids of asset lists stand for another one in another organisation", repeated)
		c.public = magnitude(int64(repeated)) + " ids of asset lists stand for another one in another organisation"
	}
	x.add(c)
}
