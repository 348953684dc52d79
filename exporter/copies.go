package exporter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/legible"
)

// suspect is a repository that looks like the copy of one of another console:
// it came from elsewhere, and has its name and about as many addresses. That is
// a hint and no proof, so that nothing follows from it by itself.
type suspect struct {
	held, original place
	name           string // of both; empty where names are hidden
}

// place is a repository of a console.
type place struct{ console, id string }

// String says what is suspected, and what to do about it.
func (s suspect) String() string {
	name := ""
	if s.name != "" {
		name = " " + s.name
	}
	return fmt.Sprintf("repository%s (%s) of console %s looks like a copy of repository %s of console %s: if it is, say so by repositories.same_as: [{id: %s, console: %s, repository: %s}] of %s",
		legible.Text(name, 80), s.held.id, s.held.console, s.original.id, s.original.console, s.held.id, s.original.console, s.original.id, s.held.console)
}

// closeNumbers is how far the addresses of a copy may be from those of its
// original, as a share: it is synchronised once a day or so.
const closeNumbers = 0.1

// copies returns the repositories that seem to be counted twice and are not said
// to be copies. It asks no console.
func (e *Exporter) copies() []suspect {
	type owned struct {
		place
		name      string
		addresses float64
		config    config.Console
	}
	locals := map[string][]owned{} // by name
	var held []owned
	for _, t := range e.all() {
		cfg := t.config()
		seen, _ := t.console.SeenRepositories()
		for _, r := range seen {
			n, known := r.IPs.Get()
			if r.Reader == nil || !known || n <= 0 { // it is in no count, or nothing can be compared
				continue
			}
			is := owned{place{cfg.Name, r.ID}, r.Name, float64(n), cfg}
			if key := strings.ToLower(r.Name); local(r) {
				locals[key] = append(locals[key], is)
			} else {
				held = append(held, is)
			}
		}
	}
	var found []suspect
	for _, h := range held {
		if slices.ContainsFunc(h.config.SameAs, func(s config.SameAs) bool { return s.ID == h.id }) {
			continue
		}
		name := h.name
		if slices.Contains(h.config.Redact, "repository") {
			name = ""
		}
		for _, o := range locals[strings.ToLower(h.name)] {
			if far := max(h.addresses, o.addresses) - min(h.addresses, o.addresses); o.console != h.console && far <= closeNumbers*max(h.addresses, o.addresses) {
				found = append(found, suspect{h.place, o.place, name})
			}
		}
	}
	return found
}

// local reports whether the console fills the repository by itself.
func local(r console.Repository) bool { return r.Type == "" || strings.EqualFold(r.Type, "local") }

// tellCopies logs what seems to be counted twice, once.
func (e *Exporter) tellCopies() {
	for _, c := range e.copies() {
		if _, said := e.told.LoadOrStore(c, true); !said {
			e.log.Warn("A repository seems to be counted twice", "console", c.held.console, "hint", c.String())
		}
	}
}
