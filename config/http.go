package config

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	promconfig "github.com/prometheus/common/config"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/regularfile"
)

// Transport returns what carries the requests of one of the console's
// accounts: TLS with verification unless the file says otherwise, the account's
// client certificate, proxy and extra headers, HTTP/1.1 with kept connections.
// Certificate files are read again when they change. Redirects are not
// followed at this level. Call it once per account and keep the result: each
// one has its own connections.
func (c Console) Transport(a Account) (http.RoundTripper, error) {
	settings := *c.http
	settings.TLSConfig = *a.tls
	return promconfig.NewRoundTripperFromConfig(settings, c.Name, promconfig.WithHTTP2Disabled())
}

// headerToken is the token of RFC 9110.
var headerToken = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// ownHeaders carry the session, which is the client's business.
var ownHeaders = []string{"Cookie", "X-Apikey", "X-Securitycenter"}

// readHTTP reads the http block of a console: the part of prometheus/common's
// HTTPClientConfig that does not touch authentication or redirects.
func readHTTP(m *mapping) *promconfig.HTTPClientConfig {
	m.printed.sparse = true
	var c promconfig.HTTPClientConfig
	tls, _ := m.take("tls_config", "mapping", "", "Certificates. The certificate of the console is always verified.")
	readTLS(tls, &c.TLSConfig)

	before := len(m.doc.problems)
	if v, ok := m.take("proxy_url", "URL, http, https, socks5 or socks5h", "", "The proxy on the way to the console."); ok {
		if u, ok := v.proxyURL(); ok {
			c.ProxyURL = promconfig.URL{URL: u}
			v.print(u)
		}
	}
	m.text("no_proxy", &c.NoProxy, "Exceptions to `proxy_url`: hosts, domains and networks, with commas between them.")
	m.flag("proxy_from_environment", &c.ProxyFromEnvironment, "Take the proxy from HTTP_PROXY, HTTPS_PROXY and NO_PROXY. It stands alone.")
	connect, _ := m.take("proxy_connect_header", "mapping of names to lists of texts", "{}", "Headers for the proxy's CONNECT request.")
	names := map[string]bool{}
	for _, e := range connect.mapping("a mapping of keys to values").open() {
		values := readHeaderValues(e.value)
		if name, ok := e.headerName(names); ok && values != nil {
			if c.ProxyConnectHeader == nil {
				c.ProxyConnectHeader = promconfig.ProxyHeader{}
			}
			c.ProxyConnectHeader[name] = values
		}
	}
	if err := c.ProxyConfig.Validate(); err != nil && len(m.doc.problems) == before {
		m.refuse("is contradictory ("+err.Error()+")", "proxy_url with or without no_proxy, or proxy_from_environment alone")
	}

	headers := m.sub("http_headers", "Extra headers by name, for a gateway that asks for one. Headers that the exporter sets itself are refused.")
	names = map[string]bool{}
	for _, e := range headers.open() {
		header := readHeader(e.value.mapping("a mapping with values, secrets or files"))
		name, ok := e.headerName(names)
		if !ok {
			continue
		}
		if _, reserved := promconfig.ReservedHeaders[name]; reserved || slices.Contains(ownHeaders, name) {
			e.key.refuse("is a header that the exporter sets itself", "another header")
			continue
		}
		if c.HTTPHeaders == nil {
			c.HTTPHeaders = &promconfig.Headers{Headers: map[string]promconfig.Header{}}
		}
		c.HTTPHeaders.Headers[name] = header
	}
	m.close()
	return &c
}

// proxyURL returns the URL of a proxy. It may hold a password, so it is never
// repeated in a problem.
func (v value) proxyURL() (*url.URL, bool) {
	const expected = "a URL such as http://proxy.example.org:3128 (http, https, socks5 or socks5h)"
	s, ok := v.text(expected)
	if !ok {
		return nil, false
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		v.refuse("is not the URL of a proxy", expected)
		return nil, false
	}
	return u, true
}

func readHeader(m *mapping) promconfig.Header {
	var h promconfig.Header
	values, _ := m.take("values", "list of texts", "[]", "Values of the header.")
	for _, s := range readHeaderValues(values) {
		h.Values = append(h.Values, string(s))
	}
	secrets, _ := m.take("secrets", "list of secrets", "[]", "More values. Neither kind is ever shown.")
	h.Secrets = readHeaderValues(secrets)
	files, _ := m.take("files", "list of paths", "[]", "Files whose contents are more values, read at every request.")
	for _, f := range files.list("a list") {
		if path, ok := f.file(); ok {
			h.Files = append(h.Files, path)
		}
	}
	files.print(h.Files)
	m.close()
	return h
}

