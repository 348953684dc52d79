package report

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	gfm "github.com/yuin/goldmark/extension/ast"
	gmtext "github.com/yuin/goldmark/text"
	"golang.org/x/net/html"
)

// hostile are names that somebody gives an object of the console, or that a console
// says of itself.
var hostile = []string{
	`</script><img src=x onerror=alert(1)>`, `</td></tr></table><script>alert(1)</script>`, `" onmouseover="alert(1)`, `</style></title><svg/onload=alert(1)>`,
	`](javascript:alert(1))`, `[x](javascript:alert(1)) ![y](https://example.org/y.png)`, `https://example.org/x www.example.org a@example.org`, `<https://example.org>`,
	"a|b|c", "a\n\n# b\n\n* c\n\n| d | e |\n|---|---|\n| f | g |", "a\r\n```\nb", "`a` **b** __c__ ~~d~~ *e", "| --- |", "\u202egnp.exe\u2066\u200f", "\x00\x1b[31m\x7f\u2028",
	`\`, `a\|b`, `{{.Name}} ${x} &lt;img&gt; &#60;b&#62;`, "- a", "1. a", "    a", "---", strings.Repeat("W", 2000), strings.Repeat("漢", 700),
}

// called is a console of which every text that somebody else has written is name.
func called(name string) Console {
	same := func(string) string { return name }
	w := sound(same)
	w.set("securitycenter_account_up", 0, "account", name)
	w.set("securitycenter_check_ok", 0, "check", name)
	w.set("securitycenter_repository_accessible", 0, "repository_id", "2", "repository", name)
	w.set("securitycenter_scanner_usable", 0, "scanner_id", "1", "scanner", name)
	w.set("securitycenter_scanner_status", 1, "scanner_id", "1", "scanner", name, "status", name)
	w.set("securitycenter_zone_scanners_active", 0, "zone_id", "1", "zone", name)
	w.set("securitycenter_scan_last_success", 0, "organization_id", "1", "scan_id", "4", "scan", name)
	w.set("securitycenter_collector_success", 0, "collector", "risk")
	w.set("securitycenter_feed_stale", 1, "feed", name)
	return Console{
		Name: name, Families: w.families(), Failures: []Said{{"risk", name}}, Missing: []Said{{name, name}},
		Fixes: []Fix{{Plugin: name, Name: name, Solution: name, Hosts: 1, Findings: 2, Share: 3, Cumulative: 3}}, FixesErr: errors.New(name), PastErr: errors.New(name),
	}
}

// elements is the structure of a page: elements, attributes and their values, but not
// those that are words for people.
func elements(t *testing.T, page string) (all []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			one := n.Namespace + ":" + n.Data
			for _, a := range n.Attr {
				value := a.Val
				if a.Key == "aria-label" {
					value = "words"
				}
				one += fmt.Sprintf(" %s=%q", a.Key, value)
			}
			all = append(all, one)
		case html.CommentNode, html.ErrorNode:
			all = append(all, "a comment or an error: "+n.Data)
		}
	}
	return all
}

// blocks is the structure of a Markdown document as GitHub reads it.
func blocks(t *testing.T, page string) (all []string) {
	t.Helper()
	source := []byte(page)
	root := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(gmtext.NewReader(source))
	err := ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text, *ast.String:
		case *ast.Link:
			all = append(all, "link to "+string(n.Destination))
		case *gfm.TableCell:
			all = append(all, "cell")
		default:
			all = append(all, n.Kind().String())
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestHostileNamesAreNamesAndNothingElse(t *testing.T) {
	t.Parallel()
	harmlessHTML, harmlessMarkdown := written(t, made(t, called("harmless")))
	wantElements, wantBlocks := elements(t, harmlessHTML), blocks(t, harmlessMarkdown)
	if len(wantElements) < 400 || len(wantBlocks) < 400 {
		t.Fatalf("%d elements and %d blocks: that is no report", len(wantElements), len(wantBlocks))
	}
	for i, name := range hostile {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			page, markdown := written(t, made(t, called(name)))
			if diff := cmp.Diff(wantElements, elements(t, page)); diff != "" {
				t.Errorf("%q makes other HTML:\n%s", name, diff)
			}
			if diff := cmp.Diff(wantBlocks, blocks(t, markdown)); diff != "" {
				t.Errorf("%q makes other Markdown:\n%s", name, diff)
			}
			for what, text := range map[string]string{"HTML": page, "Markdown": markdown} {
				if at := strings.IndexFunc(text, func(r rune) bool {
					return r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028'
				}); at >= 0 {
					t.Errorf("%q leaves %q in %s", name, text[at:at+3], what)
				}
			}
		})
	}
}

// The page asks for nothing: no script, no picture, nothing from elsewhere but links
// that somebody follows.
func TestThePageNeedsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	page, _ := written(t, made(t, called("harmless")))
	for _, e := range elements(t, page) {
		name, attributes, _ := strings.Cut(e, " ")
		switch name {
		case ":script", ":img", ":link", ":iframe", ":object", ":embed", ":form", ":base", ":video", ":audio", "svg:image", "svg:use", "svg:a", "svg:foreignObject":
			t.Errorf("there is %s", e)
		case ":a":
			if !strings.HasPrefix(attributes, `href="https://github.com/securitycenter-exporter/securitycenter_exporter/blob/main/docs/`) {
				t.Errorf("there is %s", e)
			}
		default:
			if strings.Contains(attributes, "href=") || strings.Contains(attributes, "src=") || strings.Contains(attributes, " on") || strings.Contains(attributes, "style=") {
				t.Errorf("there is %s", e)
			}
		}
	}
	if !strings.Contains(page, `http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline';`) || strings.Contains(pageCSS, "url(") || strings.Contains(pageCSS, "@import") {
		t.Error("the page may ask for something")
	}
}
