// Package manual shows the project's documents, which the binary holds, as web
// pages: for sites from which the project's own page cannot be reached. It needs
// nothing from elsewhere, no script and no picture.
package manual

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
)

// Project is where the documents, and what they name beside each other, are on
// the web.
const Project = "https://github.com/securitycenter-exporter/securitycenter_exporter/blob/main/"

// Manual is the documents as web pages.
type Manual struct {
	read func() (*shelf, error) // once, when somebody asks
}

// New returns the manual of a tree that has the documents where the project has
// them.
func New(tree fs.FS) *Manual {
	return &Manual{read: sync.OnceValues(func() (*shelf, error) { return read(tree) })}
}

// shelf is the documents in the order of the index.
type shelf struct {
	pages []*page
	plain map[string][]byte // files that are shown as they are, by name
}

// page is a document.
type page struct {
	Slug, Title string
	HTML        template.HTML
	Sections    []section
	source      string // path in the tree
}

// section is what stands under a heading.
type section struct {
	ID, Title string
	Level     int
	text      string // in lower case
}

// order is that of the index. Documents that it does not name come after them.
func order() []string {
	return []string{
		"README.md", "docs/install.md", "docs/usage.md", "docs/real-console.md", "docs/history.md", "docs/configuration.md", "docs/metrics.md", "docs/troubleshooting.md", "docs/runbooks.md",
		"alerts/README.md", "dashboards/README.md", "docs/security.md", "docs/performance.md", "docs/scaling.md", "docs/stability.md",
		"docs/design.md", "docs/tested.md", "docs/scctl.md", "docs/client.md", "CHANGELOG.md",
	}
}

// slugOf is the last part of the address of a document.
func slugOf(source string) string {
	folder, name := path.Split(source)
	if name == "README.md" && folder != "" {
		return strings.Trim(folder, "/")
	}
	return strings.ToLower(strings.TrimSuffix(name, ".md"))
}

func read(tree fs.FS) (*shelf, error) {
	var sources []string
	s := &shelf{plain: map[string][]byte{}}
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || entry.IsDir():
			return err
		case strings.HasSuffix(name, ".md"):
			sources = append(sources, name)
			return nil
		}
		s.plain[path.Base(name)], err = fs.ReadFile(tree, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the documents: %w", err)
	}
	rank := func(source string) int {
		if i := slices.Index(order(), source); i >= 0 {
			return i
		}
		return len(order())
	}
	slices.SortStableFunc(sources, func(a, b string) int { return rank(a) - rank(b) })
	known := map[string]string{}
	taken := map[string]bool{}
	for _, source := range sources {
		slug := slugOf(source)
		for taken[slug] { // as SECURITY.md and docs/security.md
			slug += "-2"
		}
		taken[slug], known[source] = true, slug
	}
	for name := range s.plain {
		known[name] = name
	}
	for _, source := range sources {
		text, err := fs.ReadFile(tree, source)
		if err != nil {
			return nil, fmt.Errorf("read the documents: %w", err)
		}
		p, err := render(source, text, known)
		if err != nil {
			return nil, fmt.Errorf("show %s: %w", source, err)
		}
		s.pages = append(s.pages, p)
	}
	return s, nil
}

//go:embed manual.html
var layout string

//go:embed manual.css
var css string

var pageTemplate = template.Must(template.New("manual").Parse(layout))

// shown is what a page of the manual says.
type shown struct {
	CSS    template.CSS
	Title  string
	Page   *page   // nil: the index
	Pages  []*page // of the index
	Query  string
	Hits   []hit
	Asked  bool
	Nobody bool // nothing is called so
}

// ServeHTTP shows the index at a path that ends with a slash, with what was
// searched for by the parameter q, and a document at its name below that.
func (m *Manual) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s, err := m.read()
	if err != nil {
		http.Error(w, "The documents cannot be shown.", http.StatusInternalServerError)
		return
	}
	name := strings.TrimSuffix(path.Base(r.URL.Path), ".md")
	if strings.HasSuffix(r.URL.Path, "/") {
		name = ""
	}
	if text, ok := s.plain[path.Base(r.URL.Path)]; ok && name != "" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write(text) // who has gone does not want it
		return
	}
	view := shown{CSS: template.CSS(css), Title: "Documentation", Pages: s.pages} //nolint:gosec // our own file
	if name == "" {
		view.Query = r.URL.Query().Get("q")
		view.Asked = strings.TrimSpace(view.Query) != ""
		view.Hits = s.search(view.Query)
	} else if view.Page = s.page(name); view.Page == nil {
		view.Nobody = true
	} else {
		view.Title = view.Page.Title
	}
	var body bytes.Buffer
	if err := pageTemplate.Execute(&body, view); err != nil {
		http.Error(w, "The document cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	if view.Nobody {
		w.WriteHeader(http.StatusNotFound)
	}
	_, _ = w.Write(body.Bytes()) // who has gone does not want it
}

// page returns the document of that name; nil if there is none.
func (s *shelf) page(slug string) *page {
	for _, p := range s.pages {
		if p.Slug == slug {
			return p
		}
	}
	return nil
}

// hit is a section that was searched for.
type hit struct{ Page, Title, Link string }

// mostHits bounds what a search shows.
const mostHits = 50

// search returns the sections that hold all of the words, those first whose
// headings do.
func (s *shelf) search(query string) []hit {
	words := strings.Fields(strings.ToLower(query))
	if len(words) == 0 {
		return nil
	}
	holds := func(text string) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
	}
	var first, then []hit
	for _, p := range s.pages {
		for _, section := range p.Sections {
			h := hit{p.Title, section.Title, p.Slug + "#" + url.PathEscape(section.ID)}
			switch {
			case holds(strings.ToLower(section.Title)):
				first = append(first, h)
			case holds(strings.ToLower(section.Title) + " " + section.text):
				then = append(then, h)
			}
		}
	}
	hits := slices.Concat(first, then)
	return hits[:min(len(hits), mostHits)]
}
