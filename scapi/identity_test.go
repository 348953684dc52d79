package scapi

import (
	"errors"
	"testing"
)

func TestRESTSaysWhoTheClientIs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, user string
		want       Identity
	}{
		{"an administrator", admin, Identity{Administrator, "admin", ""}},
		{"an organisation user", orgUser, Identity{Organization, "analyst", "3"}},
		{"an administrator by organisation only", `{"username":"a","organization":{"id":"0"}}`, Identity{Administrator, "a", ""}},
		{"numbers for strings", `{"username":5,"role":{"id":2},"organization":{"id":1}}`, Identity{Organization, "5", "1"}},
		{"nobody", `{"organization":{"id":-1}}`, Identity{}},
		{"fields of the wrong shape", `{"username":["x"],"role":"1"}`, Identity{Kind: Administrator}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := restConsole().on("GET /rest/currentUser", said(test.user))
			c := dial(t, s)
			for range 2 {
				who, err := c.Whoami(t.Context())
				if who != test.want || err != nil {
					t.Errorf("%+v, %v", who, err)
				}
			}
			if n := s.count("GET /rest/currentUser"); n != 1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

func TestAnIdentityThatFailedAtLoginIsAskedForLater(t *testing.T) {
	t.Parallel()
	s := restConsole().on("GET /rest/currentUser", refusedWith(403, 99, "odd"), said(orgUser))
	c := dial(t, s)
	if err := c.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	if who, err := c.Whoami(t.Context()); who.Kind != Organization || err != nil {
		t.Errorf("%+v, %v", who, err)
	}
}

func TestTheKindOfAnAccountOverRPCIsProbed(t *testing.T) {
	t.Parallel()
	rows := said(`{"totalRecords":"5","returnedRecords":1,"results":[{"ip":"192.0.2.1"}]}`)
	none := said(`{"totalRecords":"0","returnedRecords":0,"results":[]}`)
	denied := refusedWith(200, 99, "You do not have permission.")
	odd := refusedWith(200, 99, "Something.")
	repositories := said(`{"repositories":[]}`)
	tests := []struct {
		name                string
		query, repositories responder
		want                Kind
		fails               bool
		calls               int // of repository::init
	}{
		{"findings", rows, denied, Organization, false, 0},
		{"no permission to query", denied, denied, Administrator, false, 0},
		{"no findings, but repositories", none, repositories, Administrator, false, 1},
		{"no findings, no repositories", none, denied, Organization, false, 1},
		{"a refusal that does not say why, but repositories", odd, repositories, Administrator, false, 1},
		{"refusals that do not say why", odd, odd, UnknownKind, false, 1},
		{"an answer that says nothing", said(`""`), denied, Organization, false, 1},
		{"a failure of the network", broken(errors.New("no route")), denied, UnknownKind, true, 0},
		{"a failure in the middle", none, broken(errors.New("no route")), UnknownKind, true, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := rpcConsole().on("vuln::query", test.query).on("repository::init", test.repositories)
			c := dial(t, s, func(o *Options) { o.Retries = -1 })
			who, err := c.Whoami(t.Context())
			if who.Kind != test.want || (err != nil) != test.fails {
				t.Fatalf("%+v, %v", who, err)
			}
			if n := s.count("repository::init"); n != test.calls {
				t.Errorf("repository::init called %d times", n)
			}
			if err != nil {
				return
			}
			if who.Username != "u" || who.OrganizationID != "" {
				t.Errorf("%+v", who)
			}
			// A new login of the same user does not cost the probe again.
			if err := errors.Join(c.Logout(t.Context()), c.Login(t.Context())); err != nil {
				t.Fatal(err)
			}
			if again, err := c.Whoami(t.Context()); again != who || err != nil || s.count("vuln::query") != 1 {
				t.Errorf("%+v, %v, probed %d times", again, err, s.count("vuln::query"))
			}
		})
	}
}
