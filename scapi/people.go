package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Role is a set of permissions.
type Role struct {
	ID, Name, Description string
	Permissions           map[string]bool // by the console's names: permCreateTickets, permUpdateFeeds, …; nil: not told
	Scan                  string          // which scans may be run: none, policies, full; empty: unknown
	Created, Modified     time.Time       // zero: unknown
	Raw                   json.RawMessage
}

type wireRole struct {
	ID, Name, Description, PermScan wire.Str
	CreatedTime, ModifiedTime       wire.Epoch
}

// roleFields are asked for by name, because lists are short otherwise.
const roleFields = "id,name,description,createdTime,modifiedTime,permScan,permManageApp,permManageGroups,permManageRoles," +
	"permManageImages,permManageGroupRelationships,permManageBlackoutWindows,permManageAttributeSets,permCreateTickets," +
	"permCreateAlerts,permCreateAuditFiles,permCreateLDAPAssets,permCreatePolicies,permPurgeTickets,permPurgeScanResults," +
	"permPurgeReportResults,permAgentsScan,permShareObjects,permUpdateFeeds,permUploadNessusResults,permViewOrgLogs," +
	"permManageAcceptRiskRules,permManageRecastRiskRules"

// Roles returns the roles, by id, to any account. A console that does not know
// one of the permissions' names tells none of them. REST GET /role, RPC role::init.
func (c *Client) Roles(ctx context.Context) ([]Role, error) {
	list, err := listOf[wireRole](ctx, c, listCall{path: "/role", fields: roleFields, module: "role", key: "roles"})
	if err != nil {
		return nil, err
	}
	roles := make([]Role, 0, len(list.Items))
	for i, w := range list.Items {
		roles = append(roles, Role{
			ID:          string(w.ID),
			Name:        string(w.Name),
			Description: string(w.Description),
			Permissions: permissions(list.Raw[i]),
			Scan:        strings.ToLower(string(w.PermScan)),
			Created:     w.CreatedTime.Time(),
			Modified:    w.ModifiedTime.Time(),
			Raw:         list.Raw[i],
		})
	}
	sortByID(roles, func(r Role) string { return r.ID })
	return roles, nil
}

// permissions are the fields of a role that are called perm… and are yes or no.
func permissions(raw json.RawMessage) map[string]bool {
	var fields wire.Map[wire.Bool]
	_ = wire.Decode(raw, &fields) // a role is an object, or it would not be in the list
	var told map[string]bool
	for name, value := range fields {
		allowed, ok := value.Get()
		if !ok || !strings.HasPrefix(name, "perm") {
			continue
		}
		if told == nil {
			told = map[string]bool{}
		}
		told[name] = allowed
	}
	return told
}

// User is an account of the console.
type User struct {
	ID, Username        string
	FirstName, LastName string
	Title, Email        string
	OrganizationID      string // where Users was asked for it
	Role, Group         Ref    // SecurityCenter 4 may tell only the ids
	AuthType            string // tns, ldap, saml, linked; empty: unknown
	Locked              Opt[bool]
	MustChangePassword  Opt[bool]
	FailedLogins        Opt[int64] // since the last one that succeeded
	LastLogin           time.Time  // zero: never or unknown
	LastLoginIP         string
	Created, Modified   time.Time
	Raw                 json.RawMessage
}

type wirePerson struct {
	ID, Username, Firstname, Lastname, Title, Email wire.Str
	AuthType, LastLoginIP                           wire.Str
	Role, Group                                     wire.Ref
	RoleID, GroupID                                 wire.Ref // flat, on SecurityCenter 4
	Locked, MustChangePassword                      wire.Bool
	FailedLogins                                    wire.Int
	LastLogin, CreatedTime, ModifiedTime            wire.Epoch
}

const userFields = "id,username,firstname,lastname,title,email,role,group,authType,locked,mustChangePassword,failedLogins," +
	"lastLogin,lastLoginIP,createdTime,modifiedTime"

