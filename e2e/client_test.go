//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// client asks one server, with its credentials where it has some.
type client struct {
	base     string
	http     http.Client
	user     string
	password string
}

func newClient(base string) *client {
	return &client{base: base, http: http.Client{Timeout: 15 * time.Second}}
}

// get returns the body of an answer with status 200.
func (c *client) get(path string) ([]byte, error) { return c.getAs(path, "") }

// getAs is get in the format that accept names; empty: in none in particular.
func (c *client) getAs(path, accept string) ([]byte, error) {
	request, err := http.NewRequest(http.MethodGet, c.base+path, nil)
	if err != nil {
		return nil, err
	}
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	if c.user != "" {
		request.SetBasicAuth(c.user, c.password)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s: %.500s", path, response.Status, body)
	}
	return body, nil
}

func (c *client) getJSON(path string, v any) error {
	body, err := c.get(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	return nil
}

// keep leaves what the test saw in the folder that E2E_OUT names.
func keep(t *testing.T, name string, body []byte) {
	t.Helper()
	dir := os.Getenv("E2E_OUT")
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name), body, 0o644); err != nil {
		t.Error(err)
	}
}
