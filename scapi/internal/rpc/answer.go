package rpc

import "strings"

// SessionLost reports whether an answer says that the session is over. The
// code of SecurityCenter 4 is not proven; its successor's is 12.
func SessionLost(code int, message string) bool {
	return code == 12 || code != 0 && strings.Contains(strings.ToLower(message), "invalid token")
}
