package rest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// SessionLost reports whether an answer says that the session does not hold:
// code 12, "invalid token", or any 401.
func SessionLost(status, code int, message string) bool {
	return status == http.StatusUnauthorized || code == 12 ||
		status == http.StatusForbidden && strings.Contains(strings.ToLower(message), "invalid token")
}

// KeysRefused reports whether an answer to API keys says that they are wrong:
// 403 with code 0 and without a word.
func KeysRefused(status, code int, message string) bool {
	return SessionLost(status, code, message) || status == http.StatusForbidden && code == 0 && message == ""
}

// Nessus reports whether a body is how a Nessus scanner says that it has no
// such path: {"error":"The requested file was not found."}
func Nessus(body []byte) bool {
	var answer struct {
		Error    any
		Response json.RawMessage
	}
	if json.Unmarshal(body, &answer) != nil || answer.Response != nil {
		return false
	}
	text, ok := answer.Error.(string)
	return ok && text != ""
}
