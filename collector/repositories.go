package collector

import (
	"context"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var fromRepositories = Source{REST: "GET /repository", RPC: "repository::init", Cost: "1 request for each account"}

var (
	repositoriesInfo = &Family{
		Name:   "securitycenter_repository_info",
		Source: fromRepositories,
		Help:   "Repositories with their type (local, remote, offline) and data format; the value is 1. A label is empty where the console does not say.",
		Labels: []string{"repository_id", "repository", "type", "data_format"},
	}
	repositoriesAccessible = &Family{
		Name:   "securitycenter_repository_accessible",
		Source: fromRepositories,
		Help:   "Whether an organisation account reads the repository (1). With 0 its findings are missing from every count. Absent while an account that might read it has not been able to log in.",
		Labels: []string{"repository_id", "repository"},
	}
	repositoriesIPs = &Family{
		Name:   "securitycenter_repository_ips",
		Source: fromRepositories,
		Help:   "Addresses, agents or devices with data in the repository. Absent if the console does not say.",
		Labels: []string{"repository_id", "repository"},
	}
	repositoriesFindings = &Family{
		Name:   "securitycenter_repository_findings",
		Source: fromRepositories,
		Help:   "Records in the repository, informational and accepted ones included. Absent if the console does not say.",
		Labels: []string{"repository_id", "repository"},
	}
	repositoriesLastUpdate = &Family{
		Name:   "securitycenter_repository_last_update_timestamp_seconds",
		Source: fromRepositories,
		Help:   "Time when vulnerability data last arrived in the repository, in seconds since the epoch. Absent if never or unknown.",
		Labels: []string{"repository_id", "repository"},
	}
	repositoriesLastSync = &Family{
		Name:   "securitycenter_repository_last_sync_timestamp_seconds",
		Source: fromRepositories,
		Help:   "Time when a remote or offline repository was last synchronised, in seconds since the epoch. Absent if never or unknown.",
		Labels: []string{"repository_id", "repository"},
	}
	repositoriesSameAs = &Family{
		Name:   "securitycenter_repository_same_as",
		Source: fromRepositories,
		Help:   "Repositories that are copies of one that is scraped from its own console too, as repositories.same_as of the configuration says; the value is 1. Leave them out of sums over consoles. The labels name the instance and the repository of the original. Absent for all others.",
		Labels: []string{"repository_id", "repository", "same_instance", "same_repository_id"},
	}
)

// repositoriesCollector tells size and freshness of the repositories. REST GET
// /repository; RPC repository::init, asset::init.
func repositoriesCollector() *Collector {
	return &Collector{
		Name:     "repositories",
		Help:     "Size and freshness of the repositories, and whether an account reads them.",
		Interval: 15 * time.Minute,
		Default:  true,
		Account:  scapi.Administrator,
		Families: []*Family{repositoriesInfo, repositoriesAccessible, repositoriesIPs, repositoriesFindings, repositoriesLastUpdate, repositoriesLastSync, repositoriesSameAs},
		SameAs:   true,
		New:      stateless(loadRepositories),
	}
}

func loadRepositories(ctx context.Context, c *findings.Console, s Settings, m *Metrics) error {
	repositories, err := c.Repositories(ctx)
	return m.part("repositories", err, func() {
		for _, r := range repositories {
			m.Set(repositoriesInfo, 1, r.ID, r.Name, r.Type, r.DataFormat)
			if !r.Undecided {
				m.Set(repositoriesAccessible, OneIf(r.Reader != nil), r.ID, r.Name)
			}
			SetOpt(m, repositoriesIPs, r.IPs, r.ID, r.Name)
			SetOpt(m, repositoriesFindings, r.Findings, r.ID, r.Name)
			m.SetTime(repositoriesLastUpdate, r.LastUpdate, r.ID, r.Name)
			m.SetTime(repositoriesLastSync, r.LastSync, r.ID, r.Name)
			for _, same := range s.SameAs {
				if same.ID == r.ID {
					m.Set(repositoriesSameAs, 1, r.ID, r.Name, same.Console, same.Repository)
				}
			}
		}
	})
}
