package config

import (
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	promconfig "github.com/prometheus/common/config"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// TransportSecrets returns what Transport adds to requests and nothing may
// show: the values of extra headers, those that files hold now included, of
// headers for a proxy, and the user information of the proxy's URL. A file that
// cannot be read gives none: the requests that need it say so.
func (c Console) TransportSecrets() []string {
	if c.http == nil {
		return nil
	}
	var values []promconfig.Secret
	var files []string
	if c.http.HTTPHeaders != nil {
		for _, name := range slices.Sorted(maps.Keys(c.http.HTTPHeaders.Headers)) {
			header := c.http.HTTPHeaders.Headers[name]
			for _, value := range header.Values {
				values = append(values, promconfig.Secret(value))
			}
			values = append(values, header.Secrets...)
			files = append(files, header.Files...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.http.ProxyConnectHeader)) {
		values = append(values, c.http.ProxyConnectHeader[name]...)
	}
	for _, path := range files {
		if text, err := os.ReadFile(path); err == nil {
			values = append(values, promconfig.Secret(strings.TrimSpace(string(text))))
		}
	}
	var secrets []string
	for _, value := range values {
		secrets = append(secrets, scapi.HeaderSecrets(string(value))...)
	}
	secrets = append(secrets, scapi.URLSecrets(c.http.ProxyURL.URL)...)
	if c.http.ProxyFromEnvironment {
		if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: c.URL}); err == nil {
			secrets = append(secrets, scapi.URLSecrets(proxy)...)
		}
	}
	return secrets
}
