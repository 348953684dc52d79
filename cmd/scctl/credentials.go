package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func addCredentials(t *tree) {
	all := command(t.app, "credentials", "Credentials that scans log in to hosts with, without their secrets.", "scctl credentials")
	listing(t, all, scapi.Organization, credentialColumns(), (*scapi.Client).StoredCredentials)
	addCredentialUpdate(t, t.app.Command("credential", "One credential."))
}

func credentialColumns() columns[scapi.StoredCredential] {
	return columns[scapi.StoredCredential]{
		raw: func(c scapi.StoredCredential) json.RawMessage { return c.Raw },
		columns: []column[scapi.StoredCredential]{
			{"id", func(c scapi.StoredCredential) any { return c.ID }},
			{"name", func(c scapi.StoredCredential) any { return c.Name }},
			{"type", func(c scapi.StoredCredential) any { return c.Type }},
			{"authType", func(c scapi.StoredCredential) any { return c.AuthType }},
			{"fields", func(c scapi.StoredCredential) any { return assignments(c.Fields) }},
			{"secrets", func(c scapi.StoredCredential) any { return c.Secrets }},
			{"tags", func(c scapi.StoredCredential) any { return c.Tags }},
			{"visibility", func(c scapi.StoredCredential) any { return c.Visibility }},
			{"group", func(c scapi.StoredCredential) any { return c.Group }},
			{"users", func(c scapi.StoredCredential) any { return c.Users }},
			{"owner", func(c scapi.StoredCredential) any { return userName(c.Owner) }},
			{"created", func(c scapi.StoredCredential) any { return when(c.Created) }},
			{"modified", func(c scapi.StoredCredential) any { return when(c.Modified) }},
			{"description", func(c scapi.StoredCredential) any { return c.Description }},
		},
	}
}

// assignments are the fields as NAME=VALUE, by name.
func assignments(fields map[string]string) []string {
	all := make([]string, 0, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		all = append(all, name+"="+fields[name])
	}
	return all
}

// credentialFlags are what may be changed of a credential. Secrets come from
// files or the environment: what stands on a command line everybody can read.
type credentialFlags struct {
	texts   []*givenText // flags that hold the value
	secrets []*givenText // flags that name a file of it
	keys    []*givenText // flags that name a file to upload
	users   []string
	hasUser bool
	fields  map[string]string
}

// givenText is a flag with a text, and what it changes.
type givenText struct {
	flag, help string
	field      func(*scapi.CredentialUpdate) *scapi.Opt[string]
	value      string
	given      bool
}

func newCredentialFlags() *credentialFlags {
	type update = scapi.CredentialUpdate
	type text = scapi.Opt[string]
	return &credentialFlags{
		fields: map[string]string{},
		texts: []*givenText{
			{flag: "name", help: "New name.", field: func(u *update) *text { return &u.Name }},
			{flag: "description", help: "New description; may be empty.", field: func(u *update) *text { return &u.Description }},
			{flag: "tags", help: "New tags; may be empty.", field: func(u *update) *text { return &u.Tags }},
			{flag: "visibility", help: "organizational or user. SecurityCenter 4.", field: func(u *update) *text { return &u.Visibility }},
			{flag: "group", help: "Name of the group that shares it.", field: func(u *update) *text { return &u.Group }},
			{flag: "auth-type", help: "password, publicKey, certificate, … Tenable.sc.", field: func(u *update) *text { return &u.AuthType }},
			{flag: "username", help: "User name that scans log in with.", field: func(u *update) *text { return &u.Username }},
			{flag: "domain", help: "Domain of a windows credential.", field: func(u *update) *text { return &u.Domain }},
			{flag: "privilege-escalation", help: "none, su, sudo, su+sudo, dzdo, pbrun, … (ssh).", field: func(u *update) *text { return &u.PrivilegeEscalation }},
			{flag: "escalation-username", help: "User to become (ssh).", field: func(u *update) *text { return &u.EscalationUsername }},
			{flag: "ip", help: "Address of the key distribution center (kerberos).", field: func(u *update) *text { return &u.IP }},
			{flag: "port", help: "Its port (kerberos).", field: func(u *update) *text { return &u.Port }},
			{flag: "protocol", help: "Its protocol (kerberos).", field: func(u *update) *text { return &u.Protocol }},
			{flag: "realm", help: "Its realm (kerberos).", field: func(u *update) *text { return &u.Realm }},
		},
		keys: []*givenText{
			{flag: "public-key-file", help: "File of the public key, which is uploaded (ssh).", field: func(u *update) *text { return &u.PublicKey }},
			{flag: "private-key-file", help: "File of the private key, which is uploaded (ssh).", field: func(u *update) *text { return &u.PrivateKey }},
		},
		secrets: []*givenText{
			{flag: "password-file", help: "File of the new password.", field: func(u *update) *text { return &u.Password }},
			{flag: "passphrase-file", help: "File of the passphrase of the private key (ssh).", field: func(u *update) *text { return &u.Passphrase }},
			{flag: "escalation-password-file", help: "File of the password of the user to become (ssh).", field: func(u *update) *text { return &u.EscalationPassword }},
			{flag: "community-string-file", help: "File of the community string (snmp).", field: func(u *update) *text { return &u.CommunityString }},
		},
	}
}

