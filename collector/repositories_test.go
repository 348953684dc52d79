package collector_test

import (
	"slices"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestRepositoriesOfTheSameNameAreKeptApartByTheirIDs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		for _, id := range []string{"1", "2"} {
			name := series("securitycenter_repository_accessible", `repository="Default"`, `repository_id="`+id+`"`)
			if v, ok := e.load(t, "repositories")[name]; !ok || v != 1 {
				t.Errorf("%s is %v, %v", name, v, ok)
			}
		}
	})
}

func TestARepositoryOfNoOrganisationIsShownAsNotAccessible(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{UnassignedRepository: true})
		if n := e.load(t, "repositories").sum("securitycenter_repository_accessible"); n != 3 {
			t.Errorf("%v of 4 repositories are accessible, want 3", n)
		}
		if n := len(e.load(t, "vulnerabilities").of("securitycenter_hosts")); n != 3 {
			t.Errorf("%d repositories have hosts, want 3", n)
		}
	})
}

func TestACopyIsMarkedWithItsOriginalAndOneThatIsNotThereIsNot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			want := samples{sample("securitycenter_repository_same_as", "repository_id", "2", "repository", "Default", "same_instance", "branch", "same_repository_id", "7"): 1}
			diff(t, dialect.String(), want, export(t, sctest.Options{Dialect: dialect}).load(t, "repositories").of("securitycenter_repository_same_as"))
		}
	})
}

func recountRepositories(t *testing.T, e *exported, r *reckoning) {
	o := e.simulated.Options()
	o.Accounts, o.OwnObjects, o.Now = nil, false, nil // of these the repositories do not depend, but for who reads them
	want := export(t, o).load(t, "repositories").without("securitycenter_repository_accessible")
	for _, repository := range e.simulated.Repositories() {
		read := slices.ContainsFunc(r.findings, func(f *sctest.Finding) bool { return f.Host.Repository == repository.ID })
		want[sample("securitycenter_repository_accessible", "repository_id", repository.ID, "repository", repository.Name)] = collector.OneIf(read)
		want[sample("securitycenter_repository_ips", "repository_id", repository.ID, "repository", repository.Name)] = float64(repository.Hosts)
	}
	diff(t, "repositories", want, e.load(t, "repositories"))
}
