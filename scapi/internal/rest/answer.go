package rest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// SessionLost reports whether an answer says that session or API key do not
// hold: 403 with code 12, "invalid token", any 401; and for wrong API keys 403
// with code 0 and no message.
func SessionLost(status, code int, message string) bool {
	switch status {
	case http.StatusUnauthorized:
		return true
	case http.StatusForbidden:
		return code == 12 || code == 0 && message == "" || strings.Contains(strings.ToLower(message), "invalid token")
	}
	return code == 12
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
