package console

import (
	"context"
	"errors"
	"fmt"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// ErrNotReadable says that no account of the console may read this, or that
// the console's version does not have it: a fact about accounts, not a failure.
var ErrNotReadable = errors.New("no account can read this")

// Ask makes one call through the account that can best answer it: accounts of
// the preferred kind first, then the others, in configuration order. Others are
// not asked while one that is known to be of the preferred kind fails, because
// what they may see of the same thing is less and would pass for all of it. The
// error wraps ErrNotReadable if every account was refused for lack of permission
// or the console has no such call; any other failure of an account is returned
// as it is.
func Ask[T any](ctx context.Context, c *Console, prefer scapi.Kind, call func(*scapi.Client, context.Context) (T, error)) (T, error) {
	var refusal, failure error
	preferredFails := false
	failed := func(a *Account, err error) {
		failure = errors.Join(failure, a.Wrap(err))
		preferredFails = preferredFails || a.State().Kind == prefer
	}
	try := func(a *Account) (v T, ok bool) {
		v, err := Call(ctx, a, call)
		switch {
		case err == nil:
			return v, true
		case NotReadable(err):
			refusal = errors.Join(refusal, a.Wrap(err))
		default:
			failed(a, err)
		}
		return v, false
	}
	var others []*Account
	for _, a := range c.accounts {
		id, err := a.whoami(ctx)
		if err != nil {
			failed(a, err)
			continue
		}
		if id.Kind != prefer {
			others = append(others, a)
			continue
		}
		if v, ok := try(a); ok {
			return v, nil
		}
	}
	if preferredFails {
		others = nil
	}
	for _, a := range others {
		if v, ok := try(a); ok {
			return v, nil
		}
	}
	var none T
	if failure != nil {
		return none, failure
	}
	return none, fmt.Errorf("%w: %w", ErrNotReadable, refusal)
}

// also adds an error to others, on one line.
func also(others, err error) error {
	if others == nil {
		return err
	}
	return fmt.Errorf("%w; %w", others, err)
}

// Answer is what one account answered.
type Answer[T any] struct {
	Account  *Account
	Identity scapi.Identity
	Value    T
}

// AskEach makes one call through every organisation account, in configuration
// order. It fails as a whole if an account that is known to be one fails,
// because a sum over some of them would pass for a sum over all. An account
// that has never been able to log in is left out where another answers: what
// it would read was never part of the sum. Accounts that may not make the
// call are left out too; the error wraps ErrNotReadable if none may.
func AskEach[T any](ctx context.Context, c *Console, call func(*scapi.Client, context.Context) (T, error)) ([]Answer[T], error) {
	members, stranger := c.organizationAccounts(ctx)
	var answers []Answer[T]
	var refusal error
	for _, m := range members {
		err := m.err
		var v T
		if err == nil {
			v, err = Call(ctx, m.account, call)
		}
		switch {
		case err == nil:
			answers = append(answers, Answer[T]{m.account, m.identity, v})
		case NotReadable(err):
			refusal = also(refusal, m.account.Wrap(err))
		default:
			return nil, m.account.Wrap(err)
		}
	}
	switch {
	case len(answers) > 0:
		return answers, nil
	case stranger != nil:
		return nil, stranger
	case refusal == nil:
		refusal = errors.New("no organisation account is configured")
	}
	return nil, fmt.Errorf("%w: %w", ErrNotReadable, refusal)
}

type member struct {
	account  *Account
	identity scapi.Identity
	err      error // it was one, but cannot log in now
}

// organizationAccounts logs in where needed and returns the organisation
// accounts, and what went wrong with accounts of which the kind is not known.
func (c *Console) organizationAccounts(ctx context.Context) (members []member, stranger error) {
	for _, a := range c.accounts {
		id, err := a.whoami(ctx)
		if err != nil {
			id.Kind = a.State().Kind
		}
		switch {
		case id.Kind == scapi.Organization:
			members = append(members, member{a, id, err})
		case err != nil && id.Kind == scapi.UnknownKind:
			stranger = also(stranger, a.Wrap(err))
		}
	}
	return members, stranger
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
// call, or that the console's version does not have it. Only the console itself
// can say so: the error page of a web server that is being restarted does not.
func NotReadable(err error) bool {
	return errors.Is(err, ErrNotReadable) || errors.Is(err, scapi.ErrUnsupported) || scapi.IsPermission(err) ||
		scapi.IsNotFound(err) && scapi.Answered(err)
}
