package main

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func addPeople(t *tree) {
	roles := command(t.app, "roles", "Roles of users, with what they may do.", "scctl roles")
	listing(t, roles, scapi.UnknownKind, columns[scapi.Role]{
		raw: func(r scapi.Role) json.RawMessage { return r.Raw },
		columns: []column[scapi.Role]{
			{"id", func(r scapi.Role) any { return r.ID }},
			{"name", func(r scapi.Role) any { return r.Name }},
			{"scan", func(r scapi.Role) any { return r.Scan }},
			{"permissions", func(r scapi.Role) any { return granted(r.Permissions) }},
			{"description", func(r scapi.Role) any { return r.Description }},
			{"created", func(r scapi.Role) any { return when(r.Created) }},
			{"modified", func(r scapi.Role) any { return when(r.Modified) }},
		},
	}, (*scapi.Client).Roles)

	var organizations []string
	users := command(t.app, "users", "Users that the account sees. An administrator, who is asked where there is one, sees administrators, or the users of the organisations that are named; others see those of their organisation.",
		"scctl users", "scctl users --organization 1 --format csv")
	users.Flag("organization", "Ids of the organisations whose users are meant, separated by commas. For administrators.").PlaceHolder("ID,…").StringsVar(&organizations)
	listingOf(t, users, scapi.Administrator, columns[scapi.User]{
		raw: func(u scapi.User) json.RawMessage { return u.Raw },
		columns: []column[scapi.User]{
			{"id", func(u scapi.User) any { return u.ID }},
			{"username", func(u scapi.User) any { return u.Username }},
			{"firstName", func(u scapi.User) any { return u.FirstName }},
			{"lastName", func(u scapi.User) any { return u.LastName }},
			{"role", func(u scapi.User) any { return refName(u.Role) }},
			{"group", func(u scapi.User) any { return refName(u.Group) }},
			{"authType", func(u scapi.User) any { return u.AuthType }},
			{"locked", func(u scapi.User) any { return opt(u.Locked) }},
			{"failedLogins", func(u scapi.User) any { return opt(u.FailedLogins) }},
			{"lastLogin", func(u scapi.User) any { return when(u.LastLogin) }},
			{"lastLoginIP", func(u scapi.User) any { return u.LastLoginIP }},
			{"email", func(u scapi.User) any { return u.Email }},
			{"title", func(u scapi.User) any { return u.Title }},
			{"created", func(u scapi.User) any { return when(u.Created) }},
			{"modified", func(u scapi.User) any { return when(u.Modified) }},
		},
	}, func() error { return checkIDs("organisation", flatten(organizations)...) }, func(ctx context.Context, _ *job, client *scapi.Client) ([]scapi.User, error) {
		return client.Users(ctx, flatten(organizations)...)
	})

	tickets := command(t.app, "tickets", "Tickets of the organisation.", "scctl tickets --format jsonl")
	listing(t, tickets, scapi.Organization, columns[scapi.Ticket]{
		raw: func(t scapi.Ticket) json.RawMessage { return t.Raw },
		columns: []column[scapi.Ticket]{
			{"id", func(t scapi.Ticket) any { return t.ID }},
			{"name", func(t scapi.Ticket) any { return t.Name }},
			{"status", func(t scapi.Ticket) any { return t.Status }},
			{"classification", func(t scapi.Ticket) any { return t.Classification }},
			{"creator", func(t scapi.Ticket) any { return userName(t.Creator) }},
			{"assignee", func(t scapi.Ticket) any { return userName(t.Assignee) }},
			{"created", func(t scapi.Ticket) any { return when(t.Created) }},
			{"assigned", func(t scapi.Ticket) any { return when(t.Assigned) }},
			{"resolved", func(t scapi.Ticket) any { return when(t.Resolved) }},
			{"closed", func(t scapi.Ticket) any { return when(t.Closed) }},
			{"description", func(t scapi.Ticket) any { return t.Description }},
			{"notes", func(t scapi.Ticket) any { return t.Notes }},
		},
	}, (*scapi.Client).Tickets)
}

// granted are the permissions that a role has, by name.
func granted(permissions map[string]bool) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(permissions)) {
		if permissions[name] {
			names = append(names, name)
		}
	}
	return names
}
