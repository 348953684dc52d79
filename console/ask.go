package console

import (
	"context"
	"errors"
	"fmt"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// ErrNotReadable says that no account of the console may read this, or that
// the console's version does not have it: a fact about accounts, not a failure.
var ErrNotReadable = errors.New("no account can read this")

// Incomplete is the error beside an answer to which an account of unknown kind,
// which has not been able to log in yet, might have more to tell.
type Incomplete struct {
	err error
	// None says that there is no answer: no other account may tell anything.
	None bool
}

func (e *Incomplete) Error() string { return e.err.Error() }

// Unwrap returns why the account could not log in.
func (e *Incomplete) Unwrap() error { return e.err }

// Ask makes one call through the account that can best answer it: accounts of
// the preferred kind first, then the others, in configuration order. Others are
// not asked while one that is known to be of the preferred kind fails, because
// what they may see of the same thing is less and would pass for all of it. The
// error wraps ErrNotReadable if every account was refused for lack of permission
// or the console has no such call; it is Incomplete where an account that might be
// of the preferred kind could not log in; any other failure of an account is
// returned as it is.
func Ask[T any](ctx context.Context, c *Console, prefer scapi.Kind, call func(*scapi.Client, context.Context) (T, error)) (T, error) {
	var refusals, failures, strangers []error
	preferredFails := false
	failed := func(a *Account, err error) {
		failures = append(failures, a.Wrap(err))
		preferredFails = preferredFails || a.State().Kind == prefer
	}
	try := func(a *Account) (v T, ok bool) {
		v, err := Call(ctx, a, call)
		switch {
		case err == nil:
			return v, true
		case CannotRead(err):
			refusals = append(refusals, a.Wrap(err))
		default:
			failed(a, err)
		}
		return v, false
	}
	var others []*Account
	for _, a := range c.accounts {
		id, err := a.whoami(ctx)
		switch {
		case err != nil && a.State().Kind == scapi.UnknownKind:
			strangers = append(strangers, a.Wrap(err))
		case err != nil:
			failed(a, err)
		case id.Kind != prefer:
			others = append(others, a)
		default:
			if v, ok := try(a); ok {
				return v, nil
			}
		}
	}
	if preferredFails {
		others = nil
	}
	for _, a := range others {
		if v, ok := try(a); ok {
			if len(strangers) > 0 {
				return v, &Incomplete{err: errlist.Join(strangers...)}
			}
			return v, nil
		}
	}
	var none T
	switch {
	case len(failures) > 0:
		return none, errlist.Join(append(strangers, failures...)...)
	case len(strangers) > 0:
		return none, &Incomplete{err: errlist.Join(strangers...), None: true}
	}
	return none, fmt.Errorf("%w: %w", ErrNotReadable, errlist.Join(refusals...))
}

// Answer is what one account answered.
type Answer[T any] struct {
	Account  *Account
	Identity scapi.Identity
	// Organization tells the objects of organisations apart whose ids may be
	// equal: the organisation's id; on SecurityCenter 4, which gives none, the
	// account's name where there are several organisation accounts, else empty.
	Organization string
	Value        T
}

// AskEach makes one call through every organisation account, in configuration
// order. It fails as a whole if an account that is known to be one fails,
// because a sum over some of them would pass for a sum over all. An account
// that has never been able to log in is left out where another answers: what
// it would read was never part of the sum. Accounts that may not make the
// call are left out too; the error wraps ErrNotReadable if none may.
func AskEach[T any](ctx context.Context, c *Console, call func(*scapi.Client, context.Context) (T, error)) ([]Answer[T], error) {
	members, strangers := c.organizationAccounts(ctx)
	var answers []Answer[T]
	var refusals, noPages []error
	for _, m := range members {
		err := m.err
		var v T
		if err == nil {
			v, err = Call(ctx, m.account, call)
		}
		switch {
		case err == nil:
			answers = append(answers, Answer[T]{m.account, m.identity, m.organization(len(members) > 1 || strangers != nil), v})
		case NotReadable(err):
			refusals = append(refusals, m.account.Wrap(err))
		case noPage(err):
			noPages = append(noPages, m.account.Wrap(err))
		default:
			return nil, m.account.Wrap(err)
		}
	}
	switch {
	case len(answers) > 0 && len(noPages) > 0: // one console either has the call or not
		return nil, errlist.Join(noPages...)
	case len(answers) > 0:
		return answers, nil
	case strangers != nil:
		return nil, strangers
	}
	refusals = append(refusals, noPages...)
	if len(refusals) == 0 {
		refusals = append(refusals, errors.New("no organisation account is configured"))
	}
	return nil, fmt.Errorf("%w: %w", ErrNotReadable, errlist.Join(refusals...))
}

type member struct {
	account  *Account
	identity scapi.Identity
	err      error // it was one, but cannot log in now
}

// organization is Answer.Organization of what the member answers, who may be one
// of several.
func (m member) organization(several bool) string {
	if m.identity.OrganizationID == "" && several {
		return m.account.name
	}
	return m.identity.OrganizationID
}

// organizationAccounts logs in where needed and returns the organisation
// accounts, and what went wrong with accounts of which the kind is not known.
func (c *Console) organizationAccounts(ctx context.Context) (members []member, strangers error) {
	var failures []error
	for _, a := range c.accounts {
		id, err := a.whoami(ctx)
		if err != nil {
			id.Kind = a.State().Kind
		}
		switch {
		case id.Kind == scapi.Organization:
			members = append(members, member{a, id, err})
		case err != nil && id.Kind == scapi.UnknownKind:
			failures = append(failures, a.Wrap(err))
		}
	}
	return members, errlist.Join(failures...)
}

// Call makes one call through one account, and remembers how it ended.
func Call[T any](ctx context.Context, a *Account, call func(*scapi.Client, context.Context) (T, error)) (T, error) {
	v, err := call(a.client, ctx)
	a.note(ctx, err)
	return v, err
}

// Through is Call whose error names the account.
func Through[T any](ctx context.Context, a *Account, call func(*scapi.Client, context.Context) (T, error)) (T, error) {
	v, err := Call(ctx, a, call)
	if err != nil {
		err = a.Wrap(err)
	}
	return v, err
}

// NotReadable reports whether err says that the account may not make the
// call, or that the console does not have it. Only the console itself can say so.
func NotReadable(err error) bool {
	if errors.Is(err, ErrNotReadable) || errors.Is(err, scapi.ErrUnsupported) || scapi.IsPermission(err) {
		return true
	}
	refusal, refused := scapi.RefusalOf(err)
	return scapi.Answered(err) && err != nil && (scapi.IsNotFound(err) || refused && refusal.Of == scapi.RefusedCall)
}

// noPage reports whether a web server knows no such page. That may mean that the
// console does not have the call, or that it is being restarted: who knows that
// other calls are answered can tell.
func noPage(err error) bool {
	refusal, refused := scapi.RefusalOf(err)
	return refused && refusal.Of == scapi.RefusedCall && !scapi.Answered(err)
}

// CannotRead reports whether err says, in the console's words or by a page of the
// web server, that the account cannot make the call: a fact about one call, where
// others are answered.
func CannotRead(err error) bool { return NotReadable(err) || noPage(err) }

// NoPage reports whether err says that no account can read something because
// the web server has no such page, rather than in the console's own words.
func NoPage(err error) bool { return errors.Is(err, ErrNotReadable) && noPage(err) }
