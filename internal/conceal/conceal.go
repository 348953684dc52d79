// Package conceal takes secrets out of what is said of a command line.
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
