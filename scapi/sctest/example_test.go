package sctest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// A test starts a console in one line; it ends with the test.
func ExampleStart() {
	test := func(t *testing.T) {
		console := sctest.Start(t, sctest.Options{Hosts: 1000})
		resp, err := http.Get(console.URL + "/rest/system")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
	}
	_ = test
}

func ExampleListen() {
	console, err := sctest.Listen(sctest.Options{Dialect: sctest.RPC, Version: "4.6.2.2"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer console.Close()
	fmt.Println(console.Options().Hosts, "hosts in", len(console.Repositories()), "repositories")
	// Output: 200 hosts in 4 repositories
}

func ExampleConsole_Inject() {
	console, err := sctest.Listen(sctest.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer console.Close()
	// The second analysis request finds its session expired.
	console.Inject(sctest.Fault{Endpoint: "POST /analysis", Skip: 1, Times: 1, Effect: sctest.ExpireSession()})
}
