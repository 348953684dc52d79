package config

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/units"
	promconfig "github.com/prometheus/common/config"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// Console is one console and how to read it.
type Console struct {
	Name string
	// URL is http or https, a host, perhaps a port and a path prefix without a
	// slash at its end.
	URL     *url.URL
	API     string            // auto, rest or rpc
	Default bool              // its metrics are on /metrics too; set for a lone console that does not say false
	Labels  map[string]string // copied to its entry in /sd

	Accounts []Account

	Timeout               time.Duration // of one request
	AnalysisTimeout       time.Duration // of one analysis request
	PageSize              int           // rows of one page
	MaxConcurrentRequests int
	MaxResponseBytes      units.Base2Bytes // of one answer

	Repositories RepositoryFilter
	SameAs       []SameAs // repositories that are copies of another console's
	// Collectors has the effective settings of every collector of this version:
	// its built-in defaults, overlaid by the global block and then by this
	// console's.
	Collectors map[string]CollectorSettings
	Redact     []string // Labels.Redact of the whole file
	SLA        []SLA    // those of the whole file
	Watches    []Watch  // those of the whole file that apply to this console
	Owners     []Owner  // likewise

	hashKey secret // labels.hash_key of the whole file
	http    *promconfig.HTTPClientConfig
}

// RepositoryFilter selects the repositories that count.
type RepositoryFilter struct {
	Include []string // ids; nil: all
	Exclude []string // ids
	Types   []string // local, remote, offline
}

// Equal reports whether o is configured as c is, so that a reload may keep its
// login and data. Secrets in the file are compared; of secrets elsewhere the
// path or the variable's name is.
func (c Console) Equal(o Console) bool { return reflect.DeepEqual(c, o) }

// SameData reports whether c and o read the same console in the same way,
// whatever they collect from it and however it is labelled: a login with one,
// and what was loaded with it, hold for the other. Of a collector they hold only
// as far as CollectorSettings.SameData and, where it uses them, SLA, Watches,
// Owners and SameAs say.
func (c Console) SameData(o Console) bool {
	for _, console := range []*Console{&c, &o} {
		console.Default, console.Labels = false, nil
		console.Collectors, console.SLA, console.Watches, console.Owners, console.SameAs = nil, nil, nil, nil, nil
	}
	return c.Equal(o)
}

// String returns the console's name.
func (c Console) String() string { return c.Name }

// consolePlaces are the places of a console's keys that are checked against
// other consoles, and its collectors, which are read when its watches and owners
// are known.
type consolePlaces struct {
	name, marked value
	collectors   *mapping
	sameAs       []sameAsPlace
}

// readConsole reads one entry of consoles. lone says that it is the only one,
// taken are the names that its labels may not have.
func readConsole(v value, lone bool, taken []string) (Console, consolePlaces) {
	m := v.mapping("a mapping with name, url and accounts")
	c := Console{
		API: "auto", Default: lone,
		Timeout: 60 * time.Second, AnalysisTimeout: 5 * time.Minute,
		PageSize: 1000, MaxConcurrentRequests: 2, MaxResponseBytes: 16 * units.MiB,
	}
	name := m.objectName(&c.Name, "a console", "Its name in Prometheus, as the instance, and in `/probe?target=NAME`.")
	m.url(&c.URL)
	m.choice("api", &c.API, "The console's language: `rest` (Tenable.sc 5 and 6), `rpc` (SecurityCenter 4), or `auto`, which asks.", "auto", "rest", "rpc")
	marked, _ := m.flag("default", &c.Default, "Whether `/metrics` shows this console beside the exporter's own metrics. The default is that of a lone console; of several, none does unless one says `true`.")
	labels, _ := m.take("labels", "mapping of label names to texts", "{}", "Labels for this console's entry in `/sd`, the list that Prometheus reads to find its targets. Prometheus would rename the labels of metrics that have the same name, and rules would be silent; so none may be one of "+strings.Join(taken, ", ")+".")
	c.Labels = readLabels(labels.mapping("a mapping of keys to values"), taken)

	accounts, _ := m.take("accounts", "list of mappings", required, "The logins. No account sees everything: give an administrator, and a user of every organisation that counts.")
	c.http = readHTTP(m.sub("http", "How to reach the console. These are keys of Prometheus' `http_config`; others are not available."))
	m.needsEntry(accounts, "at least one account with name and credentials")
	c.Accounts = readAccounts(accounts, c)

	m.duration("timeout", &c.Timeout, time.Millisecond, 24*time.Hour, "How long one request may take.")
	m.duration("analysis_timeout", &c.AnalysisTimeout, time.Millisecond, 24*time.Hour, "How long one analysis request may take. A scrape never waits for it longer than its own time-out.")
	m.number("page_size", &c.PageSize, 10000, "Rows of one page where a list is read.")
	m.number("max_concurrent_requests", &c.MaxConcurrentRequests, 64, "Requests to this console at one time.")
	m.bytes("max_response_bytes", &c.MaxResponseBytes, units.MiB, units.GiB, "The size of one answer, unpacked. A larger one is refused, so that a broken console or proxy cannot take all memory.")
	var copies []sameAsPlace
	c.Repositories, copies = readRepositories(m.sub("repositories", "The repositories that count."))
	for _, p := range copies {
		c.SameAs = append(c.SameAs, p.is)
	}
	collectors := m.sub("collectors", "As `collectors` for all consoles, for this console only. What stands here wins.")
	m.close()
	return c, consolePlaces{name: name, marked: marked, collectors: collectors, sameAs: copies}
}

