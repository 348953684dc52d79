package exporter

import (
	"fmt"
	"net"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// webConfig is what we look at of exporter-toolkit's web configuration.
type webConfig struct {
	TLS   map[string]any    `yaml:"tls_server_config"`
	Users map[string]string `yaml:"basic_auth_users"`
}

func readWebConfig(file string) (webConfig, error) {
	var c webConfig
	if file == "" {
		return c, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return c, err
	}
	if err := yaml.Unmarshal(content, &c); err != nil {
		return c, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}

// ListenerScheme reads from the web configuration whether we listen with TLS.
func ListenerScheme(webConfig string) (string, error) {
	c, err := readWebConfig(webConfig)
	if err != nil {
		return "", err
	}
	if len(c.TLS) == 0 {
		return "http", nil
	}
	return "https", nil
}

// Unprotected returns the first of the listen addresses that anybody on the
// network can read: it is not a loopback address, and the web configuration
// asks neither for users nor for verified client certificates. TLS alone keeps
// nobody out. Empty: there is none. Sockets that systemd hands over may have any
// address: give "systemd" for them.
func Unprotected(addresses []string, webConfig string) (string, error) {
	c, err := readWebConfig(webConfig)
	if err != nil {
		return "", err
	}
	if c.TLS["client_auth_type"] == "RequireAndVerifyClientCert" || len(c.Users) > 0 {
		return "", nil
	}
	for _, address := range addresses {
		if !loopback(address) {
			return address, nil
		}
	}
	return "", nil
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
