package report

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// WriteMarkdown writes the report without its charts. Nothing that comes from a
// console is taken for markup.
func (r *Report) WriteMarkdown(w io.Writer) error {
	m := &markdown{}
	for _, c := range r.Classifications() {
		m.printf("**%s**\n\n", literal(c))
	}
	m.printf("# Security Center: where we stand\n\nAs of %s. Change: %d d.\n", literal(r.Now.UTC().Format(moment)), r.Days)
	if r.Overview != nil {
		m.printf("\n**%s.** The consoles one by one are below.\n", r.Belief())
		m.table(r.Overview)
	}
	for _, c := range r.Consoles {
		m.printf("\n## %s\n", literal(c.Name))
		if c.About != "" {
			m.printf("\n%s\n", paragraph(c.About))
		}
		m.verdict(c)
		for _, s := range c.Sections {
			m.printf("\n### %s\n", literal(s.Title))
			for _, b := range s.Blocks {
				if b.Text != "" {
					m.printf("\n%s\n", paragraph(b.Text))
				}
				if b.Table != nil {
					m.table(b.Table)
				}
			}
		}
	}
	m.printf("\n---\n\n%s. The numbers are those of the exporter's metrics, of which [docs/metrics.md](%s) says what each counts; a dash stands for what is not told. "+
		"Limits are those of alerts/limits.yml as they are shipped.\n", paragraph(r.Generator), document("metrics.md"))
	_, err := io.WriteString(w, m.String())
	return err
}

type markdown struct{ strings.Builder }

func (m *markdown) printf(format string, a ...any) { fmt.Fprintf(m, format, a...) }

func (m *markdown) verdict(c Part) {
	m.printf("\n**%s.**", c.Belief)
	if len(c.Reasons) == 0 {
		m.printf(" Nothing speaks against them.\n")
		return
	}
	m.printf("\n\n")
	for _, r := range c.Reasons {
		m.printf("* **%s**. %s *What to do:* %s", literal(r.What), literal(r.Means), literal(r.Do))
		if r.Alert != "" {
			m.printf(" [%s](%s#%s)", r.Alert, document("runbooks.md"), strings.ToLower(r.Alert))
		}
		m.printf("\n")
	}
}

// table writes a table; its caption in a line of its own.
func (m *markdown) table(t *table) {
	m.printf("\n*%s*\n\n|", literal(t.Caption))
	for _, c := range t.Columns {
		m.printf(" %s |", literal(c.Name))
	}
	m.printf("\n|")
	for _, c := range t.Columns {
		if c.Numbers {
			m.printf("---:|")
		} else {
			m.printf("---|")
		}
	}
	for _, row := range t.Rows {
		m.printf("\n|")
		for _, c := range row {
			mark := map[string]string{"warn": "! ", "bad": "✗ "}[c.Class]
			m.printf(" %s%s |", mark, literal(c.Text))
		}
	}
	m.printf("\n")
}

// entities stand for what begins HTML or calls somebody.
var entities = map[rune]string{'&': "&amp;", '<': "&lt;", '>': "&gt;", '@': "&#64;"}

// literal is a text on one line in which nothing is markup, nor made a link of by
// itself. Only what may be taken for some is escaped, so that numbers stay readable.
func literal(s string) string {
	var b strings.Builder
	runes := []rune(strings.TrimSpace(text(s))) // blanks at an end would undo emphasis
	for i, r := range runes {
		next := ' '
		if i+1 < len(runes) {
			next = runes[i+1]
		}
		before := strings.ToLower(string(runes[max(0, i-3):i]))
		switch {
		case entities[r] != "":
			b.WriteString(entities[r])
			continue
		case strings.ContainsRune("\\`*_[]|~$", r),
			r == ':' && next != ' ' && (next < '0' || next > '9'), // https://, mailto:, :x:
			r == '.' && before == "www":
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// blockMark is what makes a list, a heading or a rule at the beginning of a line.
var blockMark = regexp.MustCompile(`^([0-9]*)([-+#=.)])`)

// paragraph is a literal text that begins a line.
func paragraph(s string) string { return blockMark.ReplaceAllString(literal(s), `$1\$2`) }
