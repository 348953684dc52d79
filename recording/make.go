package recording

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// About is what only who records can tell.
type About struct {
	Dialect, Version string
	Kinds            map[string]string // by account: administrator, organization, unknown
	Collectors       []string
}

// Recording returns what was seen so far, without what is nobody's business. Logins, and whatever changes something, are
// left out.
func (r *Recorder) Recording(about About, o Options) (*Recording, error) {
	a, err := newAnonymiser(o)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	seen, lost, accounts, rpcPath := slices.Clone(r.seen), r.lost, slices.Clone(r.accounts), r.rpcPath
	users := slices.Clone(r.users)
	r.mu.Unlock()
	// Twice: a word that looks like the product's may turn out to be a name further on.
	a.listening = true
	for _, name := range slices.Concat(users, accounts) {
		a.heard(name)
	}
	var made []Exchange
	for pass := range 2 {
		if pass > 0 {
			a.listening = false
		}
		made = made[:0]
		for _, s := range seen {
			if s.Login || !s.Reads {
				continue
			}
			x, err := a.exchange(s)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.Call, err)
			}
			made = append(made, x)
		}
	}
	out := &Recording{
		Manifest: Manifest{Format: Format, Dialect: about.Dialect, Version: about.Version, Collectors: about.Collectors, Lost: lost,
			Kept: o.Keep.words(), Shifted: o.Shift != 0},
		Exchanges: made,
	}
	if !isVersion(out.Version) {
		out.Version = ""
	}
	if about.Dialect == "rpc" {
		out.RPCPath = rpcPath
	}
	for i, name := range accounts {
		kind := about.Kinds[name]
		if kind == "" {
			kind = "unknown"
		}
		out.Accounts = append(out.Accounts, Account{Name: fmt.Sprintf("account-%d", i+1), Kind: kind})
	}
	for _, x := range made {
		if t := x.Time(); t != 0 {
			out.Recorded = t
			break
		}
	}
	return out, nil
}

func (k Keep) words() []string {
	var words []string
	for _, w := range []struct {
		keeps bool
		word  string
	}{{k.Names, "names"}, {k.Hosts, "hosts"}, {k.Users, "users"}, {k.Texts, "texts"}} {
		if w.keeps {
			words = append(words, w.word)
		}
	}
	return words
}

// Time is the console's clock as the answer tells it, as seconds since 1970; 0: it does not.
func (x *Exchange) Time() int64 {
	var envelope struct{ Timestamp json.Number }
	if json.Unmarshal(x.Answer, &envelope) != nil {
		return 0
	}
	n, err := envelope.Timestamp.Int64()
	if err != nil {
		return 0
	}
	return n
}

// exchange is what is kept of one that was seen.
func (a *anonymiser) exchange(s Seen) (Exchange, error) {
	x := Exchange{
		Account: s.place, Session: s.Session, Call: s.Call, Status: s.Status,
		Took: float64(s.Took.Round(time.Millisecond)) / float64(time.Second), Bytes: int64(len(s.Body)),
	}
	var err error
	a.request = map[string]bool{}
	if x.Query = a.query(s.Query); len(s.Input) > 0 {
		if x.Input, err = a.json(s.Input); err != nil {
			return x, fmt.Errorf("input: %w", err)
		}
		a.request = vocabularyOf(x.Input)
	}
	if !strings.Contains(x.Call, "::") {
		x.Call = a.path(x.Call)
	}
	if isVersion(s.Version) {
		x.Header = s.Version
	}
	body := bytes.TrimSpace(s.Body)
	if len(body) > 0 && (body[0] == '{' || body[0] == '[') {
		if x.Answer, err = a.json(body); err == nil {
			return x, nil
		}
		x.Answer = nil // it was cut off, or is none
	}
	x.Text = a.message(string(s.Body))
	return x, nil
}

// path is the method and the path of a call, which a client wrote. Ids and what programmers write stay.
func (a *anonymiser) path(call string) string {
	method, path, _ := strings.Cut(call, " ")
	parts := strings.Split(path, "/")
	for i, p := range parts {
		written := p == "" || p == "request.php" || numeric.MatchString(p) || identifier.MatchString(p) && a.o.Mask(p) == p
		if !written {
			parts[i] = a.replaced(p)
		}
	}
	return method + " " + strings.Join(parts, "/")
}

func (a *anonymiser) query(q url.Values) map[string]string {
	if len(q) == 0 {
		return nil
	}
	out := map[string]string{}
	for name, list := range q {
		text, param := strings.Join(list, ","), strings.ToLower(name)
		// Parameters are written by clients; only what an operator may have chosen is his.
		if idList.MatchString(text) && a.o.Mask(text) == text && (listFields[param] || param != "value" && !personal[param] && !numeric.MatchString(text)) {
			out[a.named(name)] = text
			continue
		}
		out[a.named(name)] = a.worded(text, where{field: "value", object: strings.ToLower(name)})
	}
	return out
}

// vocabularyOf are the words of the product in a request, which its answer may repeat: names of filters, operators, tools.
func vocabularyOf(input []byte) map[string]bool {
	words := map[string]bool{}
	var v any
	if json.Unmarshal(input, &v) != nil {
		return words
	}
	var visit func(v any, field string)
	visit = func(v any, field string) {
		switch t := v.(type) {
		case map[string]any:
			for name, value := range t {
				words[name] = true
				visit(value, strings.ToLower(name))
			}
		case []any:
			for _, value := range t {
				visit(value, field)
			}
		case string:
			if wordFields[field] || field == "filtername" || values[t] || numbers.MatchString(t) {
				words[t] = true
			}
		}
	}
	visit(v, "")
	return words
}
