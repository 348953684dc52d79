package scapi

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/conceal"
)

// redactor takes secrets out of what is shown of requests and answers: by the
// names that they have, and those that its mask knows wherever else they
// appear. What it finds by name the mask then knows. The zero value has a mask
// of its own. It is not safe for concurrent use.
type redactor struct {
	mask   *mask
	learnt int // how many secrets were new
}

func (r *redactor) known() *mask {
	if r.mask == nil {
		r.mask = new(mask)
	}
	return r.mask
}

// learn remembers a secret. What is too short would garble all text, and what
// is a word of the protocol is none.
func (r *redactor) learn(secret string) {
	switch strings.ToLower(secret) {
	case "true", "false", "none", "null", "set", "tns", "ldap", "password", "publickey", "certificate":
		return
	}
	if len(secret) >= 3 && r.known().meet(secret) {
		r.learnt++
	}
}

// repeats reports whether a text holds a known secret.
func (r *redactor) repeats(text string) bool { return r.known().text(text) != text }

// named is what a text that is no JSON may say of a secret: name, and value.
var named = regexp.MustCompile(`(?i)([a-z0-9_.\-]*(?:password|passwd|passphrase|secret|token|community|cookie|sessionid|key)[a-z0-9_.\-]*["']?\s*[:=]\s*["']?)[^\s"'&<>;,]+`)

// text masks a text that is no JSON. One that is cut off may end within a
// secret.
func (r *redactor) text(s string, cutOff bool) string {
	s = r.known().text(s)
	if cutOff {
		s, _ = shorten(s, max(len(s)-r.known().margin(), 0))
	}
	return named.ReplaceAllString(s, "${1}"+masked)
}

// value masks a value that may be JSON or other text.
func (r *redactor) value(name, text string) string {
	switch {
	case conceal.SecretName(name) && text != "":
		r.learn(text)
		return masked
	case looksJSON([]byte(text)):
		return r.json([]byte(text))
	}
	return r.text(text, false)
}

// header masks the header of a request or an answer, on one line each.
func (r *redactor) header(h http.Header) map[string]string {
	shown := make(map[string]string, len(h))
	for name, values := range h {
		text := strings.Join(values, ", ")
		switch strings.ToLower(name) {
		case "cookie", "set-cookie", "x-securitycenter", "x-apikey", "authorization", "proxy-authorization":
			r.learnParts(text)
			text = masked
		default:
			if conceal.SecretName(name) {
				r.learn(text)
				text = masked
			}
		}
		shown[name] = text
	}
	for name, text := range shown { // now that all secrets are known
		if text != masked {
			shown[name] = r.text(text, false)
		}
	}
	return shown
}

// attributes are the words of a cookie that are not secret.
var attributes = map[string]bool{"path": true, "secure": true, "httponly": true, "samesite": true, "expires": true, "max-age": true, "domain": true}

// learnParts learns the values of a header such as "accesskey=aa;
// secretkey=bb", "TNS_SESSIONID=cc; path=/" or "Basic dd".
func (r *redactor) learnParts(text string) {
	for part := range strings.FieldsFuncSeq(text, func(c rune) bool { return strings.ContainsRune(";, ", c) }) {
		name, value, found := strings.Cut(part, "=")
		switch {
		case attributes[strings.ToLower(name)]:
		case found && strings.Trim(value, "=") != "":
			r.learn(value)
		case len(part) > 6: // no scheme such as Basic
			r.learn(part)
		}
	}
}

// url masks the parameters of an address.
func (r *redactor) url(u *url.URL) string {
	shown := *u
	shown.User, shown.RawQuery = nil, ""
	text := r.text(shown.String(), false)
	if u.RawQuery != "" {
		text += "?" + r.form(u.Query())
	}
	return text
}

// form masks a form or query, which is shown decoded.
func (r *redactor) form(values url.Values) string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	// Secrets first: what is known then is masked in the others too.
	slices.SortFunc(names, func(a, b string) int {
		if x, y := conceal.SecretName(a), conceal.SecretName(b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	var parts []string
	for _, name := range names {
		for _, value := range values[name] {
			parts = append(parts, r.text(name, false)+"="+r.value(name, value))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "&")
}

// begun is a text from where it begins, behind a byte order mark and blanks.
func begun(text []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), " \t\r\n")
}

func looksJSON(text []byte) bool {
	text = begun(text)
	return bytes.HasPrefix(text, []byte("{")) || bytes.HasPrefix(text, []byte("["))
}

// shorten cuts a text after so many bytes, between two characters.
func shorten(text string, limit int) (string, bool) {
	if len(text) <= limit {
		return text, false
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit], true
}
