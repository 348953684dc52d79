package config

import (
	"fmt"
	"slices"
)

// Owner is somebody who answers for hosts: those of some asset lists of one
// organisation.
type Owner struct {
	Name string
	// Consoles are the names of the consoles that have the lists; nil: all. It is
	// nil in the owners of a Console.
	Consoles []string
	// Account is the name of the account that the lists are asked through; empty:
	// the only one of a console of one organisation. Every console that has the
	// lists has one of that name.
	Account string
	Assets  []string // ids of asset lists, one at least
	SLA     []SLA    // the policies that the owner is held to, one at least
}

const (
	maxOwners      = 100
	maxOwnerAssets = 50
)

// readOwners reads the owners of hosts of these consoles.
func readOwners(v value, consoles []Console, policies []SLA) []Owner {
	var owners []Owner
	lines := make([]value, 0)
	for _, e := range v.atMost(maxOwners, v.list("a list of owners")) {
		o := readOwner(e.mapping("a mapping with name and assets"), consoles, policies)
		for i, other := range owners {
			if o.Name != "" && o.Name == other.Name && o.meets(other) {
				e.refuse(fmt.Sprintf("repeats the name %s of line %d", quote(o.Name), lines[i].line), "a different name for every owner of a console: one owner may have several lists")
				break
			}
		}
		owners, lines = append(owners, o), append(lines, e)
	}
	return owners
}

// meets reports whether a console has lists of both.
func (o Owner) meets(other Owner) bool {
	return o.Consoles == nil || other.Consoles == nil ||
		slices.ContainsFunc(o.Consoles, func(name string) bool { return slices.Contains(other.Consoles, name) })
}

func readOwner(m *mapping, consoles []Console, policies []SLA) Owner {
	m.printed.sparse = true
	var o Owner
	m.objectName(&o.Name, "an owner", "Its name in the label `owner`, by which Alertmanager finds the team. The same name may stand once more for other consoles.")
	m.consoles(&o.Consoles, "The consoles that have the lists: ids of lists differ from console to console. All where the list is empty.", consoles)
	account, hasAccount := m.text("account", &o.Account, "The account that the lists are asked through, by its name: one of the organisation that has them, whose repositories count. Every console of the owner needs one of that name. It may be left out where accounts of one organisation alone read findings.")
	if hasAccount && o.Account != "" {
		account.checkAccount(o.Account, o.Consoles, consoles)
	}
	assets, _ := m.texts("assets", "asset list ids", maxOwnerAssets, &o.Assets, "The asset lists whose hosts it owns. A host of several of them counts once. SecurityCenter 4 cannot be asked for several at once: give it one, which may combine others.", "a list of ids of asset lists", func(v value) (string, bool) {
		return v.id("the id of an asset list, a whole number such as 12")
	})
	if m.node != nil && (assets.node == nil || assets.void()) {
		m.refuse("owns nothing", "assets, the ids of asset lists")
	}
	var words, names []string
	for _, p := range policies {
		words = append(words, p.Name)
	}
	m.texts("sla", "names", 0, &names, "The policies under `sla` whose deadlines it is held to, by their names; the first one where the list is empty.", "a list of names of policies", func(v value) (string, bool) { return v.choice(words...) })
	for _, p := range policies {
		if slices.Contains(names, p.Name) || names == nil && o.SLA == nil {
			o.SLA = append(o.SLA, p)
		}
	}
	m.close()
	return o
}

// ownersOf are the owners of hosts of a console.
func ownersOf(all []Owner, console string) []Owner {
	var own []Owner
	for _, o := range all {
		if o.Consoles == nil || slices.Contains(o.Consoles, console) {
			o.Consoles = nil
			own = append(own, o)
		}
	}
	return own
}
