package findings_test

import (
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestWithoutAnAccountThatReadsThereIsNothingToCount(t *testing.T) {
	t.Parallel()
	in(t, "an administrator alone", func(t *testing.T) {
		c := count(t, sctest.Options{Accounts: []sctest.Account{root}})
		if _, err := c.Scopes(t.Context()); !console.NotReadable(err) {
			t.Errorf("%v, want that no account may", err)
		}
	})
}

func TestARefusedRepositoryIsNeverLeftOut(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		for words, speaks143 := range map[string]bool{"code 146": false, "code 143": true} {
			in(t, dialect.String()+", "+words, func(t *testing.T) {
				c := count(t, sctest.Options{Dialect: dialect, RefuseFilters: []string{"repository", "repositoryIDs"}, Quirks: sctest.Quirks{Speaks143: speaks143}})
				if scopes, err := c.Scopes(t.Context()); err == nil {
					t.Errorf("%d scopes, although the console cannot be asked for repositories", len(scopes))
				}
			})
		}
	}
}
