package config

import "slices"

// SameAs says that a repository is a copy of one that is scraped from its own
// console too, so that sums over consoles may leave the copy out.
type SameAs struct {
	ID         string // of the copy, on the console that has it
	Console    string // the name of the console that owns the original
	Repository string // id of the original there
}

const maxSameAs = 1000

// sameAsPlace is where an entry stands, which is checked when all consoles are
// known.
type sameAsPlace struct {
	console, repository value
	is                  SameAs
}

// readSameAs reads the copies among the repositories of a console.
func readSameAs(m *mapping) []sameAsPlace {
	v, _ := m.take("same_as", listKind("mappings", maxSameAs), "[]", "Repositories that are copies of those of another console of this file, such as `remote` ones. Both are counted, and `securitycenter_repository_same_as` marks the copy, so that sums over consoles can leave it out.")
	var places []sameAsPlace
	ids := map[string]value{}
	for _, e := range v.atMost(maxSameAs, v.list("a list of copies")) {
		entry := e.mapping("a mapping with id, console and repository")
		entry.printed.sparse = true
		var p sameAsPlace
		id, _ := setting(entry, "id", "id of a repository", &p.is.ID, "The copy, a repository of this console.", value.repositoryID)
		entry.needs(id, "the id of the copy")
		p.console, _ = entry.text("console", &p.is.Console, "The console that the original is on, by its name in this file. It is the copy of none itself.")
		entry.needs(p.console, "the name of the console that the original is on")
		p.repository, _ = setting(entry, "repository", "id of a repository", &p.is.Repository, "The id of the original there.", value.repositoryID)
		entry.needs(p.repository, "the id of the original there")
		entry.close()
		id.unique(ids, p.is.ID, "copy")
		places = append(places, p)
	}
	return places
}

// checkSameAs refuses copies of what is not there, or is a copy itself: nothing
// would be left of them in a sum.
func checkSameAs(consoles []Console, places []consolePlaces) {
	var names []string
	for _, c := range consoles {
		names = append(names, c.Name)
	}
	for i, at := range places {
		for _, p := range at.sameAs {
			of := slices.Index(names, p.is.Console)
			switch {
			case p.is.Console == "" || p.is.Repository == "": // refused already
			case of < 0 || of == i:
				p.console.refuse("is "+quote(p.is.Console), "the name of another console of this file")
			case slices.ContainsFunc(places[of].sameAs, func(other sameAsPlace) bool { return other.is.ID == p.is.Repository }):
				p.repository.refuse("is "+quote(p.is.Repository)+", which is a copy itself on console "+quote(p.is.Console), "the original, which is a copy of none")
			}
		}
	}
}
