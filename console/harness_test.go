package console_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/testmain"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestMain(m *testing.M) { testmain.Run(m) }

var (
	root  = sctest.Account{Username: "root", Password: "a", Administrator: true}
	alice = sctest.Account{Username: "alice", Password: "b", Organization: 1, Repositories: []string{"1", "2"}}
	bob   = sctest.Account{Username: "bob", Password: "c", Organization: 2, Repositories: []string{"2", "3"}}
)

// reached is a simulated console and the ways to it, by account.
type reached struct {
	*console.Console
	simulated *sctest.Server
	ways      map[string]*way

	mu    sync.Mutex
	asked []request
}

// request is one that an account made.
type request struct{ account, path string }

// way is how an account reaches the console; it can be out of order, and the
// password wrong.
type way struct {
	http.RoundTripper
	broken, wrong bool
	made          func(path string)
}

func (w *way) RoundTrip(r *http.Request) (*http.Response, error) {
	w.made(r.URL.Path)
	if w.broken {
		return nil, errors.New("no route to host")
	}
	return w.RoundTripper.RoundTrip(r)
}

// reach starts a console in memory; its accounts are named as its users are.
// It is for use inside a synctest bubble.
func reach(t *testing.T, o sctest.Options, adjust ...func(*console.Options)) *reached {
	t.Helper()
	s := sctest.StartPipe(t, o)
	r := &reached{simulated: s, ways: map[string]*way{}}
	options := console.Options{Name: "test"}
	for _, a := range s.Options().Accounts {
		w := &way{RoundTripper: s.Transport(), made: func(path string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.asked = append(r.asked, request{a.Username, path})
		}}
		r.ways[a.Username] = w
		options.Accounts = append(options.Accounts, console.AccountOptions{
			Name: a.Username, Options: scapi.Options{URL: s.URL, Transport: w, Credentials: func() (scapi.Credentials, error) {
				if w.wrong {
					return scapi.Credentials{Username: a.Username, Password: "wrong"}, nil
				}
				return scapi.Credentials{Username: a.Username, Password: a.Password}, nil
			}},
		})
	}
	for _, f := range adjust {
		f(&options)
	}
	var err error
	if r.Console, err = console.New(options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close(context.Background()) }) // a way of the test may be out of order
	return r
}

// askers returns who asked for a path, in order.
func (r *reached) askers(path string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, q := range r.asked {
		if q.path == path {
			names = append(names, q.account)
		}
	}
	return strings.Join(names, " ")
}
