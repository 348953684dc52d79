package config

import (
	"strings"
	"testing"
)

func TestAUserMayStandOnSeveralConsoles(t *testing.T) {
	second := strings.NewReplacer("consoles:\n", "", "hq", "branch").Replace(withAccount("{name: a, username: u, password: p}"))
	parse(t, withAccount("{name: a, username: u, password: p}")+second)
}

func TestAWrongAccountIsRefused(t *testing.T) {
	refuses(t, []refused{
		{"an account without credentials",
			withAccount("{name: a}"),
			"5:9: consoles[0].accounts[0]: has no credentials, expected username with password, or access_key with secret_key, or tls_config with a client certificate"},
		{"an account without a name",
			withAccount("{username: u, password: p}"),
			"5:9: consoles[0].accounts[0].name: is missing, expected a name for an account (1 to 64 letters, digits, dots, hyphens or underscores)"},
		{"an empty account name",
			withAccount("{name: '', username: u, password: p}"),
			"5:16: consoles[0].accounts[0].name: is empty, expected 1 to 64 letters, digits, dots, hyphens or underscores"},
		{"a user name without a password",
			withAccount("{name: a, username: u}"),
			"5:29: consoles[0].accounts[0].username: stands without a password, expected one of password, password_file, password_env beside it"},
		{"a password without a user name",
			withAccount("{name: a, password: hunter2}"),
			"5:29: consoles[0].accounts[0].password: stands without a username, expected username beside it"},
		{"an empty password",
			withAccount("{name: a, username: u, password: ''}"),
			"5:42: consoles[0].accounts[0].password: is empty, expected the secret itself"},
		{"a password that is a list",
			withAccount("{name: a, username: u, password: [hunter2]}"),
			"5:42: consoles[0].accounts[0].password: is a list, expected the secret itself"},
		{"two passwords",
			withAccount("{name: a, username: u, password: hunter2, password_env: PATH}"),
			"5:65: consoles[0].accounts[0].password_env: stands beside password, expected only one of password, password_file, password_env"},
		{"a password file that does not exist",
			withAccount("{name: a, username: u, password_file: none}"),
			"5:47: consoles[0].accounts[0].password_file: cannot read file DIR/none: no such file or directory, expected a readable secret that is not empty"},
		{"a password file that is a folder",
			withAccount("{name: a, username: u, password_file: /}"),
			"5:47: consoles[0].accounts[0].password_file: / is not a regular file, expected a readable secret that is not empty"},
		{"an empty password file",
			withAccount("{name: a, username: u, password_file: empty}"),
			"5:47: consoles[0].accounts[0].password_file: file DIR/empty is empty, expected a readable secret that is not empty"},
		{"a variable that is not set",
			withAccount("{name: a, username: u, password_env: SC_TEST_UNSET}"),
			"5:46: consoles[0].accounts[0].password_env: environment variable SC_TEST_UNSET is not set, expected a readable secret that is not empty"},
		{"an empty variable",
			withAccount("{name: a, username: u, password_env: SC_TEST_EMPTY}"),
			"5:46: consoles[0].accounts[0].password_env: environment variable SC_TEST_EMPTY is empty, expected a readable secret that is not empty"},
		{"an access key without a secret key",
			withAccount("{name: a, access_key: hunter2}"),
			"5:31: consoles[0].accounts[0].access_key: stands without a secret key, expected one of secret_key, secret_key_file, secret_key_env beside it"},
		{"a secret key without an access key",
			withAccount("{name: a, secret_key: hunter2}"),
			"5:31: consoles[0].accounts[0].secret_key: stands without an access key, expected one of access_key, access_key_file, access_key_env beside it"},
		{"a password and API keys",
			withAccount("{name: a, username: u, password: p, access_key: k, secret_key: s}"),
			"5:57: consoles[0].accounts[0].access_key: stands beside a password, expected either username with password, or access_key with secret_key"},
		{"API keys on SecurityCenter 4",
			withAccount("{name: a, access_key: k, secret_key: s}") + "    api: rpc\n",
			"5:31: consoles[0].accounts[0].access_key: is not possible with api: rpc, expected username and password, since API keys came with Tenable.sc 5.13"},
		{"a repository by name",
			withAccount("{name: a, username: u, password: p, repositories: [Default]}"),
			`5:60: consoles[0].accounts[0].repositories[0]: is "Default", expected the id of a repository, a whole number such as 5`},
		{"a repository in two accounts",
			withAccount("{name: a, username: u, password: p, repositories: [5]}") + "      - {name: b, username: v, password: p, repositories: [4, 5]}\n",
			`6:9: consoles[0].accounts[1]: reads repository 5 as account "a" does, expected each repository in one account`},
		{"a user in two accounts",
			withAccount("{name: a, username: u, password: p}") + "      - {name: b, username: v, password: p}\n      - {name: c, username: u, password: q}\n",
			"7:29: consoles[0].accounts[2].username: is the user name of line 5 again, expected each user name in one account: a console locks a user after a few refused logins, whichever account made them"},
		{"an API key in two accounts",
			withAccount("{name: a, access_key: hunter2, secret_key: s}") + "      - {name: b, access_key: hunter2, secret_key: t}\n",
			"6:31: consoles[0].accounts[1].access_key: is the access key of line 5 again, expected each access key in one account: a console locks a user after a few refused logins, whichever account made them"},
		{"a repository id twice",
			withAccount("{name: a, username: u, password: p, repositories: [5, 05]}"),
			`5:63: consoles[0].accounts[0].repositories[1]: repeats "5", expected each value once`},
	})
}