func addCredentialUpdate(t *tree, credential *kingpin.CmdClause) {
	var id string
	c := newCredentialFlags()
	cmd := command(credential, "update", "Change a credential. Only what is given changes; a secret that is not given is never written back. "+
		"Secrets are read from files, because everybody on the machine can read a command line; - is standard input.",
		"scctl credential update 1000003 --username scan --password-file new-password",
		"pass show scan | scctl credential update 1000003 --password-file - --yes",
		"scctl credential update 1000003 --privilege-escalation sudo --dry-run",
	)
	cmd.Arg("id", "Id of the credential.").Required().StringVar(&id)
	for _, f := range slices.Concat(c.texts, c.secrets, c.keys) {
		cmd.Flag(f.flag, f.help).IsSetByUser(&f.given).StringVar(&f.value)
	}
	cmd.Flag("users", "Ids of the users who may see it, separated by commas. SecurityCenter 4.").IsSetByUser(&c.hasUser).StringsVar(&c.users)
	cmd.Flag("field", "A further field of the type, by the console's own name. May be repeated. Not for secrets.").PlaceHolder("NAME=VALUE").StringMapVar(&c.fields)
	t.settings.registerChange(cmd)
	t.settings.output.registerListing(cmd, credentialColumns().names()...)
	t.asking(cmd, scapi.Organization, func(ctx context.Context, j *job) error {
		if err := checkIDs("credential", id); err != nil {
			return err
		}
		update, changes, err := c.update(ctx, j)
		if err != nil {
			return err
		}
		if err := j.confirm(ctx, fmt.Sprintf("Credential %s: change %s.", id, strings.Join(changes, ", "))); err != nil {
			return err
		}
		client, err := j.login(ctx)
		if err != nil {
			return err
		}
		if err := c.upload(ctx, j, client, &update); err != nil {
			return err
		}
		changed, err := client.UpdateCredential(ctx, id, update)
		if err != nil {
			return err
		}
		return list(j, credentialColumns(), []scapi.StoredCredential{changed})
	})
}

// update returns what is to change, and its names.
func (c *credentialFlags) update(ctx context.Context, j *job) (u scapi.CredentialUpdate, changes []string, err error) {
	for _, f := range c.texts {
		if f.given {
			*f.field(&u) = scapi.Some(f.value)
			changes = append(changes, f.flag)
		}
	}
	for _, f := range c.secrets {
		if !f.given {
			continue
		}
		secret, err := j.secretInput(ctx, f.flag, f.value)
		if err != nil {
			return u, nil, err
		}
		*f.field(&u) = scapi.Some(secret)
		changes = append(changes, strings.TrimSuffix(f.flag, "-file"))
	}
	for _, f := range c.keys {
		if f.given {
			if _, err := os.Stat(f.value); err != nil {
				return u, nil, &usageError{err}
			}
			changes = append(changes, strings.TrimSuffix(f.flag, "-file"))
		}
	}
	if c.hasUser {
		u.Users = scapi.Some(flatten(c.users))
		changes = append(changes, "users")
	}
	changes = append(changes, slices.Sorted(maps.Keys(c.fields))...)
	if len(c.fields) > 0 {
		u.Fields = c.fields
	}
	if len(changes) == 0 {
		return u, nil, wrongUsage("nothing to change: see --help for what can be given")
	}
	return u, changes, nil
}

// upload uploads the keys, and puts their names on the console into u. A dry run
// shows the change with the names that they have here.
func (c *credentialFlags) upload(ctx context.Context, j *job, client *scapi.Client, u *scapi.CredentialUpdate) error {
	for _, f := range c.keys {
		switch {
		case !f.given:
		case j.settings.dryRun:
			*f.field(u) = scapi.Some(filepath.Base(f.value))
		default:
			name, err := uploadFile(ctx, client, f.value)
			if err != nil {
				return err
			}
			*f.field(u) = scapi.Some(name)
		}
	}
	return nil
}

func uploadFile(ctx context.Context, client *scapi.Client, path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", &usageError{err}
	}
	defer file.Close()
	return client.Upload(ctx, file, filepath.Base(path))
}

// secretInput reads a secret from a file, or from standard input for "-".
func (j *job) secretInput(ctx context.Context, flag, path string) (string, error) {
	if err := j.mayAsk(flag, path); err != nil {
		return "", err
	}
	b, err := j.readInput(ctx, path)
	if err != nil {
		return "", err
	}
	secret := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if secret == "" {
		return "", wrongUsage("--%s: %s is empty", flag, path)
	}
	return secret, nil
}
