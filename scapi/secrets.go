package scapi

import (
	"strings"
)

// masked stands for a secret in what is shown.
const masked = "***"

// secretWords are in the names of fields that hold secrets, lower case.
var secretWords = [...]string{
	"password", "passwd", "passphrase", "secret", "token", "community", "cookie", "sessionid",
	"privatekey", "accesskey", "apikey",
}

// secretName reports whether a field of this name holds a secret. Public keys do not.
func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, word := range secretWords {
		if strings.Contains(name, word) {
			return true
		}
	}
	return strings.HasSuffix(name, "key") && !strings.HasSuffix(name, "publickey")
}
