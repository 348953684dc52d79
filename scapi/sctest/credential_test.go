package sctest_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestASecretIsShownAsSETAndKeptInClear(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			s := sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 20})
			c := newClient(t, s).analyst()
			var body string
			if dialect == sctest.RPC {
				body = c.rpc("credential", "init", map[string]any{}).Body
			} else {
				body = c.rest(http.MethodGet, "/credential?fields=id,name,type,typeFields", nil).Body
			}
			if !strings.Contains(body, `"password":"SET"`) || !strings.Contains(body, `"communityString":"SET"`) {
				t.Errorf("no masked secret in %s", body)
			}
			for _, k := range s.Credentials() {
				for _, secret := range []string{"password", "passphrase", "escalationPassword", "communityString"} {
					if v := k.Fields[secret]; v != "" && strings.Contains(body, v) {
						t.Errorf("%s of %s is in the answer", secret, k.Name)
					}
				}
			}
		})
	}
}

func TestAPatchOfACredentialChangesWhatItNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, id string
		in       map[string]string
		code     int
		changed  map[string]string
	}{
		{"the name alone", "1000001", map[string]string{"name": "Credential 1"}, 0, nil},
		{"a password", "1000001", map[string]string{"type": "windows", "authType": "password", "password": "new"}, 0, map[string]string{"password": "new"}},
		{"the mask is a password like another", "1000001", map[string]string{"type": "windows", "authType": "password", "password": "SET"}, 0,
			map[string]string{"password": "SET"}},
		{"a community", "1000003", map[string]string{"type": "snmp", "communityString": "new"}, 0, map[string]string{"communityString": "new"}},
		{"a password without the type", "1000001", map[string]string{"password": "new"}, 146, nil},
		{"a password without the way of authentication", "1000001", map[string]string{"type": "windows", "password": "new"}, 146, nil},
		{"another type", "1000001", map[string]string{"type": "ssh"}, 146, nil},
		{"an unknown credential", "7", map[string]string{"name": "x"}, 147, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := sctest.Start(t, sctest.Options{Hosts: 20})
			c := newClient(t, s).analyst()
			want, _ := s.Credential(tt.id)
			if e := c.rest(http.MethodPatch, "/credential/"+tt.id, tt.in); e.Code != tt.code {
				t.Fatalf("code %d, want %d: %s", e.Code, tt.code, e.Body)
			}
			for key, v := range tt.changed {
				want.Fields[key] = v
			}
			if got, _ := s.Credential(tt.id); !maps.Equal(got.Fields, want.Fields) || got.Name != want.Name {
				t.Errorf("%v, want %v", got.Fields, want.Fields)
			}
		})
	}
}

func TestAnEditOfSecurityCenter4ReplacesTheCredentialButNotItsSecrets(t *testing.T) {
	t.Parallel()
	ssh := func(change func(map[string]any)) func(map[string]any) {
		return func(o map[string]any) {
			for _, secret := range []string{"password", "passphrase", "privateKey", "privatekey", "escalationPassword"} {
				delete(o, secret)
			}
			change(o)
		}
	}
	for _, tt := range []struct {
		name    string
		change  func(map[string]any)
		code    int
		changed map[string]string
	}{
		{"without secrets, nothing changes", ssh(func(map[string]any) {}), 0, nil},
		{"a user name", ssh(func(o map[string]any) { o["username"] = "other" }), 0, map[string]string{"username": "other"}},
		{"a new secret", ssh(func(o map[string]any) { o["passphrase"] = "new" }), 0, map[string]string{"passphrase": "new"}},
		{"the proper spelling", ssh(func(o map[string]any) { o["publicKey"] = "new.pub" }), 0, map[string]string{"publicKey": "new.pub"}},
		{"the old spelling beside the proper one as read", ssh(func(o map[string]any) { o["publickey"] = "new.pub" }), 0, map[string]string{"publicKey": "new.pub"}},
		{"the old spelling alone", ssh(func(o map[string]any) {
			delete(o, "privilegeEscalation")
			o["priviledgeEscalation"] = "su"
		}), 0, map[string]string{"privilegeEscalation": "su"}},
		{"what is left out is lost", ssh(func(o map[string]any) { delete(o, "escalationUsername") }), 0, map[string]string{"escalationUsername": ""}},
		{"all as read, masks and all, destroys the secrets", func(map[string]any) {}, 0,
			map[string]string{"passphrase": "SET", "escalationPassword": "SET"}},
		{"without a name", ssh(func(o map[string]any) { delete(o, "name") }), 146, nil},
		{"an unknown credential", func(o map[string]any) { o["id"] = 7 }, 147, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := sctest.Start(t, sctest.Options{Dialect: sctest.RPC, Version: "4.6.2", Hosts: 20})
			c := newClient(t, s).analyst()
			var out struct{ Credentials []map[string]any }
			c.decode(c.rpc("credential", "init", map[string]any{}), &out)
			object := out.Credentials[1]
			tt.change(object)
			want, _ := s.Credential("1000002")
			if e := c.rpc("credential", "edit", object); e.Code != tt.code {
				t.Fatalf("code %d, want %d: %s", e.Code, tt.code, e.Body)
			}
			for key, v := range tt.changed {
				want.Fields[key] = v
			}
			if got, _ := s.Credential("1000002"); !maps.Equal(got.Fields, want.Fields) {
				t.Errorf("%v\nwant %v", got.Fields, want.Fields)
			}
		})
	}
}
