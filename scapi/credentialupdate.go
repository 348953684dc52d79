package scapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/conceal"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// CredentialUpdate says what to change of a stored credential. What is absent
// stays as it is, secrets included.
type CredentialUpdate struct {
	Name, Description Opt[string]
	Tags              Opt[string]   // REST; SecurityCenter 4 where it has them
	Visibility        Opt[string]   // "organizational" or "user"; SecurityCenter 4
	Group             Opt[string]   // name of the group that shares it
	Users             Opt[[]string] // ids of those who may see it, replacing; SecurityCenter 4
	AuthType          Opt[string]   // password, publicKey, …; REST

	Username, Password Opt[string] // not snmp
	Domain             Opt[string] // windows

	// SSH. The keys are names that Client.Upload gave to their files.
	PublicKey, PrivateKey, Passphrase      Opt[string]
	PrivilegeEscalation                    Opt[string] // none, su, sudo, su+sudo, dzdo, pbrun, Cisco 'enable'
	EscalationUsername, EscalationPassword Opt[string]

	CommunityString Opt[string] // snmp

	IP, Port, Protocol, Realm Opt[string] // kerberos

	// Fields are further fields of the type by the console's own names.
	Fields map[string]string
}

// fieldsOf are the fields that the known types take, by the names of REST.
var fieldsOf = map[string][]string{
	"windows":  {"username", "password", "domain"},
	"ssh":      {"username", "password", "publicKey", "privateKey", "passphrase", "privilegeEscalation", "escalationUsername", "escalationPassword"},
	"snmp":     {"communityString"},
	"kerberos": {"ip", "port", "protocol", "realm"},
}

// UpdateCredential changes a stored credential and returns it as it is then.
// The credential is read first: one that does not exist (ErrNotFound), or is of
// a type that does not have a field, is an error without anything being
// written. What a console shows in the place of a secret is never written back,
// and is refused as a new secret. Beside an *ActionError the credential is
// returned as the console answers it, if it does.
//
// REST PATCH /credential/{id} with what changes, together with type and
// authType where fields of the type do, and POST /credential/{id}/share for a
// group, which GET /group looks up by its name. RPC credential::edit takes the
// whole credential: what does not change is written back as credential::init
// told it, SSH keys in the spelling that was read. What the dialect has no
// equivalent for is ErrUnsupported, before any request but those of the login.
func (c *Client) UpdateCredential(ctx context.Context, id string, u CredentialUpdate) (StoredCredential, error) {
	if err := errors.Join(checkID("credential", id), u.check()); err != nil {
		return StoredCredential{}, err
	}
	t, err := c.target(ctx)
	if err != nil {
		return StoredCredential{}, err
	}
	switch {
	case t.dialect == REST && (u.Visibility.Valid || u.Users.Valid):
		return StoredCredential{}, fmt.Errorf("change credential %s: visibility and users: %w: REST has none", id, ErrUnsupported)
	case t.dialect == RPC && u.AuthType.Valid:
		return StoredCredential{}, fmt.Errorf("change credential %s: kind of authentication: %w: SecurityCenter 4 has none", id, ErrUnsupported)
	}
	current, err := c.StoredCredential(ctx, id)
	if err != nil {
		return StoredCredential{}, err
	}
	if err := u.suits(current.Type); err != nil {
		return StoredCredential{}, fmt.Errorf("change credential %s: %w", id, err)
	}
	if t.dialect == RPC {
		return c.editCredential(ctx, current, u)
	}
	return c.patchCredential(ctx, current, u)
}

// common are the changes that every type takes.
func (u CredentialUpdate) common() map[string]any {
	changes := map[string]any{}
	for name, value := range map[string]Opt[string]{
		"name": u.Name, "description": u.Description, "tags": u.Tags, "visibility": u.Visibility,
	} {
		if value.Valid {
			changes[name] = value.Value
		}
	}
	if u.Users.Valid {
		changes["users"] = idList(u.Users.Value)
	}
	return changes
}

// typed are the changes of the fields that have a name here.
func (u CredentialUpdate) typed() map[string]string {
	changes := map[string]string{}
	for name, value := range map[string]Opt[string]{
		"username": u.Username, "password": u.Password, "domain": u.Domain,
		"publicKey": u.PublicKey, "privateKey": u.PrivateKey, "passphrase": u.Passphrase,
		"privilegeEscalation": u.PrivilegeEscalation, "escalationUsername": u.EscalationUsername,
		"escalationPassword": u.EscalationPassword, "communityString": u.CommunityString,
		"ip": u.IP, "port": u.Port, "protocol": u.Protocol, "realm": u.Realm,
	} {
		if value.Valid {
			changes[name] = value.Value
		}
	}
	return changes
}

// special are all changes of fields of the type.
func (u CredentialUpdate) special() map[string]string {
	changes := u.typed()
	maps.Copy(changes, u.Fields)
	return changes
}