// readAccounts reads the accounts of console c.
func readAccounts(v value, c Console) []Account {
	var accounts []Account
	names, readers := map[string]value{}, map[string]string{}
	users, keys := map[string]value{}, map[string]value{}
	for _, e := range v.list("a list") {
		a, at := readAccount(e, c.API, c.http.TLSConfig)
		e.unique(names, a.Name, "account of a console")
		at.username.once(users, a.username, "user name")
		if key, err := a.accessKey.read(); err == nil { // or it is refused already
			at.accessKey.once(keys, key, "access key")
		}
		for _, id := range a.Repositories {
			if other, twice := readers[id]; twice {
				e.refuse("reads repository "+id+" as account "+quote(other)+" does", "each repository in one account")
			}
			readers[id] = a.Name
		}
		accounts = append(accounts, a)
	}
	return accounts
}

// once refuses v where what it gives, which may be secret, was seen before.
func (v value) once(seen map[string]value, text, what string) {
	if first, twice := seen[text]; twice && text != "" {
		v.refuse(fmt.Sprintf("is the %s of line %d again", what, first.line), "each "+what+" in one account: a console locks a user after a few refused logins, whichever account made them")
		return
	}
	seen[text] = v
}

var objectName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// objectName sets *to to the name of what m describes. Names stand in URLs, file
// names and labels, hence the few characters.
func (m *mapping) objectName(to *string, what, help string) value {
	const expected = "1 to 64 letters, digits, dots, hyphens or underscores"
	v, _ := m.take("name", "text, "+expected, required, help)
	if m.needs(v, "a name for "+what+" ("+expected+")") {
		s, ok := v.text(expected)
		if ok && (!objectName.MatchString(s) || strings.Trim(s, ".") == "") {
			v.refuse("is "+quote(s), expected+", not dots alone")
			s = ""
		}
		*to = s
	}
	v.print(*to)
	return v
}

// url sets *to to the console's address. A URL is never repeated in a problem:
// people put passwords there.
func (m *mapping) url(to **url.URL) {
	const expected = "a URL such as https://sc.example.org or https://sc.example.org:8443/prefix"
	v, _ := m.take("url", "URL", required, "The address of the console's web page: http or https, a host, perhaps a port and a path prefix. No user name or password. `/rest`, `/request.php` and `/sc4/request.php` behind it are left out.")
	if !m.needs(v, expected) {
		return
	}
	s, ok := v.text(expected)
	if !ok {
		return
	}
	u, err := url.Parse(s)
	if err != nil {
		v.refuse("is not a URL", expected)
		return
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	wrong := ""
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		wrong = "has no scheme http or https"
	case u.User != nil:
		wrong = "holds a user name or password"
	case u.Hostname() == "":
		wrong = "has no host"
	case strings.Contains(u.Host, ":") && !strings.HasSuffix(u.Host, "]") && (err != nil || port == 0):
		wrong = "has no valid port"
	case u.RawQuery != "" || u.ForceQuery:
		wrong = "has a query"
	case strings.Contains(s, "#"):
		wrong = "has a fragment"
	}
	if wrong != "" {
		v.refuse(wrong, expected)
		return
	}
	if u, err = scapi.ConsoleURL(u.JoinPath().String()); err != nil {
		v.refuse("is not the address of a console ("+err.Error()+")", expected)
		return
	}
	*to = u
	v.print(*to)
}

func readRepositories(m *mapping) (RepositoryFilter, []sameAsPlace) {
	types := []string{"local", "remote", "offline"}
	f := RepositoryFilter{Types: types}
	m.repositoryIDs("include", &f.Include, "The repositories that count; all where the list is empty.", value.repositoryID)
	m.repositoryIDs("exclude", &f.Exclude, "Repositories that do not count.", func(v value) (string, bool) {
		id, ok := v.repositoryID()
		if ok && slices.Contains(f.Include, id) {
			v.refuse("is "+quote(id)+", which include lists too", "each repository in include or exclude, not in both")
			return "", false
		}
		return id, ok
	})
	setting(m, "types", listKind(strings.Join(types, ", "), 0), &f.Types, "The types of repositories that count. A console that collects from others shows theirs as `remote`: count them on one side only.", func(v value) ([]string, bool) {
		some := distinct(v, "a list of types", 0, func(v value) (string, bool) { return v.choice(types...) })
		return some, some != nil
	})
	copies := readSameAs(m)
	m.close()
	return f, copies
}

// repositoryIDs sets *to to a list of ids of repositories that accept lets pass.
func (m *mapping) repositoryIDs(key string, to *[]string, help string, accept func(value) (string, bool)) {
	m.texts(key, "repository ids", 0, to, help, "a list of repository ids", accept)
}

func (v value) repositoryID() (string, bool) {
	return v.id("the id of a repository, a whole number such as 5")
}
