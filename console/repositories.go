package console

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// repositoriesTTL is how long the merged list of repositories is kept, unless a
// context wants it fresher.
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
	// Undecided: no account reads it, but one that might has not been able to
	// log in.
	Undecided bool
}

// repositories is the merged list of all accounts.
type repositories struct {
	list []Repository
	// strangers is why accounts of unknown kind could not log in, if any.
	strangers error
	readers   bool                  // an organisation account has answered
	admins    bool                  // an administrator has answered
	seen      map[*Account][]string // ids, chosen or not
	leftOut   map[string]bool       // ids that the configuration does not choose
}

// Repositories merges what all accounts see, in the order of the ids. Every
// repository is read through exactly one account: the one that names it in
// its configuration, else the first organisation account that sees it and
// names none. Accounts that cannot log in are handled as by AskEach; the error is
// Incomplete, beside a list, where one of them might be the administrator. The
// list is as old as WithReuse allows, and at most a minute.
func (c *Console) Repositories(ctx context.Context) ([]Repository, error) {
	all, err := c.allRepositories(ctx)
	if err == nil && all.strangers != nil && !all.admins {
		err = &Incomplete{err: all.strangers}
	}
	return all.list, err
}

// LeftOut returns the ids of the repositories that the configuration does not
// choose, of those that any account sees.
func (c *Console) LeftOut(ctx context.Context) (map[string]bool, error) {
	all, err := c.allRepositories(ctx)
	return all.leftOut, err
}

// ShareOf returns the repositories that the account sees, that the
// configuration chooses and that some account reads: what questions about objects
// of the account's organisation are asked over.
func (c *Console) ShareOf(ctx context.Context, a *Account) (Share, error) {
	all, err := c.allRepositories(ctx)
	share := Share{Account: a}
	for _, r := range all.list {
		if r.Reader != nil && slices.Contains(all.seen[a], r.ID) {
			share.Repositories = append(share.Repositories, r)
		}
	}
	return share, err
}

func (c *Console) allRepositories(ctx context.Context) (repositories, error) {
	fresh := false
	load := func(ctx context.Context) (repositories, error) {
		fresh = true
		return c.loadRepositories(ctx)
	}
	all, err := c.repositories.Get(ctx, struct{}{}, reuseWithin(ctx, repositoriesTTL), load)
	if err == nil && all.strangers != nil && !fresh { // as soon as they can log in, they count
		return c.repositories.Get(ctx, struct{}{}, 0, load)
	}
	return all, err
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

func (c *Console) loadRepositories(ctx context.Context) (all repositories, err error) {
	merged := map[string]*Repository{}
	all.seen, all.leftOut = map[*Account][]string{}, map[string]bool{}
	var refusals, failures, strangers []error
	var unknown []*Account
	answered := false
	for _, a := range c.accounts {
		id, err := a.whoami(ctx)
		var list []scapi.Repository
		if err == nil {
			list, err = Call(ctx, a, (*scapi.Client).Repositories)
			for i := range list {
				list[i].Raw = nil // it would keep the whole answer in memory
			}
		} else {
			id.Kind = a.State().Kind
		}
		switch {
		case err == nil:
			answered = true
			all.readers = all.readers || id.Kind == scapi.Organization
			all.admins = all.admins || id.Kind == scapi.Administrator
		case NotReadable(err):
			refusals = append(refusals, a.Wrap(err))
		case id.Kind == scapi.Organization:
			return repositories{}, a.Wrap(err)
		case id.Kind == scapi.UnknownKind:
			strangers, unknown = append(strangers, a.Wrap(err)), append(unknown, a)
		default: // what an administrator sees is only missed
			failures = append(failures, a.Wrap(err))
		}
		for _, r := range list {
			c.merge(merged, a, id.Kind, r)
			all.seen[a] = append(all.seen[a], r.ID)
		}
	}
	if !answered {
		if failure := errlist.Join(append(strangers, failures...)...); failure != nil {
			return repositories{}, failure
		}
		return repositories{}, fmt.Errorf("%w: %w", ErrNotReadable, errlist.Join(refusals...))
	}
	for _, r := range merged { // the type is known when all accounts have been asked
		if !c.filter.selects(r.Repository) {
			all.leftOut[r.ID] = true
		} else {
			r.Undecided = r.Reader == nil && slices.ContainsFunc(unknown, func(a *Account) bool { return c.mayRead(a, r.ID) })
			all.list = append(all.list, *r)
		}
	}
	slices.SortFunc(all.list, func(a, b Repository) int { return scapi.CompareIDs(a.ID, b.ID) })
	all.strangers = errlist.Join(strangers...)
	c.seen.Store(&all.list)
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
	if !a.KeptActive.Valid {
		a.KeptActive = b.KeptActive
	}
	if !a.KeptMitigated.Valid {
		a.KeptMitigated = b.KeptMitigated
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

// IDs returns the ids of the share's repositories.
func (s Share) IDs() []string {
	ids := make([]string, len(s.Repositories))
	for i, r := range s.Repositories {
		ids[i] = r.ID
	}
	return ids
}

// Shares divides the repositories among the accounts that read them, in
// configuration order. Where there are none, the error is why an account that
// might read some could not log in, and else wraps ErrNotReadable.
func (c *Console) Shares(ctx context.Context) ([]Share, error) {
	all, err := c.allRepositories(ctx)
	if err != nil {
		return nil, err
	}
	var shares []Share
	for _, a := range c.accounts {
		s := Share{Account: a}
		for _, r := range all.list {
			if r.Reader == a {
				s.Repositories = append(s.Repositories, r)
			}
		}
		if len(s.Repositories) > 0 {
			shares = append(shares, s)
		}
	}
	switch {
	case len(shares) > 0:
		return shares, nil
	case all.strangers != nil && !all.readers:
		return nil, all.strangers
	}
	return nil, fmt.Errorf("%w: no organisation account reads any of the %d repositories", ErrNotReadable, len(all.list))
}
