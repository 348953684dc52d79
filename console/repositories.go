package console

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// repositoriesTTL is how long the merged list of repositories is kept.
const repositoriesTTL = time.Minute

// RepositoryFilter selects repositories by id and type. Empty Include and
// Types mean all.
type RepositoryFilter struct {
	Include, Exclude []string // ids
	Types            []string // local, remote, offline
}

// selects reports whether r counts. A repository whose type the console does
// not tell passes every choice of types.
func (f RepositoryFilter) selects(r scapi.Repository) bool {
	return (len(f.Include) == 0 || slices.Contains(f.Include, r.ID)) &&
		!slices.Contains(f.Exclude, r.ID) &&
		(len(f.Types) == 0 || r.Type == "" || slices.Contains(f.Types, r.Type))
}

// Repository is a repository as all accounts together see it.
type Repository struct {
	scapi.Repository
	// Reader is the account that all queries over the repository go through;
	// nil if no organisation account reads it.
	Reader *Account
}

// Repositories merges what all accounts see, in the order of the ids. Every
// repository is read through exactly one account: the one that names it in
// its configuration, else the first organisation account that sees it and
// names none. Accounts that cannot log in are handled as by AskEach.
func (c *Console) Repositories(ctx context.Context) ([]Repository, error) {
	return c.repositories.get(ctx, repositoriesTTL, c.loadRepositories)
}

// SeenRepositories returns what Repositories last had from the console, and
// whether there was anything yet. It asks nothing.
func (c *Console) SeenRepositories() ([]Repository, bool) {
	seen := c.seen.Load()
	if seen == nil {
		return nil, false
	}
	return *seen, true
}

func (c *Console) loadRepositories(ctx context.Context) ([]Repository, error) {
	merged := map[string]*Repository{}
	var refusal, stranger error
	answered := false
	for _, a := range c.accounts {
		id, err := a.whoami(ctx)
		var list []scapi.Repository
		if err == nil {
			list, err = a.client.Repositories(ctx)
			a.note(ctx, err)
		} else {
			id.Kind = a.State().Kind
		}
		switch {
		case err == nil:
			answered = true
		case NotReadable(err):
			refusal = also(refusal, a.wrap(err))
			continue
		case id.Kind == scapi.Organization:
			return nil, a.wrap(err)
		default: // what an administrator or a stranger sees is only missed
			stranger = also(stranger, a.wrap(err))
			continue
		}
		for _, r := range list {
			c.merge(merged, a, id.Kind, r)
		}
	}
	if !answered {
		if stranger != nil {
			return nil, stranger
		}
		return nil, fmt.Errorf("%w: %w", ErrNotReadable, refusal)
	}
	all := make([]Repository, 0, len(merged))
	for _, r := range merged { // the type is known when all accounts have been asked
		if c.filter.selects(r.Repository) {
			all = append(all, *r)
		}
	}
	slices.SortFunc(all, func(a, b Repository) int { return scapi.CompareIDs(a.ID, b.ID) })
	c.seen.Store(&all)
	return all, nil
}

// merge adds what account a, of that kind, sees of repository r.
func (c *Console) merge(merged map[string]*Repository, a *Account, kind scapi.Kind, r scapi.Repository) {
	known := merged[r.ID]
	if known == nil {
		known = &Repository{Repository: r}
		merged[r.ID] = known
	} else {
		known.Repository = richer(known.Repository, r)
	}
	if kind == scapi.Organization && known.Reader == nil && c.mayRead(a, r.ID) {
		known.Reader = a
	}
}

// mayRead reports whether the configuration lets a read the repository:
// the account that names it has it for itself.
func (c *Console) mayRead(a *Account, id string) bool {
	if len(a.explicit) > 0 {
		return slices.Contains(a.explicit, id)
	}
	return !slices.ContainsFunc(c.accounts, func(other *Account) bool {
		return slices.Contains(other.explicit, id)
	})
}

// richer fills what a does not know from b. Accounts of different kinds are
// given different fields of the same repository.
func richer(a, b scapi.Repository) scapi.Repository {
	a.Name = cmp.Or(a.Name, b.Name)
	a.Type = cmp.Or(a.Type, b.Type)
	a.DataFormat = cmp.Or(a.DataFormat, b.DataFormat)
	if !a.IPs.Valid {
		a.IPs = b.IPs
	}
	if !a.Findings.Valid {
		a.Findings = b.Findings
	}
	if a.LastUpdate.IsZero() {
		a.LastUpdate = b.LastUpdate
	}
	if a.LastSync.IsZero() {
		a.LastSync = b.LastSync
	}
	return a
}

// Share is the part of the console's findings that one account reads.
type Share struct {
	Account      *Account
	Repositories []Repository
}

// Shares divides the repositories among the accounts that read them, in
// configuration order. The error wraps ErrNotReadable if there are none.
func (c *Console) Shares(ctx context.Context) ([]Share, error) {
	repositories, err := c.Repositories(ctx)
	if err != nil {
		return nil, err
	}
	var shares []Share
	for _, a := range c.accounts {
		s := Share{Account: a}
		for _, r := range repositories {
			if r.Reader == a {
				s.Repositories = append(s.Repositories, r)
			}
		}
		if len(s.Repositories) > 0 {
			shares = append(shares, s)
		}
	}
	if len(shares) == 0 {
		return nil, fmt.Errorf("%w: no organisation account reads any of the %d repositories", ErrNotReadable, len(repositories))
	}
	return shares, nil
}
