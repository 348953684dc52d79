package collector

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// read makes one call for a part of a collector, through the account that can
// best answer, and hands the answer to use. A part that no account may read is
// noted and left out; any other failure is returned.
func read[T any](ctx context.Context, c *findings.Console, m *Metrics, part string, prefer scapi.Kind, call func(*scapi.Client, context.Context) (T, error), use func(T)) error {
	v, err := console.Ask(ctx, c.Console, prefer, lean(call))
	return m.part(part, err, func() { use(v) })
}

// lean is a call whose objects do not keep the text that they were read from: a few
// of them would keep the whole answer of the console in memory until the load ends.
// Over RPC it is kept, for there it tells whether two objects are the same.
func lean[T any](call func(*scapi.Client, context.Context) (T, error)) func(*scapi.Client, context.Context) (T, error) {
	return func(client *scapi.Client, ctx context.Context) (T, error) {
		v, err := call(client, ctx)
		if api, _ := client.Dialect(ctx); err == nil && api == scapi.REST { // known by now
			dropTexts(reflect.ValueOf(&v).Elem())
		}
		return v, err
	}
}

// dropTexts empties the field Raw of v, or of the elements of v, but for rows, which
// are nothing else.
func dropTexts(v reflect.Value) {
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			dropTexts(v.Index(i))
		}
	case reflect.Struct:
		if raw := v.FieldByName("Raw"); raw.IsValid() && raw.CanSet() && v.Type() != reflect.TypeFor[scapi.Row]() {
			raw.SetZero()
		}
	}
}

// ownedKey identifies an object of an organisation: ids are unique within one
// only.
type ownedKey struct{ organization, id string }

// owned is an object of an organisation.
type owned[T any] struct {
	organization string // as console.Answer.Organization
	account      *console.Account
	object       T
}

// readEach reads a list of objects through every organisation account and hands
// them to use, each once, with the first account that sees it: two accounts of an
// organisation may see the same object. On SecurityCenter 4, which does not tell
// organisations, two accounts see the same one where all of its fields agree.
func readEach[T any](ctx context.Context, c *findings.Console, m *Metrics, part string, call func(*scapi.Client, context.Context) ([]T, error), id func(T) string, use func([]owned[T])) error {
	answers, err := console.AskEach(ctx, c.Console, lean(call))
	return m.part(part, err, func() {
		known := objects[T]{}
		var list []owned[T]
		for _, a := range answers {
			for _, object := range a.Value {
				if o := (owned[T]{a.Organization, a.Account, object}); known.add(a.Identity.OrganizationID, id(object), object) {
					list = append(list, o)
				}
			}
		}
		use(list)
	})
}

// byAccount divides objects, which come account by account, among the accounts.
func byAccount[T any](list []owned[T]) [][]owned[T] {
	var divided [][]owned[T]
	for i, o := range list {
		if i == 0 || o.account != list[i-1].account {
			divided = append(divided, nil)
		}
		last := len(divided) - 1
		divided[last] = append(divided[last], o)
	}
	return divided
}

// objects are those that were seen, by organisation and id.
type objects[T any] map[ownedKey][]T

// add remembers an object of one account and reports whether it was not seen
// before. Where the console gives no organisation, two accounts see the same one
// only if all fields agree.
func (o objects[T]) add(organization, id string, object T) bool {
	key := ownedKey{organization, id}
	for _, other := range o[key] {
		if organization != "" || reflect.DeepEqual(other, object) {
			return false
		}
	}
	o[key] = append(o[key], object)
	return true
}

// lacking notes that a family is left out, and why. It may be noted more than
// once.
func (m *Metrics) lacking(f *Family, why error) {
	err := errlist.Of(f.Name, why)
	m.missing, m.absent[err] = append(m.missing, err), f
}

// part runs use if err is nil, notes the part as missing if no account may
// read it, and returns any other error. What is told although an account might
// have more to tell is used, and makes the load fail all the same.
func (m *Metrics) part(name string, err error, use func()) error {
	var incomplete *console.Incomplete
	switch {
	case err == nil:
		m.read++
		use()
		return nil
	case errors.As(err, &incomplete):
		if !incomplete.None {
			m.read++
			use()
		}
		m.incomplete = append(m.incomplete, err)
		return nil
	case errors.Is(err, console.ErrNotReadable):
		m.missing = append(m.missing, errlist.Of(name, err))
		return nil
	default:
		return fmt.Errorf("read %s: %w", name, err)
	}
}
