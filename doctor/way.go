package doctor

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	soon      = 30 * 24 * time.Hour // a certificate ends
	clockSlop = time.Minute         // of two clocks that are right
)

// way checks how the console is reached.
func (x *examination) way() {
	seen := x.recorder.Seen(0)
	var secure *tls.ConnectionState
	for i := range seen {
		if seen[i].TLS != nil {
			secure = seen[i].TLS
		}
	}
	address, err := url.Parse(x.options.Accounts[0].URL)
	if err != nil {
		x.failed(areaWay, "way.address", "address", err)
		return
	}
	x.transport(address, secure, len(seen) > 0)
	x.proxy(address)

	c := Check{ID: "way.clock", Area: areaWay, Name: "clock", Result: OK}
	switch skew, known := x.ClockSkew(); {
	case !known:
		c.Result, c.Found = Unknown, "no answer told the time"
		c.Means, c.Do = "Windows are reckoned by the clock of this machine.", "See whether the console answers at all."
	case skew.Abs() > clockSlop:
		c.Result, c.Found = Limited, off(skew)+" this machine's"
		c.Means = "Windows, late jobs and expiry are judged by the console's clock and stay right; ages that Prometheus reckons from timestamps (feeds, scans, back-ups) are off by that much. securitycenter_clock_skew_seconds tells it."
		c.Do = "Set both clocks by NTP."
	default:
		c.Found = "within a minute of this machine's"
	}
	c.public = c.Found
	x.add(c)

	c = Check{ID: "way.version", Area: areaWay, Name: "protocol and version", Result: OK, Found: fmt.Sprintf("%s, version %s", orUnknown(string(x.dialect)), orUnknown(x.version)),
		Means: "Filters and calls are spelled as for the nearest version that is known: see the filters below.", Do: "Send this report."}
	major, minor := majorMinor(x.version)
	switch {
	case x.version == "", x.dialect == "":
		c.Result = Unknown
	case major < 4 || major > 6 || major == 4 && minor > 8 || major == 6 && minor > 7:
		c.Result = Limited
		c.Found += ", which nobody has looked at"
	}
	c.public = fmt.Sprintf("%s, version %s", orUnknown(string(x.dialect)), orUnknown(harmlessVersion(x.version)))
	x.add(c)
}

// off says how far a clock is from another.
func off(skew time.Duration) string {
	const day = 24 * time.Hour
	if skew.Abs() >= 2*day {
		return fmt.Sprintf("%+d days off", int64(skew/day))
	}
	return fmt.Sprintf("%+d s off", int64(skew.Round(time.Second)/time.Second))
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

func majorMinor(version string) (major, minor int) {
	parts := strings.Split(version, ".")
	major, _ = strconv.Atoi(parts[0]) // 0 where it is none
	if len(parts) > 1 {
		minor, _ = strconv.Atoi(parts[1]) // likewise
	}
	return major, minor
}

// transport checks what protects the way.
func (x *examination) transport(address *url.URL, secure *tls.ConnectionState, answered bool) {
	c := Check{ID: "way.tls", Area: areaWay, Name: "TLS", Result: OK, Means: "Whoever is on the way can read passwords, tokens and findings.",
		Do: "Use https, and name the authority of the console's certificate in ca_file."}
	switch {
	case address.Scheme == "http":
		// A console on this machine, or in memory, is reached without a wire.
		c.Found = "none: http"
		if host := address.Hostname(); host != "127.0.0.1" && host != "localhost" && host != "::1" && host != "console.example" {
			c.Result = Limited
		}
	case secure == nil && !answered:
		c.Result, c.Found, c.Means, c.Do = Unknown, "no connection came about", "Nothing can be read.", "See what the logins say."
	case secure == nil || len(secure.PeerCertificates) == 0:
		c.Result, c.Found = Unknown, "the certificate was not seen"
	default:
		leaf := secure.PeerCertificates[0]
		left := time.Until(leaf.NotAfter)
		days := int(left.Hours() / 24)
		c.Found = fmt.Sprintf("%s, chain of %d, ends in %d days", tls.VersionName(secure.Version), len(secure.PeerCertificates), days)
		switch {
		case len(secure.VerifiedChains) == 0:
			c.Result, c.Found = Limited, c.Found+", not verified"
		case left < soon:
			c.Result, c.Means, c.Do = Limited, "No collector can read anything when it has ended.", "Renew the certificate of the console."
		}
		if leaf.VerifyHostname(address.Hostname()) != nil {
			c.Found += ", for another name than that of the address"
		}
	}
	c.public = c.Found
	x.add(c)
}

// proxy tells whether one is in the way.
func (x *examination) proxy(address *url.URL) {
	c := Check{ID: "way.proxy", Area: areaWay, Name: "proxy", Result: OK, Found: "none"}
	if t, ok := x.transports[0].(*http.Transport); ok && t.Proxy != nil {
		through, err := t.Proxy(&http.Request{Method: http.MethodGet, URL: address, Header: http.Header{}})
		switch {
		case err != nil:
			c.Result, c.Found, c.Means, c.Do = Wrong, "the proxy's address is none", "Nothing can be read.", "Mend proxy_url, or the environment's proxy."
		case through != nil:
			c.Found = "one is used"
		}
	}
	c.public = c.Found
	x.add(c)
}
