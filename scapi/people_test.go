package scapi_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestRoles(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		api  scapi.API
		body string
		want []scapi.Role
	}{
		"REST": {scapi.REST, `[{"id":"1000001","name":"Custom","description":"d","createdTime":"1700000000","permScan":"Policies","permCreateTickets":"true","permUpdateFeeds":"false"},
			{"id":"2","name":"Security Manager"}]`, []scapi.Role{
			{ID: "2", Name: "Security Manager"},
			{ID: "1000001", Name: "Custom", Description: "d", Scan: "policies", Permissions: map[string]bool{"permCreateTickets": true, "permUpdateFeeds": false}, Created: epoch(1700000000)},
		}},
		"RPC": {scapi.RPC, `{"roles":[{"id":"3","name":"Analyst","permScan":"none","permViewOrgLogs":true}]}`, []scapi.Role{
			{ID: "3", Name: "Analyst", Scan: "none", Permissions: map[string]bool{"permViewOrgLogs": true}}}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := scripted(t, tc.api, "4.8.1", table(map[string]said{"GET /role": {Response: tc.body}, "role::init": {Response: tc.body}}))
			got, err := c.Roles(t.Context())
			if diff := cmp.Diff(tc.want, got, noRaw); err != nil || diff != "" {
				t.Errorf("error %v, roles (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	n, yes, no := scapi.Some[int64], scapi.Some(true), scapi.Some(false)
	for name, tc := range map[string]struct {
		api  scapi.API
		body string
		want []scapi.User
	}{
		"REST": {scapi.REST, `[{"id":"7","username":"jo","firstname":"Jo","lastname":"Doe","title":"Dr","email":"jo@example.org","locked":"false","mustChangePassword":"true","failedLogins":"3",
			"authType":"TNS","lastLogin":"0","lastLoginIP":"","role":{"id":"2","name":"Security Manager"},"group":{"id":-1,"name":""},"canUse":true,"password":"SET"},
			{"id":"2","username":"api","lastLogin":"1700000000","lastLoginIP":"192.0.2.7","locked":"true","group":{"id":"0","name":"Full Access"}}]`, []scapi.User{
			{ID: "2", Username: "api", LastLogin: epoch(1700000000), LastLoginIP: "192.0.2.7", Locked: yes, Group: scapi.Ref{ID: "0", Name: "Full Access"}},
			{ID: "7", Username: "jo", FirstName: "Jo", LastName: "Doe", Title: "Dr", Email: "jo@example.org", Locked: no, MustChangePassword: yes, FailedLogins: n(3),
				AuthType: "tns", Role: scapi.Ref{ID: "2", Name: "Security Manager"}},
		}},
		"RPC": {scapi.RPC, `{"users":[{"id":1,"username":"admin","roleID":"1","firstname":"A"}]}`, []scapi.User{
			{ID: "1", Username: "admin", FirstName: "A", Role: scapi.Ref{ID: "1"}}}},
		"a list in an object": {scapi.REST, `{"users":[{"id":"7","status":"0","username":"user7"}]}`, []scapi.User{{ID: "7", Username: "user7"}}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := scripted(t, tc.api, "4.8.1", table(map[string]said{"GET /user": {Response: tc.body}, "user::init": {Response: tc.body}}))
			got, err := c.Users(t.Context())
			if diff := cmp.Diff(tc.want, got, noRaw); err != nil || diff != "" {
				t.Errorf("error %v, users (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestUsersOfOrganizations(t *testing.T) {
	t.Parallel()
	users := func(a asked) said {
		if a.Call != "GET /user" {
			return said{}
		}
		return said{Response: fmt.Sprintf(`[{"id":"1","username":"manager%s"}]`, a.Query.Get("orgID"))}
	}
	c, _ := scripted(t, scapi.REST, "", users)
	got, err := c.Users(t.Context(), "3", "1")
	want := []scapi.User{{ID: "1", Username: "manager3", OrganizationID: "3"}, {ID: "1", Username: "manager1", OrganizationID: "1"}}
	if diff := cmp.Diff(want, got, noRaw); err != nil || diff != "" {
		t.Errorf("error %v, users of two organisations, whose ids repeat (-want +got):\n%s", err, diff)
	}
	old, s := scripted(t, scapi.RPC, "4.8.1", users)
	if _, err := old.Users(t.Context(), "1"); !errors.Is(err, scapi.ErrUnsupported) || len(s.calls()) > 0 {
		t.Errorf("error %v after %v, want ErrUnsupported before any request", err, s.calls())
	}
	if _, err := c.Users(t.Context(), "1&x=y"); err == nil {
		t.Error("an id that is none was taken")
	}
}

func TestTickets(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		api  scapi.API
		body string
		want []scapi.Ticket
	}{
		"REST": {scapi.REST, `{"usable":[{"id":"4","name":"Patch","description":"d","classification":"False Positive","status":"Assigned","notes":"n","assignedTime":"1700000000","resolvedTime":"-1",
			"closedTime":-1,"createdTime":"1700000000","modifiedTime":"1700003600","creator":{"id":"1","username":"a"},"owner":{"id":"2","username":"b","firstname":"B"},"assignee":{"id":-1,"username":""}}],
			"manageable":[{"id":"4"}]}`, []scapi.Ticket{
			{ID: "4", Name: "Patch", Description: "d", Classification: "False Positive", Status: "assigned", Notes: "n", Assigned: epoch(1700000000), Created: epoch(1700000000), Modified: epoch(1700003600),
				Creator: scapi.UserRef{ID: "1", Username: "a"}, Owner: scapi.UserRef{ID: "2", Username: "b", Name: "B"}}}},
		"RPC": {scapi.RPC, `{"tickets":[{"id":"9","name":"n","status":"closed","closedTime":"1368500000","assigneeID":"5"}]}`, []scapi.Ticket{
			{ID: "9", Name: "n", Status: "closed", Closed: epoch(1368500000), Assignee: scapi.UserRef{ID: "5"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := scripted(t, tc.api, "4.8.1", table(map[string]said{"GET /ticket": {Response: tc.body}, "ticket::init": {Response: tc.body}}))
			got, err := c.Tickets(t.Context())
			if diff := cmp.Diff(tc.want, got, noRaw); err != nil || diff != "" {
				t.Errorf("error %v, tickets (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestPeopleOfSimulatedConsoles(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			_, admin, analyst := simulated(t, sctest.Options{Dialect: dialect})
			roles, err := admin.Roles(t.Context())
			if err != nil || len(roles) < 7 || roles[0].Name != "Administrator" || !roles[0].Permissions["permManageApp"] || roles[0].Scan == "" {
				t.Errorf("roles %+v, %v", roles, err)
			}
			for who, c := range map[string]*scapi.Client{sctest.AdminUsername: admin, sctest.AnalystUsername: analyst} {
				users, err := c.Users(t.Context())
				found := false
				for _, u := range users {
					found = found || u.Username == who
				}
				if err != nil || !found {
					t.Errorf("users that %s sees: %+v, %v", who, users, err)
				}
			}
			tickets, err := analyst.Tickets(t.Context())
			states := map[string]int{}
			for _, ticket := range tickets {
				states[ticket.Status]++
				if ticket.Created.IsZero() || (ticket.Status == "closed") == ticket.Closed.IsZero() {
					t.Errorf("ticket %+v", ticket)
				}
			}
			if err != nil || len(states) < 4 {
				t.Errorf("tickets in states %v, %v", states, err)
			}
			if _, err := admin.Tickets(t.Context()); !scapi.IsPermission(err) {
				t.Errorf("tickets for an administrator: %v, want a permission error", err)
			}
		})
	}
}

func TestWhoIsLockedIsShown(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		server, _, c := simulated(t, sctest.Options{Dialect: dialect, Accounts: []sctest.Account{
			{Username: sctest.AdminUsername, Password: sctest.AdminPassword, Administrator: true},
			{Username: sctest.AnalystUsername, Password: sctest.AnalystPassword},
			{Username: "left", Password: "x", Locked: true},
		}})
		users, err := c.Users(t.Context())
		locked := map[string]scapi.Opt[bool]{}
		for _, u := range users {
			locked[u.Username] = u.Locked
		}
		if err != nil || locked["left"] != scapi.Some(true) || locked[sctest.AnalystUsername] != scapi.Some(false) || !server.Locked("left") {
			t.Errorf("%s: locked %v, %v", dialect, locked, err)
		}
		left := dialSimulated(t, server, scapi.Credentials{Username: "left", Password: "x"})
		if err := left.Login(t.Context()); !scapi.IsLoginRefused(err) {
			t.Errorf("%s: a locked user logs in: %v", dialect, err)
		}
	}
}

func TestTicketsOfSimulatedConsolesAreInTheirStates(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		server, _, c := simulated(t, sctest.Options{Dialect: dialect})
		tickets, err := c.Tickets(t.Context())
		var got []sctest.Ticket
		for _, ticket := range tickets {
			got = append(got, sctest.Ticket{ID: ticket.ID, Status: ticket.Status})
		}
		check(t, dialect.String(), err, got, server.Tickets())
	}
}

func TestRecordedUsers(t *testing.T) {
	t.Parallel()
	c := recorded(t, recordings(t))
	users, err := c.Users(t.Context())
	if err != nil || len(users) != 2 || users[0].Username != "user7" {
		t.Errorf("users %+v, %v", users, err)
	}
}