func (u CredentialUpdate) check() error {
	if u.Visibility.Valid && u.Visibility.Value != "organizational" && u.Visibility.Value != "user" {
		return wrongArgument("visibility %q, which is neither organizational nor user", u.Visibility.Value)
	}
	for _, id := range u.Users.Value {
		if err := checkID("user", id); err != nil {
			return err
		}
	}
	typed := u.typed()
	for name, value := range u.special() {
		if conceal.SecretName(name) && hidden(value) {
			return wrongArgument("%s: %q is what consoles show in the place of a secret", name, value)
		}
	}
	for name := range u.Fields {
		_, twice := typed[proper(name)]
		if name == "" || twice || slices.Contains(commonFields, name) {
			return wrongArgument("field %q is not one of a type, or given twice", name)
		}
	}
	if len(u.common()) == 0 && len(u.special()) == 0 && !u.Group.Valid && !u.AuthType.Valid {
		return wrongArgument("nothing to change")
	}
	return nil
}

// suits tells what a credential of this type has no field for. Types and
// fields that are not known here are left to the console.
func (u CredentialUpdate) suits(kind string) error {
	fields, known := fieldsOf[strings.ToLower(kind)]
	if !known {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(u.typed())) {
		if !slices.Contains(fields, name) {
			return wrongArgument("it is of type %s, which has no field %s", kind, name)
		}
	}
	return nil
}

func (c *Client) patchCredential(ctx context.Context, current StoredCredential, u CredentialUpdate) (StoredCredential, error) {
	changes := u.common()
	for name, value := range u.special() {
		changes[name] = value
	}
	if len(changes) > len(u.common()) || u.AuthType.Valid {
		authType := current.AuthType
		if u.AuthType.Valid {
			authType = u.AuthType.Value
		}
		changes["type"] = current.Type
		if authType != "" {
			changes["authType"] = authType
		}
	}
	r, err := patchObject[wireCredential](ctx, c, "/credential/{id}", current.ID, changes, u.Group)
	return c.changedCredential(ctx, current.ID, r, err)
}

func (c *Client) editCredential(ctx context.Context, current StoredCredential, u CredentialUpdate) (StoredCredential, error) {
	input, err := writtenBack(current)
	if err != nil {
		return StoredCredential{}, err
	}
	changes := u.common()
	if u.Group.Valid {
		changes["group"] = u.Group.Value
	}
	for _, name := range []string{"visibility", "group", "users", "tags"} {
		_, wanted := changes[name]
		if _, told := input[name]; wanted && !told {
			return StoredCredential{}, fmt.Errorf("change credential %s: %s: %w: this console's credentials have none", current.ID, name, ErrUnsupported)
		}
	}
	maps.Copy(input, changes)
	input["id"] = json.Number(current.ID)
	var read wire.Map[json.RawMessage]
	_ = wire.Decode(current.Raw, &read) // an object, or writtenBack would have failed
	for name, value := range u.special() {
		for _, spelling := range writtenAs(name, read) {
			input[spelling] = value
		}
	}
	var r raws[wireCredential]
	_, err = c.do(ctx, writeAction("credential", "edit", input), &r)
	return c.changedCredential(ctx, current.ID, r, err)
}

// changedCredential is the credential that a change answered. SecurityCenter 4
// may answer something else; then it is read.
func (c *Client) changedCredential(ctx context.Context, id string, r raws[wireCredential], err error) (StoredCredential, error) {
	switch {
	case unfulfilled(err):
		return r.value.credential(r.raw), err
	case err != nil:
		return StoredCredential{}, err
	case string(r.value.ID) != id:
		return c.StoredCredential(ctx, id)
	}
	return r.value.credential(r.raw), nil
}

// writtenBack is a credential as credential::edit takes it: without what only
// the console writes, and without what stands for secrets.
func writtenBack(s StoredCredential) (map[string]any, error) {
	var read map[string]json.RawMessage
	if err := json.Unmarshal(s.Raw, &read); err != nil {
		return nil, fmt.Errorf("credential %s: %w", s.ID, join(ErrMalformed, err))
	}
	fields, known := fieldsOf[strings.ToLower(s.Type)]
	input := map[string]any{}
	for name, value := range read {
		switch {
		case slices.Contains([]string{"id", "type", "name", "description", "visibility", "group", "users", "tags"}, name):
			input[name] = value
			continue
		case slices.Contains(commonFields, name), known && !slices.Contains(fields, proper(name)):
			continue
		}
		var text wire.Str
		if wire.Decode(value, &text) == nil && (hidden(string(text)) || conceal.SecretName(name) && text == "") {
			continue
		}
		input[name] = value
	}
	return input, nil
}

// writtenAs are the spellings of a field that were read; both where neither was.
func writtenAs(name string, read map[string]json.RawMessage) []string {
	other, two := spellings[proper(name)]
	if !two {
		return []string{name}
	}
	var told []string
	for _, spelling := range []string{proper(name), other} {
		if _, ok := read[spelling]; ok {
			told = append(told, spelling)
		}
	}
	if told == nil {
		return []string{proper(name), other}
	}
	return told
}
