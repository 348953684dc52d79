package collector

import (
	"context"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// ownedKey identifies an object of an organisation: ids are unique within one
// only.
type ownedKey struct{ organization, id string }

// owned is an object of an organisation.
type owned[T any] struct {
	organization string // id; empty on SecurityCenter 4
	object       T
}

// readEach reads a list of objects through every organisation account and hands
// them to use, each once: two accounts of an organisation may see the same
// object.
func readEach[T any](ctx context.Context, c *findings.Console, m *Metrics, part string, call func(*scapi.Client, context.Context) ([]T, error), id func(T) string, use func([]owned[T])) error {
	answers, err := console.AskEach(ctx, c.Console, call)
	return m.part(part, err, func() {
		seen := map[ownedKey]bool{}
		var list []owned[T]
		for _, a := range answers {
			for _, object := range a.Value {
				key := ownedKey{a.Identity.OrganizationID, id(object)}
				if !seen[key] {
					seen[key] = true
					list = append(list, owned[T]{key.organization, object})
				}
			}
		}
		use(list)
	})
}
