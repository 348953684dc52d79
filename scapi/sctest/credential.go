package sctest

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

// credential is a stored credential. One that is in the console's snapshot is never changed.
type credential struct {
	id                      int
	kind, name, description string
	modified                int64
	fields                  map[string]string // of its type, by their proper spelling; the secrets are in clear

	tags              string // REST, and RPC from 4.8 on
	visibility, group string // RPC before 4.8
	users             []string
	groups            []string // REST
}

// credentialFields are the fields of each type; those of a REST console with an authType have that too.
var credentialFields = map[string][]string{
	"windows":  {"username", "password", "domain"},
	"ssh":      {"username", "password", "publicKey", "privateKey", "passphrase", "privilegeEscalation", "escalationUsername", "escalationPassword"},
	"snmp":     {"communityString"},
	"kerberos": {"ip", "port", "protocol", "realm"},
}

// secretFields are shown as "SET".
var secretFields = []string{"password", "passphrase", "privateKey", "escalationPassword", "communityString"}

// oldSpelling is how some clients of SecurityCenter 4 spell three SSH fields. Which is the console's is not known: the
// simulated one shows and takes both.
var oldSpelling = map[string]string{"publicKey": "publickey", "privateKey": "privatekey", "privilegeEscalation": "priviledgeEscalation"}

func (c *Console) firstCredentials() []*credential {
	list := []*credential{
		{kind: "windows", fields: map[string]string{"authType": "password", "username": "scan", "password": "windows-password", "domain": "EXAMPLE"}},
		{kind: "ssh", fields: map[string]string{ //nolint:gosec // examples, which open nothing
			"authType": "publicKey", "username": "scan", "password": "", "publicKey": "id_example.pub", "privateKey": "id_example", "passphrase": "ssh-passphrase",
			"privilegeEscalation": "sudo", "escalationUsername": "root", "escalationPassword": "ssh-escalation-password"}},
		{kind: "snmp", fields: map[string]string{"communityString": "example-community"}},
		{kind: "kerberos", fields: map[string]string{"ip": "10.0.0.1", "port": "88", "protocol": "udp", "realm": "EXAMPLE.ORG"}},
	}
	for i, k := range list {
		k.id, k.name, k.modified, k.visibility = 1_000_001+i, "Credential "+strconv.Itoa(i+1), c.world.anchor-40*day, "organizational"
	}
	return list
}

// Credential is a stored credential of the simulated console, as it is now, with its secrets in clear.
type Credential struct {
	ID, Name, Description string
	Type                  string            // windows, ssh, snmp, kerberos
	Fields                map[string]string // by name, SSH fields as publicKey, privateKey, privilegeEscalation

	Tags              string   // from SecurityCenter 4.8 on
	Visibility, Group string   // before 4.8
	Users             []string // before 4.8: ids
	Groups            []string // REST: ids of the groups it is shared with
	Modified          time.Time
}

// Credentials returns the stored credentials in the order of their ids.
func (c *Console) Credentials() []Credential {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]Credential, len(c.credentials))
	for i, k := range c.credentials {
		list[i] = Credential{ID: strconv.Itoa(k.id), Name: k.name, Description: k.description, Type: k.kind, Fields: maps.Clone(k.fields),
			Tags: k.tags, Visibility: k.visibility, Group: k.group, Users: slices.Clone(k.users), Groups: slices.Clone(k.groups),
			Modified: time.Unix(k.modified, 0)}
	}
	return list
}

// Credential returns the stored credential of that id; ok is false when there is none.
func (c *Console) Credential(id string) (stored Credential, ok bool) {
	for _, k := range c.Credentials() {
		if k.ID == id {
			return k, true
		}
	}
	return Credential{}, false
}

// credentialObjects returns the stored credentials as the console's version shows them.
func (c *Console) credentialObjects() []object {
	c.mu.Lock()
	list := c.credentials
	c.mu.Unlock()
	objects := make([]object, len(list))
	for i, k := range list {
		objects[i] = c.credentialObject(k)
	}
	return objects
}