// Users returns the users that the account sees, by id: administrators see
// administrators, others the users of their organisation. Administrators may
// name organisations whose users they want instead, one organisation after the
// other; user ids repeat between organisations. REST GET /user, with orgID
// for an organisation; RPC user::init, and ErrUnsupported for an organisation.
func (c *Client) Users(ctx context.Context, organizationIDs ...string) ([]User, error) {
	for _, id := range organizationIDs {
		if err := checkID("organisation", id); err != nil {
			return nil, err
		}
	}
	if len(organizationIDs) == 0 {
		return c.users(ctx, nil)
	}
	if err := c.onlyREST(ctx, "users of an organisation"); err != nil {
		return nil, err
	}
	var users []User
	for _, id := range organizationIDs {
		some, err := c.users(ctx, url.Values{"orgID": {id}})
		if err != nil {
			return nil, fmt.Errorf("users of organisation %s: %w", id, err)
		}
		for _, u := range some {
			u.OrganizationID = id
			users = append(users, u)
		}
	}
	return users, nil
}

func (c *Client) users(ctx context.Context, query url.Values) ([]User, error) {
	list, err := listOf[wirePerson](ctx, c, listCall{path: "/user", fields: userFields, query: query, module: "user", key: "users"})
	if err != nil {
		return nil, err
	}
	users := make([]User, 0, len(list.Items))
	for i, w := range list.Items {
		users = append(users, User{
			ID:                 string(w.ID),
			Username:           string(w.Username),
			FirstName:          string(w.Firstname),
			LastName:           string(w.Lastname),
			Title:              string(w.Title),
			Email:              string(w.Email),
			Role:               refOf(w.Role, w.RoleID),
			Group:              refOf(w.Group, w.GroupID),
			AuthType:           strings.ToLower(string(w.AuthType)),
			Locked:             optBool(w.Locked),
			MustChangePassword: optBool(w.MustChangePassword),
			FailedLogins:       optInt(w.FailedLogins),
			LastLogin:          w.LastLogin.Time(),
			LastLoginIP:        string(w.LastLoginIP),
			Created:            w.CreatedTime.Time(),
			Modified:           w.ModifiedTime.Time(),
			Raw:                list.Raw[i],
		})
	}
	sortByID(users, func(u User) string { return u.ID })
	return users, nil
}

// Ticket is a task that somebody was given.
type Ticket struct {
	ID, Name, Description    string
	Status                   string // assigned, resolved, feedback, na, duplicate, closed; empty: unknown
	Classification           string // Information, Patch, False Positive, …
	Notes                    string
	Creator, Owner, Assignee UserRef
	Created, Modified        time.Time // zero times: not yet, or unknown
	Assigned                 time.Time
	Resolved, Closed         time.Time
	Raw                      json.RawMessage
}

type wireTicket struct {
	ID, Name, Description, Status, Classification, Notes wire.Str
	Creator, Owner, Assignee                             wireUser
	CreatorID, OwnerID, AssigneeID                       wire.Ref // flat, on SecurityCenter 4
	CreatedTime, ModifiedTime, AssignedTime              wire.Epoch
	ResolvedTime, ClosedTime                             wire.Epoch
}

const ticketFields = "id,name,description,status,classification,notes,creator,owner,assignee,createdTime,modifiedTime," +
	"assignedTime,resolvedTime,closedTime"

// Tickets returns the tickets that the account sees, by id, to users of an
// organisation. REST GET /ticket, RPC ticket::init.
func (c *Client) Tickets(ctx context.Context) ([]Ticket, error) {
	list, err := listOf[wireTicket](ctx, c, listCall{path: "/ticket", fields: ticketFields, module: "ticket", key: "tickets"})
	if err != nil {
		return nil, err
	}
	tickets := make([]Ticket, 0, len(list.Items))
	for i, w := range list.Items {
		tickets = append(tickets, Ticket{
			ID:             string(w.ID),
			Name:           string(w.Name),
			Description:    string(w.Description),
			Status:         strings.ToLower(string(w.Status)),
			Classification: string(w.Classification),
			Notes:          string(w.Notes),
			Creator:        userRef(w.Creator, w.CreatorID),
			Owner:          userRef(w.Owner, w.OwnerID),
			Assignee:       userRef(w.Assignee, w.AssigneeID),
			Created:        w.CreatedTime.Time(),
			Modified:       w.ModifiedTime.Time(),
			Assigned:       w.AssignedTime.Time(),
			Resolved:       w.ResolvedTime.Time(),
			Closed:         w.ClosedTime.Time(),
			Raw:            list.Raw[i],
		})
	}
	sortByID(tickets, func(t Ticket) string { return t.ID })
	return tickets, nil
}
