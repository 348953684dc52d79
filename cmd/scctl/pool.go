package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// logoutTimeout bounds the end of the sessions, also after an interrupt.
const logoutTimeout = 5 * time.Second

// pool are the accounts of a command, and the clients that it has used.
type pool struct {
	accounts []account
	open     []*scapi.Client
	failures []error // logins that failed while another account took over
}

func newPool(accounts []account) *pool { return &pool{accounts: accounts} }

// client returns a new client of an account. It is logged out by close.
func (p *pool) client(a account) (*scapi.Client, error) {
	c, err := scapi.New(a.options)
	if err != nil {
		return nil, &usageError{err}
	}
	p.open = append(p.open, c)
	return c, nil
}

// choose returns a client of the first account of the preferred kind; where
// there is none, of the first that can log in.
func (p *pool) choose(ctx context.Context, prefer scapi.Kind) (*scapi.Client, error) {
	if len(p.accounts) == 1 {
		return p.client(p.accounts[0])
	}
	var substitute *scapi.Client
	for _, a := range p.accounts {
		c, err := p.client(a)
		if err != nil {
			return nil, err
		}
		who, err := c.Whoami(ctx)
		switch {
		case err != nil:
			p.failures = append(p.failures, fmt.Errorf("account %s: %w", a.name, err))
			if ctx.Err() != nil {
				return nil, err
			}
		case prefer == scapi.UnknownKind || who.Kind == prefer:
			return c, nil
		case substitute == nil:
			substitute = c
		}
	}
	if substitute == nil {
		return nil, errors.New("no account can log in")
	}
	return substitute, nil
}

// lost returns why accounts that might have answered better were not used.
func (p *pool) lost() error { return errlist.Join(p.failures...) }

// close ends the sessions, also after ctx has ended.
func (p *pool) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutTimeout)
	defer cancel()
	var failures []error
	for _, c := range p.open {
		if err := c.Logout(ctx); err != nil {
			failures = append(failures, fmt.Errorf("log out: %w", err))
		}
	}
	for _, a := range p.accounts {
		if t, ok := a.options.Transport.(interface{ CloseIdleConnections() }); ok {
			t.CloseIdleConnections()
		}
	}
	return errlist.Join(failures...)
}
