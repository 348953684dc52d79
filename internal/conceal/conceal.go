// Package conceal knows what must not be shown: secrets on a command line, and fields that hold some.
package conceal

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// UserInfo takes the user information of addresses on a command line out of
// an error, which may repeat arguments that it does not understand.
func UserInfo(text string, args []string) string {
	var secrets []string
	for _, arg := range args {
		end := strings.LastIndexByte(arg, '@')
		if end < 0 {
			continue
		}
		begin := strings.Index(arg[:end], "://")
		if begin >= 0 {
			begin += len("://")
		} else {
			begin = strings.IndexByte(arg[:end], '=') + 1
		}
		user := arg[begin:end]
		_, password, found := strings.Cut(user, ":")
		if !found {
			continue
		}
		secrets = append(secrets, user, password)
		if plain, err := url.PathUnescape(password); err == nil {
			secrets = append(secrets, plain)
		}
	}
	// The longest first: others may be parts of it.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		quoted := strconv.Quote(secret)
		text = strings.ReplaceAll(text, quoted[1:len(quoted)-1], "***")
		text = strings.ReplaceAll(text, secret, "***")
	}
	return text
}

// secretWords are in the names of fields that hold secrets, lower case.
var secretWords = [...]string{
	"password", "passwd", "passphrase", "secret", "token", "community", "cookie", "sessionid",
	"privatekey", "accesskey", "apikey",
}

// SecretName reports whether a field of this name holds a secret. Public keys do not.
func SecretName(name string) bool {
	name = strings.ToLower(name)
	for _, word := range secretWords {
		if strings.Contains(name, word) {
			return true
		}
	}
	return strings.HasSuffix(name, "key") && !strings.HasSuffix(name, "publickey")
}
