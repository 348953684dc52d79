package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/conceal"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// StoredCredential is what scans log in to hosts with. Consoles do not show
// the secrets of one; what they show instead is left out here, except in Raw.
type StoredCredential struct {
	ID, Name, Description string
	Type                  string // windows, ssh, snmp, kerberos, database, …; empty: unknown
	AuthType              string // password, publicKey, certificate, …; REST
	Tags                  string
	Visibility            string   // organizational or user; SecurityCenter 4
	Group                 string   // name; SecurityCenter 4
	Users                 []string // ids of those who may see it; SecurityCenter 4
	Groups                []Ref    // that share it; REST
	Owner                 UserRef  // empty: not told
	// Fields are the fields of the type that have a value, such as username,
	// domain or privilegeEscalation, by the names that REST gives them.
	Fields map[string]string
	// Secrets are the names of the secret fields that have a value, sorted.
	Secrets           []string
	Created, Modified time.Time // zero: unknown
	Raw               json.RawMessage
}

type wireCredential struct {
	ID, Name, Description, Type, AuthType wire.Str
	Tags, Visibility, Group               wire.Str
	Users, Groups                         wire.List[wire.Ref]
	Owner                                 wireUser
	OwnerID                               wire.Ref // flat, on SecurityCenter 4
	CreatedTime, ModifiedTime             wire.Epoch
	TypeFields                            wire.Map[json.RawMessage] // REST; on RPC they are beside the others
}

const storedFields = "id,name,description,type,tags,groups,owner,createdTime,modifiedTime,typeFields"

// StoredCredentials returns the credentials for scans that the account sees,
// by id. REST GET /credential; RPC credential::init, to users of an organisation.
func (c *Client) StoredCredentials(ctx context.Context) ([]StoredCredential, error) {
	list, err := listOf[wireCredential](ctx, c, listCall{path: "/credential", fields: storedFields, module: "credential", key: "credentials"})
	if err != nil {
		return nil, err
	}
	credentials := make([]StoredCredential, 0, len(list.Items))
	for i, w := range list.Items {
		credentials = append(credentials, w.credential(list.Raw[i]))
	}
	sortByID(credentials, func(s StoredCredential) string { return s.ID })
	return credentials, nil
}

// StoredCredential returns one credential; ErrNotFound if the account sees none
// of that id. REST GET /credential/{id}; RPC credential::init, which has them all.
func (c *Client) StoredCredential(ctx context.Context, id string) (StoredCredential, error) {
	if err := checkID("credential", id); err != nil {
		return StoredCredential{}, err
	}
	t, err := c.target(ctx)
	if err != nil {
		return StoredCredential{}, err
	}
	if t.dialect == REST {
		r, err := restObject[wireCredential](ctx, c, "/credential/{id}", id, storedFields)
		if err != nil {
			return StoredCredential{}, err
		}
		if r.value.ID == "" {
			return StoredCredential{}, &Error{Call: "GET /rest/credential/" + id, Err: fmt.Errorf("%w: a credential without id", ErrMalformed)}
		}
		return r.value.credential(r.raw), nil
	}
	credentials, err := c.StoredCredentials(ctx)
	if err != nil {
		return StoredCredential{}, err
	}
	for _, s := range credentials {
		if s.ID == id {
			return s, nil
		}
	}
	return StoredCredential{}, missing("credential", id)
}

// spellings are the fields of which clients of SecurityCenter 4 used two
// spellings, one of them of version 5 too. Which one a console takes is not
// known, so both are read, and those are written that were read.
var spellings = map[string]string{
	"publicKey":           "publickey",
	"privateKey":          "privatekey",
	"privilegeEscalation": "priviledgeEscalation",
}

// proper is the spelling of a field that REST knows.
func proper(name string) string {
	for good, other := range spellings {
		if name == other {
			return good
		}
	}
	return name
}

// commonFields are those of every type of credential.
var commonFields = []string{
	"id", "type", "name", "description", "tags", "visibility", "group", "users", "groups", "authType", "typeFields",
	"createdTime", "modifiedTime", "creator", "creatorID", "owner", "ownerID", "ownerGroup", "targetGroup", "canUse", "canManage",
	"status", "context",
}

func (w wireCredential) credential(raw json.RawMessage) StoredCredential {
	s := StoredCredential{
		ID:          string(w.ID),
		Name:        string(w.Name),
		Description: string(w.Description),
		Type:        string(w.Type),
		AuthType:    string(w.AuthType),
		Tags:        string(w.Tags),
		Visibility:  string(w.Visibility),
		Group:       string(w.Group),
		Users:       idsOf(w.Users),
		Groups:      refsOf(w.Groups),
		Owner:       userRef(w.Owner, w.OwnerID),
		Fields:      map[string]string{},
		Created:     w.CreatedTime.Time(),
		Modified:    w.ModifiedTime.Time(),
		Raw:         raw,
	}
	fields := w.TypeFields
	if len(fields) == 0 {
		_ = wire.Decode(raw, &fields) // an object, or it would not be in the list
	}
	for name, value := range fields {
		var text wire.Str
		if wire.Decode(value, &text) != nil || text == "" {
			continue
		}
		switch name := proper(name); {
		case name == "authType":
			s.AuthType = string(text)
		case slices.Contains(commonFields, name):
		case conceal.SecretName(name) || hidden(string(text)):
			if !slices.Contains(s.Secrets, name) {
				s.Secrets = append(s.Secrets, name)
			}
		default:
			s.Fields[name] = string(text)
		}
	}
	slices.Sort(s.Secrets)
	return s
}

// hidden reports whether a console shows this in the place of a secret. Written
// back, it would become the secret.
func hidden(text string) bool {
	return text == "SET" || text != "" && strings.Trim(text, "*•") == ""
}
