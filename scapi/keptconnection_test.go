package scapi_test

import (
	"fmt"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestAKeptConnectionThatWasDroppedAtALoginIsTriedOnceMore(t *testing.T) {
	t.Parallel()
	for dialect, login := range map[sctest.Dialect]string{sctest.REST: "POST /token", sctest.RPC: "auth::login"} {
		for _, c := range []struct {
			name   string
			times  int // logins that are dropped
			api    scapi.API
			logins int // requests that the console gets
			works  bool
		}{
			{"behind the greeting", 1, scapi.Auto, 2, true},
			{"twice", 2, scapi.Auto, 2, false},
		} {
			t.Run(fmt.Sprint(dialect, " ", c.name), func(t *testing.T) {
				server := sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 10, Plugins: 1000})
				server.Inject(sctest.Fault{Endpoint: login, Times: c.times, Effect: sctest.Reset()})
				transport := server.Transport()
				client, err := scapi.New(scapi.Options{URL: server.URL, API: c.api, Transport: transport, Credentials: func() (scapi.Credentials, error) {
					return scapi.Credentials{Username: sctest.AnalystUsername, Password: sctest.AnalystPassword}, nil
				}})
				if err != nil {
					t.Fatal(err)
				}
				err = client.Login(t.Context())
				if (err == nil) != c.works || err != nil && !scapi.IsTemporary(err) {
					t.Errorf("error %v", err)
				}
				if n := server.Count(func(r sctest.Request) bool { return r.Endpoint == login }); n != c.logins {
					t.Errorf("%d logins, want %d", n, c.logins)
				}
				if err := client.Logout(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// What breaks on a new connection may have been heard: the console counts logins.
func TestANewConnectionThatBreaksAtALoginIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	server := sctest.Start(t, sctest.Options{Hosts: 10, Plugins: 1000})
	server.Inject(sctest.Fault{Endpoint: "POST /token", Effect: sctest.Reset()})
	client, err := scapi.New(scapi.Options{URL: server.URL, API: scapi.REST, Transport: server.Transport(), Credentials: func() (scapi.Credentials, error) {
		return scapi.Credentials{Username: sctest.AnalystUsername, Password: sctest.AnalystPassword}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Login(t.Context()); !scapi.IsTemporary(err) {
		t.Errorf("error %v", err)
	}
	if n := server.Count(func(r sctest.Request) bool { return r.Endpoint == "POST /token" }); n != 1 {
		t.Errorf("%d logins", n)
	}
}
