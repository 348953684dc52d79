package collector

import (
	"context"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var usersByState = &Family{
	Name:   "securitycenter_users",
	Source: Source{REST: "GET /user", RPC: "user::init", Cost: "1 request for each account"},
	Help:   "Users that the configured accounts see, administrators and users of their organisations, by state: active or locked. Absent if the console does not tell who is locked.",
	Labels: []string{"state"},
}

// usersCollector counts the console's users. REST GET /user, RPC user::init.
func usersCollector() *Collector {
	return &Collector{
		Name:     "users",
		Help:     "Users of the console, and how many of them are locked.",
		Interval: time.Hour,
		Account:  scapi.Organization,
		Families: []*Family{usersByState},
		New:      stateless(loadUsers),
	}
}

func loadUsers(ctx context.Context, c *findings.Console, _ Settings, m *Metrics) error {
	var active, locked int
	count := func(u scapi.User) {
		switch {
		case u.Locked.Valid && u.Locked.Value:
			locked++
		case u.Locked.Valid:
			active++
		}
	}
	err := readEach(ctx, c, m, "users of organisations", allUsers, func(u scapi.User) string { return u.ID }, func(list []owned[scapi.User]) {
		for _, u := range list {
			count(u.object)
		}
	})
	if err != nil {
		return err
	}
	err = read(ctx, c, m, "administrators", scapi.Administrator, administrators, func(list []scapi.User) {
		for _, u := range list {
			count(u)
		}
	})
	if err != nil {
		return err
	}
	if active+locked > 0 {
		m.Set(usersByState, float64(active), "active")
		m.Set(usersByState, float64(locked), "locked")
	}
	return nil
}

func allUsers(client *scapi.Client, ctx context.Context) ([]scapi.User, error) { //nolint:revive // in the order of a method of the client
	return client.Users(ctx)
}

// administrators returns the administrators to one of them. Others see the
// users of their organisation instead, who are counted already.
func administrators(client *scapi.Client, ctx context.Context) ([]scapi.User, error) { //nolint:revive // in the order of a method of the client
	who, err := client.Whoami(ctx)
	if err != nil || who.Kind != scapi.Administrator {
		return nil, err
	}
	return client.Users(ctx)
}
