package manual

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// small is a tree with two documents and a file.
func small() fstest.MapFS {
	return fstest.MapFS{
		"README.md":          {Data: []byte("# The program\n\n![a picture](docs/images/a.png)\n\n[how](docs/how.md#b-c--d), [rules](alerts/README.md), [folder](alerts), [unit](deploy/x.service), [all](config.yml.example), [out](https://example.org/)\n")},
		"docs/how.md":        {Data: []byte("# How to\n\n## B c, `D`\n\nNothing.\n\n## B c  d\n\nSomething <script>alert(1)</script> about marmalade.\n\n| key | value |\n|---|---|\n| `a_b` | [home](../README.md) |\n\n```sh\ncommand --flag\n```\n\n## B c, `D`\n")},
		"alerts/README.md":   {Data: []byte("# Rules\n")},
		"config.yml.example": {Data: []byte("a: <b>\n")},
	}
}

func get(t *testing.T, m *Manual, path string) (int, string, http.Header) {
	t.Helper()
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body), w.Header()
}

func TestDocumentsAreShown(t *testing.T) {
	m := New(small())
	for _, x := range []struct {
		name, path string
		code       int
		has, lacks []string
	}{
		{"the index lists them in order", "/docs/", 200, []string{`<a href="readme">The program</a></li><li><a href="alerts">Rules</a></li><li><a href="how">How to</a>`}, nil},
		{"links lead to pages, and what has none to the web", "/docs/readme", 200, []string{
			`href="how#b-c--d"`, `href="alerts">rules`, `href="alerts">folder`, `href="` + Project + `deploy/x.service"`, `href="config.yml.example"`, `href="https://example.org/"`,
			"<em>Picture: a picture</em>",
		}, []string{"<img"}},
		{"headings have the ids of the web", "/docs/how", 200, []string{`<h2 id="b-c-d">`, `<h2 id="b-c--d">`, `<h2 id="b-c-d-1">`, `<a href="#b-c-d-1">`}, nil},
		{"HTML in a document is not passed on", "/docs/how", 200, []string{"about marmalade"}, []string{"<script"}},
		{"tables and code are", "/docs/how", 200, []string{"<td><code>a_b</code></td>", `<a href="readme">home</a>`, "command --flag"}, nil},
		{"the name of the file does as well", "/docs/how.md", 200, []string{"<h1 id=\"how-to\">"}, nil},
		{"a file is shown as it is", "/docs/config.yml.example", 200, []string{"a: <b>\n"}, []string{"<html"}},
		{"what is not there is said", "/docs/why", 404, []string{"No such document", `href="how"`}, nil},
		{"a search finds headings first", "/docs/?q=b+D", 200, []string{`<a href="how#b-c-d">B c, D</a>`}, nil},
		{"a search finds what stands below", "/docs/?q=MARMALADE", 200, []string{`<a href="how#b-c--d">B c  d</a> <small>How to</small>`}, []string{`"how#b-c-d">B`}},
		{"a search finds code", "/docs/?q=--flag", 200, []string{`how#b-c--d`}, nil},
		{"a search that finds nothing says so, and repeats it as text", "/docs/?q=%3Cb%3E", 200, []string{"Nothing holds all of the words “&lt;b&gt;”"}, []string{"<b>"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			code, body, header := get(t, m, x.path)
			if code != x.code {
				t.Errorf("%d, want %d", code, x.code)
			}
			for _, want := range x.has {
				if !strings.Contains(body, want) {
					t.Errorf("no %s in:\n%s", want, body)
				}
			}
			for _, not := range x.lacks {
				if strings.Contains(body, not) {
					t.Errorf("there is %s in:\n%s", not, body)
				}
			}
			if strings.Contains(body, "<html") && !strings.HasPrefix(header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("the page may load %q", header.Get("Content-Security-Policy"))
			}
		})
	}
}

// TestEveryLinkOfTheManualLeadsSomewhere follows all links of all documents of the
// project, as pages.
func TestEveryLinkOfTheManualLeadsSomewhere(t *testing.T) {
	s, err := read(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]map[string]bool{}
	for _, p := range s.pages {
		ids[p.Slug] = map[string]bool{"": true}
		for _, section := range p.Sections {
			ids[p.Slug][section.ID] = true
		}
	}
	link := regexp.MustCompile(`href="([^"]*)"`)
	followed := 0
	for _, p := range s.pages {
		if strings.HasPrefix(p.source, ".github/") {
			continue // templates, whose links start elsewhere
		}
		for _, m := range link.FindAllStringSubmatch(string(p.HTML), -1) {
			target := m[1]
			if file, ok := strings.CutPrefix(target, Project); ok {
				file, _, _ = strings.Cut(file, "#")
				if _, err := os.Stat("../" + file); err != nil {
					t.Errorf("%s links to %s: %v", p.source, file, err)
				}
				continue
			}
			if strings.Contains(target, ":") {
				continue // the rest of the web
			}
			followed++
			slug, id, _ := strings.Cut(target, "#")
			if slug == "" {
				slug = p.Slug
			}
			if _, file := s.plain[slug]; !file && !ids[slug][id] {
				t.Errorf("%s links to %s, which is not there", p.source, target)
			}
		}
	}
	if followed < 100 {
		t.Errorf("only %d links were followed", followed)
	}
}