func (c *Console) credentialObject(k *credential) object {
	o := object{"id": strconv.Itoa(k.id), "name": k.name, "description": k.description, "type": k.kind, "status": "0",
		"createdTime": epoch(c.world.anchor - 400*day), "modifiedTime": epoch(k.modified)}
	shown := object{}
	for _, key := range credentialFields[k.kind] {
		shown[key] = c.shownField(key, k.fields[key])
	}
	if c.o.Dialect == RPC {
		maps.Copy(o, shown)
		for proper, old := range oldSpelling {
			if v, ok := o[proper]; ok {
				o[old] = v
			}
		}
		if c.release.atLeast(4, 8) { // as with asset lists
			o["tags"] = k.tags
		} else {
			o["visibility"], o["group"], o["users"] = k.visibility, k.group, references(k.users)
		}
		return o
	}
	for _, key := range []string{"publicKey", "privateKey"} {
		if shown[key] == "" {
			shown[key] = nil
		}
	}
	if auth := k.fields["authType"]; auth != "" {
		shown["authType"] = auth
	}
	maps.Copy(o, object{"tags": k.tags, "typeFields": shown, "groups": groupReferences(k.groups), "canUse": "true", "canManage": "true",
		"creator": userReference(1), "owner": userReference(1), "ownerGroup": reference("0", "Full Access"), "targetGroup": unset()})
	return o
}

// editCredential writes to a stored credential. Whole edits, those of SecurityCenter 4, replace the object but for
// the secrets that they leave out; the others change what they name. The text "SET", which stands for a secret in
// every answer, is a secret like another when it is written.
func (x *exchange) editCredential(id string, in fields, whole bool) error {
	c := x.c
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.IndexFunc(c.credentials, func(k *credential) bool { return strconv.Itoa(k.id) == id })
	if at < 0 {
		return notFound("credential", id)
	}
	k := *c.credentials[at]
	k.fields = maps.Clone(k.fields)
	if in.has("name") || whole {
		if k.name = in.text("name"); k.name == "" {
			return refuse(146, "The name of a Credential must not be empty.\n")
		}
	}
	if in.has("description") || whole {
		k.description = in.text("description")
	}
	if c.o.Dialect == RPC && !c.release.atLeast(4, 8) {
		k.visibility, k.group = in.text("visibility"), in.text("group")
		ids, err := idsOf(in["users"])
		if err != nil {
			return err
		}
		k.users = ids
	}
	if in.has("tags") {
		k.tags = in.text("tags")
	}
	if in.has("groups") {
		ids, err := groupIDs(in["groups"])
		if err != nil {
			return err
		}
		k.groups = ids
	}
	if err := c.setFields(&k, in, whole); err != nil {
		return err
	}
	k.modified = c.now()
	c.credentials = slices.Clone(c.credentials)
	c.credentials[at] = &k
	return nil
}

// setFields takes the fields of the credential's type. A partial edit that has any must say the type, and the way of
// authentication if there is one.
func (c *Console) setFields(k *credential, in fields, whole bool) error {
	if in.has("type") && in.text("type") != k.kind || whole && !in.has("type") {
		return refuse(146, "The type of a Credential cannot be changed.\n")
	}
	in = in.nested("typeFields")
	if auth := in.text("authType"); auth != "" && k.fields["authType"] != "" {
		k.fields["authType"] = auth
	}
	for _, key := range credentialFields[k.kind] {
		given := in.has(key)
		value := in.text(key)
		if old := oldSpelling[key]; old != "" && in.has(old) && (!given || value == c.shownField(key, k.fields[key])) {
			given, value = true, in.text(old) // of two spellings the one that says something new
		}
		if given && !whole && (!in.has("type") || k.fields["authType"] != "" && !in.has("authType")) {
			return refuse(146, "The type and the authType must be specified with %s.\n", key)
		}
		switch {
		case given:
			k.fields[key] = value
		case whole && !slices.Contains(secretFields, key):
			k.fields[key] = ""
		}
	}
	return nil
}

// shownField is a field as answers show it. On SecurityCenter 4 the private key is the name of an uploaded file.
func (c *Console) shownField(key, value string) string {
	if value != "" && slices.Contains(secretFields, key) && (key != "privateKey" || c.o.Dialect == REST) {
		return "SET"
	}
	return value
}

// nested returns the members, with those of the object under key, if there is one, beside them.
func (f fields) nested(key string) fields {
	var inner fields
	if json.Unmarshal(f[key], &inner) != nil {
		return f
	}
	all := maps.Clone(f)
	maps.Copy(all, inner)
	return all
}
