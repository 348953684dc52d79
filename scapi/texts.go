package scapi

import (
	"net/netip"
	"regexp"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// texts is several texts: an array, or one text with commas or line breaks
// between them. Blanks around them are dropped, and what stands for none.
type texts []string

// UnmarshalJSON never fails.
func (l *texts) UnmarshalJSON(b []byte) error {
	*l = several(b, func(r rune) bool { return r == ',' || r == '\n' })
	return nil
}

// breaks writes the line breaks of rows, which are HTML, as those of other answers.
var breaks = strings.NewReplacer("<br/>", "\n", "<br />", "\n", "<br>", "\n", "<BR/>", "\n", "<BR>", "\n")

func several(b []byte, between func(rune) bool) []string {
	var list wire.List[wire.Str]
	_ = wire.Decode(b, &list) // of another type: empty
	var text wire.Str
	if len(list.Items) == 0 && wire.Decode(b, &text) == nil {
		list.Items = append(list.Items, text)
	}
	var all []string
	for _, item := range list.Items {
		all = appendTexts(all, string(item), between)
	}
	return all
}

// severalIn is several of the next value.
func severalIn(in *wire.Reader, between func(rune) bool) []string {
	if in.Kind() == '"' {
		return appendTexts(nil, string(in.Text()), between)
	}
	return several(in.Value(), between)
}

func appendTexts(all []string, text string, between func(rune) bool) []string {
	for entry := range strings.FieldsFuncSeq(breaks.Replace(text), between) {
		if entry = known(strings.TrimSpace(entry)); entry != "" {
			all = append(all, entry)
		}
	}
	return all
}

// known is a text, or "" for what consoles write where they know none.
func known(text string) string {
	if unknown(text) {
		return ""
	}
	return text
}

func unknown(text string) bool { return text == "-1" || strings.EqualFold(text, "n/a") }

// address is the text of an IP address, or "" for what is none.
func address(text string) string {
	text = strings.TrimSpace(text)
	if _, err := netip.ParseAddr(text); err != nil {
		return ""
	}
	return text
}

// hashed is how rows of 6.x spell a cross reference: CWE #200.
var hashed = regexp.MustCompile(`^([\pL\pN_.-]+) ?#(\S.*)$`)

// crossReference is a reference as plugins spell it: CWE:200.
func crossReference(text string) string {
	if !strings.Contains(text, "#") {
		return text
	}
	return hashed.ReplaceAllString(text, "$1:$2")
}
