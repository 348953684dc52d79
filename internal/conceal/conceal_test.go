package conceal_test

import (
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/conceal"
)

func TestUserInfo(t *testing.T) {
	for _, test := range []struct {
		name, arg, text, want string
	}{
		{"an address", "--url=https://ann:hunter2@sc.example", `url "https://ann:hunter2@sc.example" is none`, `url "https://***@sc.example" is none`},
		{"an argument of its own", "https://ann:hunter2@sc.example", "no https://ann:hunter2@sc.example", "no https://***@sc.example"},
		{"the password alone", "https://ann:hunter2@sc.example", "hunter2 is no port", "*** is no port"},
		{"no scheme", "--url=ann:hunter2@sc.example", "ann:hunter2@sc.example has no scheme", "***@sc.example has no scheme"},
		{"quoted", `https://ann:p"w\d@sc.example`, `parse "https://ann:p\"w\\d@sc.example"`, `parse "https://***@sc.example"`},
		{"as it is decoded", "https://ann:p%26w@sc.example", "p&w", "***"},
		{"an @ and a slash in the password", "https://ann:p/w@d@sc.example", "https://ann:p/w@d@sc.example", "https://***@sc.example"},
		{"a user without a password", "https://ann@sc.example", "https://ann@sc.example", "https://ann@sc.example"},
		{"an empty password", "https://ann:@sc.example", "no https://ann:@sc.example", "no https://***@sc.example"},
		{"nothing to conceal", "--url=https://sc.example:8443", "https://sc.example:8443", "https://sc.example:8443"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := conceal.UserInfo(test.text, []string{"login-check", test.arg}); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestSecretsAreKnownByTheNameOfTheirField(t *testing.T) {
	for name, want := range map[string]bool{
		"password": true, "sshPassphrase": true, "X-SecurityCenter-Token": true, "apiKey": true, "SESSIONID": true, "licenseKey": true,
		"publicKey": false, "sshPublicKey": false, "name": false, "keyword": false,
	} {
		if got := conceal.SecretName(name); got != want {
			t.Errorf("%s: %t, want %t", name, got, want)
		}
	}
}
