package config

import (
	"encoding/json"
	"fmt"
	"log/slog"

	promconfig "github.com/prometheus/common/config"
)

// Account is one login of a console. Its secrets can be had only through
// Credentials.
type Account struct {
	Name string // used in logs and as the label account
	// Repositories are the ids of the repositories that are read through this
	// account; nil: all that it sees and no earlier account reads.
	Repositories []string

	username                       string
	password, accessKey, secretKey secret
	tls                            *promconfig.TLSConfig // the console's, overlaid by the account's own
}

// Credentials are what an account logs in with: user name and password, or an
// API key pair. All four are empty where the account has a TLS client
// certificate only. However it is printed, no secret is shown.
type Credentials struct {
	Username, Password, AccessKey, SecretKey string
}

// Credentials returns the credentials as they are now: files and environment
// are read anew on every call, so that a renewed password is picked up without
// a reload. The error names the file or variable that could not be read.
func (a Account) Credentials() (Credentials, error) {
	c := Credentials{Username: a.username}
	for _, part := range []struct {
		secret
		what string
		to   *string
	}{
		{a.password, "password", &c.Password},
		{a.accessKey, "access key", &c.AccessKey},
		{a.secretKey, "secret key", &c.SecretKey},
	} {
		text, err := part.read()
		if err != nil {
			return Credentials{}, fmt.Errorf("read %s of account %s: %w", part.what, a.Name, err)
		}
		*part.to = text
	}
	return c, nil
}

// Format prints the user name and, for every secret, whether there is one.
func (c Credentials) Format(f fmt.State, _ rune) {
	// The error of a fmt.State has nowhere to go: fmt itself ignores it too.
	_, _ = fmt.Fprintf(f, "{username:%s password:%s access_key:%s secret_key:%s}", c.Username, hide(c.Password), hide(c.AccessKey), hide(c.SecretKey))
}

// LogValue returns the credentials with secrets masked.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// MarshalJSON returns the credentials with secrets masked.
func (c Credentials) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprint(c)) }

// accountPlaces are the places of what may stand in one account of a console only.
type accountPlaces struct{ username, accessKey value }

// readAccount reads one entry of accounts. api is the console's dialect.
func readAccount(v value, api string, consoleTLS promconfig.TLSConfig) (Account, accountPlaces) {
	m := v.mapping("a mapping with name and credentials")
	var a Account
	m.objectName(&a.Name, "an account", "Its name in logs and in the label `account`; it need not be the user name.")
	user, hasUser := m.text("username", &a.username, "The user name that goes with a password. It may stand in one account of a console only, and so may an access key: a console locks users.")
	var password, access, key value
	a.password, password = m.secret("password", "The password")
	a.accessKey, access = m.secret("access_key", "The access key of an API key pair (Tenable.sc 5.13 and later)")
	a.secretKey, key = m.secret("secret_key", "The secret key of that pair")
	m.repositoryIDs("repositories", &a.Repositories, "The repositories that are read through this account; empty: all that it sees and no earlier account reads. An id may stand in one account only.", value.repositoryID)

	tls, hasTLS := m.take("tls_config", "mapping", "that of `http`", "A client certificate of this account, beside other credentials or instead of them. It takes the keys of `http.tls_config`, and wins over it.")
	effective := consoleTLS
	usable := readTLS(tls, &effective)
	a.tls = &effective
	m.close()

	hasPassword, hasAccess, hasKey := password.doc != nil, access.doc != nil, key.doc != nil
	const pair = "username with password, or access_key with secret_key"
	switch {
	case hasUser && !hasPassword:
		user.refuse("stands without a password", oneOf(spellings("password"))+" beside it")
	case hasPassword && user.node == nil:
		password.refuse("stands without a username", "username beside it")
	}
	switch {
	case hasAccess && !hasKey:
		access.refuse("stands without a secret key", oneOf(spellings("secret_key"))+" beside it")
	case hasKey && !hasAccess:
		key.refuse("stands without an access key", oneOf(spellings("access_key"))+" beside it")
	}
	switch {
	case hasPassword && hasAccess:
		access.refuse("stands beside a password", "either "+pair)
	case hasAccess && api == "rpc":
		access.refuse("is not possible with api: rpc", "username and password, since API keys came with Tenable.sc 5.13")
	case !hasUser && !hasPassword && !hasAccess && !hasKey && !hasTLS && !hasClientCertificate(effective) && m.node != nil:
		m.refuse("has no credentials", pair+", or tls_config with a client certificate")
	case hasTLS && usable && !hasPassword && !hasUser && !hasAccess && !hasKey && !hasClientCertificate(effective):
		tls.refuse("has no client certificate", "cert_file and key_file, or other credentials in the account")
	}
	return a, accountPlaces{user, access}
}
