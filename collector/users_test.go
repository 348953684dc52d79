package collector_test

import "testing"

// Administrators, and users of the organisations that an account is of.
func recountUsers(t *testing.T, e *exported, _ *reckoning) {
	want := samples{}
	for _, a := range e.simulated.Options().Accounts {
		state := map[bool]string{false: "active", true: "locked"}
		want[sample("securitycenter_users", "state", state[a.Locked])]++
		want[sample("securitycenter_users", "state", state[!a.Locked])] += 0
	}
	diff(t, "users", want, e.load(t, "users"))
}
