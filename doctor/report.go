package doctor

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
)

// Result is how a check ended.
type Result string

// The results, from the best to the worst.
const (
	OK      Result = "ok"
	Unknown Result = "unknown" // it could not be found out
	Limited Result = "limited" // something is missing, and what there is is right
	Wrong   Result = "wrong"   // something contradicts itself, or does not work
)

// Check is one thing that was looked at.
type Check struct {
	ID     string `json:"id"` // stable: "identity.one_row"; of an account or a call: "account.1.login"
	Area   string `json:"area"`
	Name   string `json:"name"` // what was looked at, without names of the site
	Result Result `json:"result"`
	Found  string `json:"found"`           // with names
	Means  string `json:"means,omitempty"` // for which metrics; of a check that is not ok
	Do     string `json:"do,omitempty"`    // what helps
	public string // Found without names, and with numbers as orders of magnitude
}

// Report is what was found out about one console.
type Report struct {
	Console string  `json:"console,omitempty"`
	Version string  `json:"version"`
	Dialect string  `json:"dialect"`
	Public  bool    `json:"public,omitempty"` // nothing of the site is in it
	Checks  []Check `json:"checks"`
}

// Wrong reports whether a check found something wrong.
func (r *Report) Wrong() bool {
	return slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Result == Wrong })
}

// Check returns the check of that id; one without a result where there is none.
func (r *Report) Check(id string) Check {
	for _, c := range r.Checks {
		if c.ID == id {
			return c
		}
	}
	return Check{}
}

// Publish returns the report without names, addresses, secrets, and numbers beyond their order of magnitude.
func (r *Report) Publish() *Report {
	p := &Report{Version: harmlessVersion(r.Version), Dialect: r.Dialect, Public: true}
	for _, c := range r.Checks {
		c.Found = c.public
		p.Checks = append(p.Checks, c)
	}
	return p
}

// plainVersion is what versions of the product look like. Four numbers may be an address.
var plainVersion = regexp.MustCompile(`^\d{1,3}(\.\d{1,4}){1,2}$`)

// harmlessVersion is a version, or nothing where the console says something else in its place.
func harmlessVersion(version string) string {
	if plainVersion.MatchString(version) {
		return version
	}
	return ""
}

// Summary counts the checks by result.
func (r *Report) Summary() string {
	n := map[Result]int{}
	for _, c := range r.Checks {
		n[c.Result]++
	}
	return fmt.Sprintf("%d ok, %d limited, %d wrong, %d unknown", n[OK], n[Limited], n[Wrong], n[Unknown])
}

// about names the console.
func (r *Report) about() string {
	version := cmp.Or(r.Version, "of unknown version")
	if r.Console == "" {
		return fmt.Sprintf("Security Center %s (%s)", version, cmp.Or(r.Dialect, "unknown protocol"))
	}
	return fmt.Sprintf("%s: Security Center %s (%s)", r.Console, version, cmp.Or(r.Dialect, "unknown protocol"))
}

// WriteText writes a table for a terminal, and below it what everything that is not ok means.
func (r *Report) WriteText(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "%s\n%s\n\n", printable(r.about()), r.Summary()); err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range r.Checks {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", strings.ToUpper(string(c.Result)), c.Area, c.Name, printable(cut(c.Found, 160)))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, c := range r.Checks {
		if c.Result == OK {
			continue
		}
		_, err := fmt.Fprintf(w, "\n%s  %s: %s\n  found: %s\n  means: %s\n  do:    %s\n", strings.ToUpper(string(c.Result)), c.Area, c.Name, printable(c.Found), c.Means, c.Do)
		if err != nil {
			return err
		}
	}
	return nil
}

// WriteMarkdown writes the report as a table, to be pasted into an issue.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n%s\n\n| result | area | check | found | means | do |\n|---|---|---|---|---|---|\n", cell(r.about()), r.Summary())
	for _, c := range r.Checks {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", c.Result, c.Area, cell(c.Name), cell(c.Found), cell(c.Means), cell(c.Do))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteJSON writes reports as one array.
func WriteJSON(w io.Writer, reports []*Report) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(reports)
}

// Write writes reports in a format: table, md or json.
func Write(w io.Writer, format string, reports []*Report) error {
	if format == "json" {
		return WriteJSON(w, reports)
	}
	for i, r := range reports {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		write := r.WriteText
		if format == "md" {
			write = r.WriteMarkdown
		}
		if err := write(w); err != nil {
			return err
		}
	}
	return nil
}

// cell is a text in a table of Markdown.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "`", "'", "@", "&#64;").Replace(printable(s))
}

// printable is a text on one line, without what may do something to a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
}

func cut(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most-1]) + "…"
}

// magnitude is a number that tells no more than how large it is: 0, 1-9, 10-99, …
func magnitude(n int64) string {
	if n <= 0 {
		return "0"
	}
	low := int64(1)
	for n/10 >= low {
		low *= 10
	}
	return fmt.Sprintf("%d-%d", low, low*10-1)
}

// WritePublic writes the reports to a file as Markdown, without anything of the site. An empty name writes nothing.
func WritePublic(file string, reports []*Report) error {
	if file == "" {
		return nil
	}
	var text bytes.Buffer
	for _, r := range reports {
		if err := r.Publish().WriteMarkdown(&text); err != nil {
			return err
		}
		text.WriteByte('\n')
	}
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
