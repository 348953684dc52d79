package collector

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// read makes one call for a part of a collector, through the account that can
// best answer, and hands the answer to use. A part that no account may read is
// noted and left out; any other failure is returned.
func read[T any](ctx context.Context, c *findings.Console, m *Metrics, part string, prefer scapi.Kind, call func(*scapi.Client, context.Context) (T, error), use func(T)) error {
	v, err := console.Ask(ctx, c.Console, prefer, call)
	return m.part(part, err, func() { use(v) })
}

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

// lacking notes that a family is left out, and why. It may be noted more than
// once.
func (m *Metrics) lacking(f *Family, why string) {
	err := fmt.Errorf("%s: %s", f.Name, why)
	if !slices.ContainsFunc(m.missing, func(e error) bool { return e.Error() == err.Error() }) {
		m.missing = append(m.missing, err)
	}
}

// part runs use if err is nil, notes the part as missing if no account may
// read it, and returns any other error.
func (m *Metrics) part(name string, err error, use func()) error {
	switch {
	case err == nil:
		m.read++
		use()
		return nil
	case errors.Is(err, console.ErrNotReadable):
		m.missing = append(m.missing, fmt.Errorf("%s: %w", name, err))
		return nil
	default:
		return fmt.Errorf("read %s: %w", name, err)
	}
}
