package scapi

import (
	"context"
	"net/http"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Kind says what an account may see: no account of a console sees everything.
type Kind int

// An Administrator sees feeds, scanners, zones, repositories, licence and
// jobs, but no vulnerability. An Organization user sees vulnerabilities, scans
// and assets of the repositories that he may read.
const (
	UnknownKind Kind = iota
	Administrator
	Organization
)

// Identity is who a Client is logged in as.
type Identity struct {
	Kind           Kind
	Username       string // empty where the console does not say
	OrganizationID string // empty for administrators and on SecurityCenter 4
}

// Whoami returns who the client is logged in as. REST GET /currentUser. RPC
// does not say; there a one-row vuln::query and, where that leaves doubt,
// repository::init tell the kind by who may ask them.
func (c *Client) Whoami(ctx context.Context) (Identity, error) {
	t, err := c.target(ctx)
	if err != nil {
		return Identity{}, err
	}
	if err := c.probing.Acquire(ctx, 1); err != nil {
		return Identity{}, &Error{Call: "whoami", Err: ended(ctx)}
	}
	defer c.probing.Release(1)
	c.mu.Lock()
	known := c.state.identity
	c.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	var who *Identity
	if t.dialect == RPC {
		who, err = c.probeIdentity(ctx)
	} else {
		err = c.withSession(ctx, func(w way, s *session) error {
			who, err = c.currentUser(ctx, w, s)
			return err
		})
	}
	if err != nil {
		return Identity{}, err
	}
	c.learn(func(state *state) { state.identity = who })
	return *who, nil
}

// currentUser asks REST who a session belongs to.
func (c *Client) currentUser(ctx context.Context, w way, s *session) (*Identity, error) {
	r, err := c.try(ctx, call{
		endpoint: "/currentUser",
		rest:     restCall{Method: http.MethodGet, Path: "/currentUser"},
	}, w, s)
	if err != nil {
		return nil, err
	}
	var user struct {
		Username           wire.Str
		Role, Organization wire.Ref
	}
	if err := wire.Decode(r.envelope.Response, &user); err != nil {
		return nil, &Error{Call: "GET /rest/currentUser", Status: r.status, Err: join(ErrMalformed, err)}
	}
	who := &Identity{Username: string(user.Username)}
	switch {
	// Role 1 is the administrators', organisation 0 the one they are in.
	case user.Role.ID == "1" || user.Organization.ID == "0":
		who.Kind = Administrator
	case user.Organization.Set():
		who.Kind, who.OrganizationID = Organization, string(user.Organization.ID)
	}
	return who, nil
}

// probeIdentity finds out the kind of account on SecurityCenter 4: an
// administrator may read repositories, and no finding.
func (c *Client) probeIdentity(ctx context.Context) (*Identity, error) {
	who := &Identity{}
	if s, _ := c.current(); s != nil {
		who.Username = s.username
	}
	var page struct{ Results wire.List[wire.Ref] }
	_, err := c.do(ctx, call{
		endpoint: "vuln::query",
		class:    Analysis,
		rpc: rpcCall{Module: "vuln", Action: "query", Input: map[string]any{
			"tool": "sumip", "sourceType": "cumulative", "filters": []any{}, "startOffset": 0, "endOffset": 1,
		}},
	}, &page)
	switch {
	case err == nil && len(page.Results.Raw) > 0:
		who.Kind = Organization
		return who, nil
	case IsPermission(err):
		who.Kind = Administrator
		return who, nil
	case err != nil && (!Answered(err) || IsTemporary(err)):
		return nil, err
	}
	// No finding at all, or a refusal that does not say why.
	answered := err == nil
	_, err = c.do(ctx, call{
		endpoint: "repository::init",
		rpc:      rpcCall{Module: "repository", Action: "init"},
	}, nil)
	switch {
	case err == nil:
		who.Kind = Administrator
	case !Answered(err) || IsTemporary(err):
		return nil, err
	case answered:
		who.Kind = Organization
	}
	return who, nil
}
