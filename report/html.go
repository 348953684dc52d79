package report

import (
	_ "embed" // the page
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/legible"
	"github.com/securitycenter-exporter/securitycenter_exporter/manual"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string

	// Names come from the console: html/template escapes them, text keeps them short
	// and in their place.
	page = template.Must(template.New("report").Funcs(template.FuncMap{
		"text":     text,
		"utc":      func(t time.Time) string { return t.UTC().Format(moment) },
		"css":      func() template.CSS { return template.CSS(pageCSS) }, //nolint:gosec // it is ours
		"runbook":  func(alert string) string { return document("runbooks.md") + "#" + strings.ToLower(alert) },
		"document": document,
	}).Parse(pageHTML))
)

// longest is how many letters a text may have.
const longest = 600

func text(s string) string { return legible.Text(s, longest) }

// document is where a document is on the web.
func document(name string) string { return manual.Project + "docs/" + name }

// WriteHTML writes the report as one page that needs nothing from elsewhere, and runs
// nothing.
func (r *Report) WriteHTML(w io.Writer) error { return page.Execute(w, r) }