// headerName returns the name of a header as it is sent. seen are the names
// before it.
func (e entry) headerName(seen map[string]bool) (string, bool) {
	if !headerToken.MatchString(e.key.node.Value) {
		e.key.refuse("is not the name of an HTTP header", "letters, digits and hyphens")
		return "", false
	}
	name := http.CanonicalHeaderKey(e.key.node.Value)
	if seen[name] {
		e.key.refuse("stands twice", "each header once, in whichever case")
		return "", false
	}
	seen[name] = true
	e.value.printed.key = name
	return name, true
}

// readHeaderValues returns a list of header values, each of which may be secret.
func readHeaderValues(v value) []promconfig.Secret {
	var values []promconfig.Secret
	for _, e := range v.list("a list of header values") {
		s, ok := e.text("a header value")
		if !ok {
			continue
		}
		if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			e.refuse("contains a line break or another control character", "a header value in one line")
			continue
		}
		values = append(values, promconfig.Secret(s))
	}
	v.print(values)
	return values
}

// readTLS reads a tls_config over what *to already holds: an account's over its
// console's. A certificate and its key are replaced together. It returns
// false after noting a problem.
func readTLS(v value, to *promconfig.TLSConfig) bool {
	before := len(v.doc.problems)
	m := v.mapping("a mapping such as {ca_file: ca.pem}")
	m.printed.sparse = true
	inlineOrFile(m, "ca", "The authority that signed the console's certificate, or that certificate; the authorities of the system unless set", &to.CA, &to.CAFile)
	cert, hasCert := inlineOrFile(m, "cert", "A client certificate", &to.Cert, &to.CertFile)
	key, hasKey := inlineOrFile(m, "key", "The key of the client certificate", &to.Key, &to.KeyFile)
	switch {
	case hasCert && !hasKey:
		cert.refuse("stands without a key", "key or key_file beside it")
	case hasKey && !hasCert:
		key.refuse("stands without a certificate", "cert or cert_file beside it")
	}
	m.text("server_name", &to.ServerName, "The name that the certificate must bear; the host of `url` unless set.")
	m.flag("insecure_skip_verify", &to.InsecureSkipVerify, "Accept any certificate. Avoid it: name the certificate in `ca_file`.")
	versions := slices.Sorted(maps.Keys(promconfig.TLSVersions))
	lowest, highest := to.MinVersion.String(), to.MaxVersion.String()
	m.choice("min_version", &lowest, "The lowest version of TLS; TLS12 unless set.", versions...)
	m.choice("max_version", &highest, "The highest version of TLS; no bound unless set.", versions...)
	to.MinVersion, to.MaxVersion = promconfig.TLSVersions[lowest], promconfig.TLSVersions[highest]
	m.close()

	if len(m.order) == 0 || len(v.doc.problems) > before {
		return len(v.doc.problems) == before
	}
	if _, err := promconfig.NewTLSConfig(to); err != nil {
		v.refuse("cannot be used ("+err.Error()+")", "PEM certificates that can be read, a key that fits its certificate, and min_version not above max_version")
		return false
	}
	return true
}

// inlineOrFile reads PEM text from NAME or the path of a file from NAME_file; one
// of them replaces what either pointer holds. It returns the place of the key that
// was found, and whether one was.
func inlineOrFile[T ~string](m *mapping, name, what string, inline *T, file *string) (value, bool) {
	text, hasText := m.take(name, "PEM text", "", what+".")
	path, hasPath := m.take(name+"_file", "path", "", what+", as a file.")
	at := path
	if hasText {
		at = text
		s, _ := text.text("PEM text")
		*inline, *file = T(s), ""
	}
	switch {
	case hasText && hasPath:
		path.refuse("stands beside "+name, "only one of "+name+", "+name+"_file")
	case hasPath:
		*inline = ""
		*file, _ = path.file()
	}
	text.print(*inline)
	path.print(*file)
	return at, hasText || hasPath
}

// file returns the path of a file that can be read.
func (v value) file() (string, bool) {
	path, ok := v.text("the path of a file")
	if !ok {
		return "", false
	}
	path = v.doc.resolve(path)
	if _, err := regularfile.Read(path); err != nil {
		v.refuse(fileTrouble(err), "a file that can be read")
		return "", false
	}
	return path, true
}

func hasClientCertificate(t promconfig.TLSConfig) bool {
	return t.Cert != "" || t.CertFile != ""
}
