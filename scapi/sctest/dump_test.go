package sctest_test

import (
	"fmt"
	"os"
	"securitycenter_exporter/scapi/sctest"
	"testing"
)

func TestDump(t *testing.T) {
	if os.Getenv("DUMP") == "" {
		t.Skip()
	}
	s := sctest.Start(t, sctest.Options{Now: fixed, Dialect: sctest.RPC})
	a := newClient(t, s).admin()
	u := newClient(t, s).analyst()
	for _, p := range [][2]string{{"system", "init"}, {"repository", "init"}, {"scanner", "init"}, {"zone", "init"}, {"plugin", "init"}, {"user", "init"}, {"role", "init"}, {"vuln", "query"}} {
		e := a.rpc(p[0], p[1], map[string]any{})
		fmt.Printf("%s %d %.1100s\n\n", p, e.Status, e.Body)
	}
	for _, p := range [][2]string{{"asset", "init"}, {"credential", "init"}, {"scan", "init"}, {"scanResult", "getRange"}, {"ticket", "init"}, {"group", "init"}, {"repository", "init"}} {
		e := u.rpc(p[0], p[1], map[string]any{})
		fmt.Printf("U %s %d %.900s\n\n", p, e.Status, e.Body)
	}
	e := u.rpc("vuln", "getIP", map[string]any{"ip": "10.0.0.5", "repositories": []any{}})
	fmt.Println(e.Body)
	e = u.rpc("asset", "getIPs", map[string]any{"id": 3})
	fmt.Printf("%.500s\n", e.Body)
	for _, tool := range []string{"sumip", "sumseverity", "sumid", "sumasset", "vulndetails"} {
		e := u.ask(tool, "cumulative", 0, 2)
		fmt.Printf("%s %d %.900s\n\n", tool, e.Status, e.Body)
	}
}
