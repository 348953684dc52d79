package scapi_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

const (
	restCredentials = `{"usable":[{"id":"1000001","type":"ssh","name":"Linux","description":"","tags":"t","createdTime":"1700000000","modifiedTime":"1700003600",
		"typeFields":{"authType":"password","username":"scan","password":"SET","publicKey":null,"privateKey":null,"passphrase":"","privilegeEscalation":"sudo"},
		"groups":[{"id":"1","name":"Ops"}],"owner":{"id":"2","username":"api"}},
		{"id":"1000002","type":"apiGateway","name":"Gateway","typeFields":{"authType":"none","port":443,"clientSecret":"****"}}],"manageable":[]}`
	rpcCredentials = `{"credentials":[
		{"id":"1","type":"windows","name":"Win","description":"d","visibility":"organizational","group":"","users":[{"id":"1"}],"username":"scan","domain":"LAB","password":"SET","ownerID":"1","createdTime":"1335800000"},
		{"id":2,"type":"ssh","name":"Old","description":"","visibility":"user","group":"","users":[],"username":"scan","publickey":"key.pub","privatekey":"SET","priviledgeEscalation":"sudo","escalationUsername":"root"},
		{"id":"3","type":"ssh","name":"New","description":"","visibility":"user","group":"","users":[],"username":"scan","publicKey":"key.pub","privateKey":"","privilegeEscalation":"none"},
		{"id":"4","type":"snmp","name":"Snmp","description":"","visibility":"user","group":"","users":[],"communityString":"clear-text"},
		{"id":"5","type":"kerberos","name":"Kdc","description":"","tags":"t","ip":"192.0.2.1","port":"88","protocol":"udp","realm":"EXAMPLE.ORG"},
		{"id":"6","type":"ssh","name":"Bare","description":"","visibility":"user","group":"","users":[],"username":"scan"}]}`
)

func TestStoredCredentials(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		api  scapi.API
		body string
		want []scapi.StoredCredential
	}{
		"REST": {scapi.REST, restCredentials, []scapi.StoredCredential{
			{ID: "1000001", Name: "Linux", Type: "ssh", AuthType: "password", Tags: "t", Groups: []scapi.Ref{{ID: "1", Name: "Ops"}}, Owner: scapi.UserRef{ID: "2", Username: "api"},
				Fields: map[string]string{"username": "scan", "privilegeEscalation": "sudo"}, Secrets: []string{"password"}, Created: epoch(1700000000), Modified: epoch(1700003600)},
			{ID: "1000002", Name: "Gateway", Type: "apiGateway", AuthType: "none", Fields: map[string]string{"port": "443"}, Secrets: []string{"clientSecret"}},
		}},
		"REST for an administrator": {scapi.REST, `[{"id":"1","name":"a","type":"snmp"}]`, []scapi.StoredCredential{{ID: "1", Name: "a", Type: "snmp", Fields: map[string]string{}}}},
		"RPC, either spelling": {scapi.RPC, rpcCredentials, []scapi.StoredCredential{
			{ID: "1", Name: "Win", Description: "d", Type: "windows", Visibility: "organizational", Users: []string{"1"}, Owner: scapi.UserRef{ID: "1"}, Created: epoch(1335800000),
				Fields: map[string]string{"username": "scan", "domain": "LAB"}, Secrets: []string{"password"}},
			{ID: "2", Name: "Old", Type: "ssh", Visibility: "user", Secrets: []string{"privateKey"},
				Fields: map[string]string{"username": "scan", "publicKey": "key.pub", "privilegeEscalation": "sudo", "escalationUsername": "root"}},
			{ID: "3", Name: "New", Type: "ssh", Visibility: "user", Fields: map[string]string{"username": "scan", "publicKey": "key.pub", "privilegeEscalation": "none"}},
			{ID: "4", Name: "Snmp", Type: "snmp", Visibility: "user", Fields: map[string]string{}, Secrets: []string{"communityString"}},
			{ID: "5", Name: "Kdc", Type: "kerberos", Tags: "t", Fields: map[string]string{"ip": "192.0.2.1", "port": "88", "protocol": "udp", "realm": "EXAMPLE.ORG"}},
			{ID: "6", Name: "Bare", Type: "ssh", Visibility: "user", Fields: map[string]string{"username": "scan"}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := scripted(t, tc.api, "4.6.2", table(map[string]said{"GET /credential": {Response: tc.body}, "credential::init": {Response: tc.body}}))
			got, err := c.StoredCredentials(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, noRaw); diff != "" {
				t.Errorf("credentials (-want +got):\n%s", diff)
			}
		})
	}
}

