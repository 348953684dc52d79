package manual

import (
	"bytes"
	"html/template"
	"path"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// render makes a page of a document. known are the pages by the path of their
// document.
func render(source string, markdown []byte, known map[string]string) (*page, error) {
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	root := md.Parser().Parse(text.NewReader(markdown), parser.WithContext(parser.NewContext(parser.WithIDs(&anchors{used: map[string]int{}}))))
	p := &page{Slug: known[source], source: source, Title: known[source]}
	var body strings.Builder // what stands under the latest heading
	end := func() {
		if n := len(p.Sections); n > 0 {
			p.Sections[n-1].text = strings.ToLower(body.String())
		}
		body.Reset()
	}
	var pictures []*ast.Image
	err := ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			end()
			title := plain(n, markdown)
			if n.Level == 1 {
				p.Title = title
			}
			id, _ := n.AttributeString("id")
			word, _ := id.([]byte)
			p.Sections = append(p.Sections, section{ID: string(word), Title: title, Level: n.Level})
		case *ast.Link:
			n.Destination = []byte(moved(source, string(n.Destination), known))
		case *ast.Image:
			pictures = append(pictures, n)
		case *ast.Text:
			body.Write(n.Segment.Value(markdown))
			body.WriteByte(' ')
		case *ast.FencedCodeBlock:
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				body.Write(line.Value(markdown))
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return nil, err
	}
	end()
	for _, picture := range pictures { // there are none in the binary
		words := ast.NewEmphasis(1)
		words.AppendChild(words, ast.NewString([]byte("Picture: "+plain(picture, markdown))))
		picture.Parent().ReplaceChild(picture.Parent(), picture, words)
	}
	var b bytes.Buffer
	if err := md.Renderer().Render(&b, markdown, root); err != nil {
		return nil, err
	}
	p.HTML = template.HTML(b.String()) //nolint:gosec // our own documents, in which HTML is not passed on
	return p, nil
}

// moved is where a link of a document leads from its page.
func moved(source, link string, known map[string]string) string {
	if link == "" || strings.HasPrefix(link, "#") || strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
		return link
	}
	target, anchor, hasAnchor := strings.Cut(link, "#")
	target = path.Join(path.Dir(source), target)
	if slug, ok := known[target]; ok {
		target = slug
	} else if slug, ok := known[path.Join(target, "README.md")]; ok {
		target = slug
	} else {
		target = Project + target
	}
	if hasAnchor {
		target += "#" + anchor
	}
	return target
}

// plain is the text of a node without its marks.
func plain(n ast.Node, markdown []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // which fails only if this does
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(markdown))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// anchors makes the ids of headings as the project's page on the web does, so that
// links hold in both places.
type anchors struct{ used map[string]int }

// Generate implements parser.IDs.
func (a *anchors) Generate(heading []byte, _ ast.NodeKind) []byte {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(string(heading))) {
		switch {
		case unicode.IsLetter(r), unicode.IsNumber(r), r == '-', r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	id := b.String()
	n := a.used[id]
	a.used[id]++
	if n > 0 {
		id += "-" + strconv.Itoa(n)
	}
	return []byte(id)
}

// Put implements parser.IDs.
func (a *anchors) Put(id []byte) { a.used[string(id)]++ }
