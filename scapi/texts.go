package scapi

import (
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// texts is several texts: an array, or one text with commas or line breaks
// between them. Blanks around them and empty ones are dropped.
type texts []string

// UnmarshalJSON never fails.
func (l *texts) UnmarshalJSON(b []byte) error {
	*l = nil
	var list wire.List[wire.Str]
	_ = wire.Decode(b, &list) // of another type: empty
	var text wire.Str
	if len(list.Items) == 0 && wire.Decode(b, &text) == nil {
		list.Items = append(list.Items, text)
	}
	for _, item := range list.Items {
		for _, entry := range strings.FieldsFunc(string(item), func(r rune) bool { return r == ',' || r == '\n' }) {
			if entry = strings.TrimSpace(entry); entry != "" {
				*l = append(*l, entry)
			}
		}
	}
	return nil
}