func credentialConsole(a asked) said {
	switch a.Call {
	case "credential::init":
		return said{Response: rpcCredentials}
	case "credential::edit", "PATCH /credential/1000001", "POST /credential/1000001/share":
		return said{Response: `{"id":"1000001","name":"Changed","type":"ssh"}`}
	case "GET /credential/1000001":
		return said{Response: `{"id":"1000001","name":"Linux","type":"ssh","typeFields":{"authType":"publicKey","username":"scan","privateKey":"SET"}}`}
	case "GET /credential/99":
		return said{Status: 403, Code: 147, Message: "Unable to find existing Credential #99.\n"}
	case "GET /group":
		return said{Response: `[{"id":"3","name":"Ops"}]`}
	}
	return said{}
}

func TestUpdateCredentialWritesWhatChanges(t *testing.T) {
	t.Parallel()
	text := scapi.Some[string]
	for name, tc := range map[string]struct {
		api    scapi.API
		id     string
		update scapi.CredentialUpdate
		writes []string
	}{
		"REST: only what is given": {scapi.REST, "1000001", scapi.CredentialUpdate{Name: text("New"), Tags: text("")},
			[]string{"PATCH /credential/1000001", `{"name":"New","tags":""}`}},
		"REST: type and kind of authentication go with fields of the type": {scapi.REST, "1000001", scapi.CredentialUpdate{Passphrase: text("s3cret"), Fields: map[string]string{"port": "2222"}},
			[]string{"PATCH /credential/1000001", `{"authType":"publicKey","passphrase":"s3cret","port":"2222","type":"ssh"}`}},
		"REST: another kind of authentication": {scapi.REST, "1000001", scapi.CredentialUpdate{AuthType: text("password"), Password: text("s3cret")},
			[]string{"PATCH /credential/1000001", `{"authType":"password","password":"s3cret","type":"ssh"}`}},
		"REST: a group": {scapi.REST, "1000001", scapi.CredentialUpdate{Group: text("Ops")},
			[]string{"POST /credential/1000001/share", `{"groups":[{"id":3}]}`}},
		"RPC windows: the rest is written back, but not the masked password": {scapi.RPC, "1", scapi.CredentialUpdate{Name: text("New")},
			[]string{"credential::edit", `{"description":"d","domain":"LAB","group":"","id":1,"name":"New","type":"windows","username":"scan","users":[{"id":"1"}],"visibility":"organizational"}`}},
		"RPC windows: a new password": {scapi.RPC, "1", scapi.CredentialUpdate{Password: text("s3cret"), Users: scapi.Some([]string{"4"}), Visibility: text("user"), Group: text("g")},
			[]string{"credential::edit", `{"description":"d","domain":"LAB","group":"g","id":1,"name":"Win","password":"s3cret","type":"windows","username":"scan","users":[{"id":4}],"visibility":"user"}`}},
		"RPC ssh: keys in the old spelling": {scapi.RPC, "2", scapi.CredentialUpdate{PrivateKey: text("file1"), PrivilegeEscalation: text("su")},
			[]string{"credential::edit", `{"description":"","escalationUsername":"root","group":"","id":2,"name":"Old","privatekey":"file1","priviledgeEscalation":"su","publickey":"key.pub","type":"ssh","username":"scan","users":[],"visibility":"user"}`}},
		"RPC ssh: keys in the new spelling": {scapi.RPC, "3", scapi.CredentialUpdate{PrivateKey: text("file1")},
			[]string{"credential::edit", `{"description":"","group":"","id":3,"name":"New","privateKey":"file1","privilegeEscalation":"none","publicKey":"key.pub","type":"ssh","username":"scan","users":[],"visibility":"user"}`}},
		"RPC ssh: keys in both where neither was told": {scapi.RPC, "6", scapi.CredentialUpdate{PublicKey: text("file1")},
			[]string{"credential::edit", `{"description":"","group":"","id":6,"name":"Bare","publicKey":"file1","publickey":"file1","type":"ssh","username":"scan","users":[],"visibility":"user"}`}},
		"RPC snmp: a community string in clear stays": {scapi.RPC, "4", scapi.CredentialUpdate{Description: text("d")},
			[]string{"credential::edit", `{"communityString":"clear-text","description":"d","group":"","id":4,"name":"Snmp","type":"snmp","users":[],"visibility":"user"}`}},
		"RPC kerberos: fields of the type, and tags": {scapi.RPC, "5", scapi.CredentialUpdate{IP: text("192.0.2.2"), Port: text("89"), Protocol: text("tcp"), Realm: text("R"), Tags: text("new")},
			[]string{"credential::edit", `{"description":"","id":5,"ip":"192.0.2.2","name":"Kdc","port":"89","protocol":"tcp","realm":"R","tags":"new","type":"kerberos"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := scripted(t, tc.api, "4.6.2", credentialConsole)
			if _, err := c.UpdateCredential(t.Context(), tc.id, tc.update); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.writes, written(s)); diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUpdateCredentialRefusesWithoutWriting(t *testing.T) {
	t.Parallel()
	text := scapi.Some[string]
	for name, tc := range map[string]struct {
		api    scapi.API
		id     string
		update scapi.CredentialUpdate
		want   error // nil: any
		silent bool  // nothing is asked at all
	}{
		"an unknown id on REST":          {scapi.REST, "99", scapi.CredentialUpdate{Name: text("x")}, scapi.ErrNotFound, false},
		"an unknown id on RPC":           {scapi.RPC, "99", scapi.CredentialUpdate{Name: text("x")}, scapi.ErrNotFound, false},
		"an id that is none":             {scapi.REST, "../user/1", scapi.CredentialUpdate{Name: text("x")}, nil, true},
		"no change":                      {scapi.REST, "1000001", scapi.CredentialUpdate{}, nil, true},
		"what stands for a secret":       {scapi.REST, "1000001", scapi.CredentialUpdate{Password: text("SET")}, nil, true},
		"asterisks for a secret":         {scapi.RPC, "4", scapi.CredentialUpdate{CommunityString: text("*****")}, nil, true},
		"what stands for another secret": {scapi.REST, "1000001", scapi.CredentialUpdate{Fields: map[string]string{"clientSecret": "SET"}}, nil, true},
		"a field given twice":            {scapi.REST, "1000001", scapi.CredentialUpdate{PublicKey: text("a"), Fields: map[string]string{"publickey": "b"}}, nil, true},
		"a field of every type":          {scapi.REST, "1000001", scapi.CredentialUpdate{Fields: map[string]string{"id": "5"}}, nil, true},
		"visibility on REST":             {scapi.REST, "1000001", scapi.CredentialUpdate{Visibility: text("user")}, scapi.ErrUnsupported, true},
		"authType on RPC":                {scapi.RPC, "1", scapi.CredentialUpdate{AuthType: text("password")}, scapi.ErrUnsupported, true},
		"visibility where there is none": {scapi.RPC, "5", scapi.CredentialUpdate{Visibility: text("user")}, scapi.ErrUnsupported, false},
		"tags where there are none":      {scapi.RPC, "1", scapi.CredentialUpdate{Tags: text("x")}, scapi.ErrUnsupported, false},
		"a domain for ssh":               {scapi.RPC, "2", scapi.CredentialUpdate{Domain: text("x")}, nil, false},
		"a password for snmp":            {scapi.RPC, "4", scapi.CredentialUpdate{Password: text("x")}, nil, false},
		"a realm for ssh on REST":        {scapi.REST, "1000001", scapi.CredentialUpdate{Realm: text("x")}, nil, false},
		"a group that is not there":      {scapi.REST, "1000001", scapi.CredentialUpdate{Name: text("x"), Group: text("Nobody")}, scapi.ErrNotFound, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := scripted(t, tc.api, "4.6.2", credentialConsole)
			_, err := c.UpdateCredential(t.Context(), tc.id, tc.update)
			if err == nil || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("error %v, want %v", err, tc.want)
			}
			if calls := s.calls(); len(written(s)) > 0 || tc.silent && len(calls) > 0 {
				t.Errorf("asked %v", calls)
			}
		})
	}
}

// Whatever is changed, the secrets that nobody gave are what they were.
func TestUpdateCredentialOfSimulatedConsoles(t *testing.T) {
	t.Parallel()
	text := scapi.Some[string]
	for _, o := range []sctest.Options{
		{Dialect: sctest.REST}, {Dialect: sctest.REST, Version: "5.8.0"}, {Dialect: sctest.RPC, Version: "4.0.3"}, {Dialect: sctest.RPC, Version: "4.6.2.2"}, {Dialect: sctest.RPC, Version: "4.8.1"},
	} {
		t.Run(label(o), func(t *testing.T) {
			server, _, c := simulated(t, o)
			stored, err := c.StoredCredentials(t.Context())
			if err != nil || len(stored) < 4 {
				t.Fatalf("%d credentials, %v", len(stored), err)
			}
			for _, s := range stored {
				change := func(what string, u scapi.CredentialUpdate, expect func(*sctest.Credential)) {
					t.Helper()
					before, _ := server.Credential(s.ID)
					before.Fields = maps.Clone(before.Fields)
					after, err := c.UpdateCredential(t.Context(), s.ID, u)
					if err != nil {
						t.Fatalf("%s of %s: %v", what, s.Type, err)
					}
					now, _ := server.Credential(s.ID)
					expect(&before)
					before.Modified = now.Modified
					if diff := cmp.Diff(before, now, cmpopts.EquateEmpty()); diff != "" {
						t.Errorf("%s of %s (-want +got):\n%s", what, s.Type, diff)
					}
					if after.ID != s.ID || after.Name != now.Name {
						t.Errorf("%s of %s: answered %+v", what, s.Type, after)
					}
				}
				change("name", scapi.CredentialUpdate{Name: text("Renamed " + s.ID)}, func(c *sctest.Credential) { c.Name = "Renamed " + s.ID })
				switch s.Type {
				case "windows":
					change("domain", scapi.CredentialUpdate{Domain: text("NEW")}, func(c *sctest.Credential) { c.Fields["domain"] = "NEW" })
					change("password", scapi.CredentialUpdate{Password: text("n3w")}, func(c *sctest.Credential) { c.Fields["password"] = "n3w" })
				case "ssh":
					change("private key", scapi.CredentialUpdate{PrivateKey: text("other"), Passphrase: text("p")}, func(c *sctest.Credential) {
						c.Fields["privateKey"], c.Fields["passphrase"] = "other", "p"
					})
					change("escalation", scapi.CredentialUpdate{PrivilegeEscalation: text("su"), EscalationUsername: text("admin")}, func(c *sctest.Credential) {
						c.Fields["privilegeEscalation"], c.Fields["escalationUsername"] = "su", "admin"
					})
				case "snmp":
					change("community", scapi.CredentialUpdate{CommunityString: text("n3w")}, func(c *sctest.Credential) { c.Fields["communityString"] = "n3w" })
				case "kerberos":
					change("realm", scapi.CredentialUpdate{Realm: text("NEW")}, func(c *sctest.Credential) { c.Fields["realm"] = "NEW" })
				}
			}
			server.ForgetRequests()
			if _, err := c.UpdateCredential(t.Context(), "4711", scapi.CredentialUpdate{Name: text("x")}); !errors.Is(err, scapi.ErrNotFound) {
				t.Errorf("an unknown credential: %v", err)
			}
			if n := server.Count(func(r sctest.Request) bool {
				return strings.HasPrefix(r.Endpoint, "PATCH") || r.Endpoint == "credential::edit"
			}); n > 0 {
				t.Errorf("%d edits", n)
			}
		})
	}
}
