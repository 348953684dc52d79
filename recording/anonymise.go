package recording

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/conceal"
)

// Keep says what is not replaced, for those who may give it away. Secrets always are left out.
type Keep struct {
	Names bool // of repositories, scans, scanners, zones and all other objects
	Hosts bool // addresses and names of hosts
	Users bool // users and people
	Texts bool // of plugins and of messages
}

// Options say how a recording is made of what was seen.
type Options struct {
	Keep  Keep
	Shift time.Duration // added to every time; 0: times stay
	// Mask takes known secrets out of a text; nil: there are none. It is asked about texts that would be kept.
	Mask func(string) string
}

// anonymiser replaces what is somebody's in requests and answers.
type anonymiser struct {
	o       Options
	shift   int64
	names   *pseudonyms
	theirs  map[string]bool // texts that were replaced, and their words, lower case: none of them is the product's
	request map[string]bool // words of the product in the request that is being answered
	// listening: texts are gathered in theirs and nothing is kept of what is written.
	listening bool
	stands    map[place]remembered // what texts and names of fields become
}

func newAnonymiser(o Options) (*anonymiser, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	if o.Mask == nil {
		o.Mask = func(s string) string { return s }
	}
	return &anonymiser{o: o, shift: int64(o.Shift / time.Second), names: newPseudonyms(key), theirs: map[string]bool{}, stands: map[place]remembered{}}, nil
}

// where is the place of a value: the name of its field and of the object around it, lower case.
type where struct{ field, object string }

// below is the place of a field of this name. Lists are transparent.
func (w where) below(name string) where {
	return where{field: strings.ToLower(name), object: w.field}
}

// place is a text and where it stands.
type place struct {
	text string
	at   where
}

// remembered is what stands for a text, as JSON, as long as no more texts are known to be somebody's.
type remembered struct {
	json   []byte
	theirs int
}

// once is what a function says stands for a text in a place.
func (a *anonymiser) once(p place, of func() string) []byte {
	if r, ok := a.stands[p]; ok && r.theirs == len(a.theirs) {
		return r.json
	}
	b := quoted(of())
	a.stands[p] = remembered{json: b, theirs: len(a.theirs)}
	return b
}

func quoted(text string) []byte {
	b, _ := json.Marshal(text) // a text always can be
	return b
}

// json rewrites a JSON text: its structure, its types and the order of its fields stay.
func (a *anonymiser) json(text []byte) ([]byte, error) {
	in := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	out, err := a.value(in, make([]byte, 0, len(text)), where{})
	if err != nil {
		return nil, err
	}
	if _, err := in.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("more than one value")
	}
	return out, nil
}

func (a *anonymiser) value(in *jsontext.Decoder, out []byte, at where) ([]byte, error) {
	token, err := in.ReadToken()
	if err != nil {
		return out, err
	}
	switch token.Kind() {
	case '{', '[':
		return a.composite(in, append(out, byte(token.Kind())), at)
	case '"':
		return append(out, a.text(token.String(), at)...), nil
	case '0':
		return append(out, a.number(token.String(), at)...), nil
	}
	return append(out, token.String()...), nil
}

// composite rewrites an object or a list that has begun.
func (a *anonymiser) composite(in *jsontext.Decoder, out []byte, at where) ([]byte, error) {
	for first := true; ; first = false {
		switch end := in.PeekKind(); end {
		case '}', ']':
			_, err := in.ReadToken()
			return append(out, byte(end)), err
		}
		if !first {
			out = append(out, ',')
		}
		below := at
		if kind, _ := in.StackIndex(in.StackDepth()); kind == '{' {
			token, err := in.ReadToken()
			if err != nil {
				return out, err
			}
			name := token.String()
			below = at.below(name)
			out = append(append(out, a.key(name)...), ':')
		}
		var err error
		if out, err = a.value(in, out, below); err != nil {
			return out, err
		}
	}
}

func (a *anonymiser) number(text string, at where) string {
	switch {
	case conceal.SecretName(at.field):
		return "0"
	case personal[at.field] && !a.keeps(at):
		a.heard(text)
		return "0"
	}
	return a.shifted(text, at)
}

// key is the name of a field, as JSON: what a programmer wrote, or an id. Some objects are keyed by names.
func (a *anonymiser) key(name string) []byte {
	return a.once(place{text: name, at: where{field: "\x00"}}, func() string { return a.named(name) })
}

// named is what stands for the name of a field.
func (a *anonymiser) named(name string) string {
	switch {
	case numeric.MatchString(name), known[name], knownField(strings.ToLower(name)):
		return name
	case identifier.MatchString(name) && a.harmless(name):
		return name
	}
	return a.address(name, where{}, func() string { return a.replaced(name) })
}

// text is what stands for a text, as JSON.
func (a *anonymiser) text(s string, at where) []byte {
	if messageFields[at.field] { // what stays of it depends on the request
		return quoted(a.worded(s, at))
	}
	return a.once(place{text: s, at: at}, func() string { return a.worded(s, at) })
}

// worded is what stands for a text.
func (a *anonymiser) worded(s string, at where) string {
	switch field := at.field; {
	case s == "":
		return s
	case conceal.SecretName(field) && s != "true" && s != "false":
		return ""
	case flags[s], values[s] && field == "value":
		return s
	case messageFields[field]:
		if a.o.Keep.Texts {
			return a.o.Mask(s)
		}
		return a.message(s)
	case personal[field] && !wordObjects[at.object]:
		return a.somebodys(s, at)
	case numeric.MatchString(s), numbers.MatchString(s):
		return a.shifted(s, at)
	case known[s] && !hostFields[field]:
		return s
	case versionFields[field] && isVersion(s) && a.harmless(s):
		return s
	case listFields[field] && idList.MatchString(s):
		return s
	case field == "filtername" && identifier.MatchString(s) && a.harmless(s):
		return s
	case (wordFields[field] || field == "name" && wordObjects[at.object]) && word.MatchString(s) && a.harmless(s):
		return s
	}
	return a.somebodys(s, at)
}

// keeps reports whether a text in this place is kept because somebody may give it away.
func (a *anonymiser) keeps(at where) bool {
	k := a.o.Keep
	switch {
	case hostFields[at.field]:
		return k.Hosts
	case textFields[at.field] || messageFields[at.field]:
		return k.Texts
	case userObjects[at.object] || userFields[at.field] && at.field != "name":
		return k.Users
	}
	return k.Names
}

// somebodys replaces a text, unless it may be given away.
func (a *anonymiser) somebodys(s string, at where) string {
	if a.keeps(at) {
		return a.o.Mask(s)
	}
	return a.address(s, at, func() string { return a.replaced(s) })
}

// address replaces addresses by addresses, and anything else as other does.
func (a *anonymiser) address(s string, at where, other func() string) string {
	if at.field == "value" || !personal[at.field] || hostFields[at.field] {
		if list, ok := a.names.addresses(s); ok {
			a.heard(s)
			return list
		}
	}
	if _, err := netip.ParseAddr(s); err == nil {
		list, _ := a.names.addresses(s)
		a.heard(s)
		return list
	}
	return other()
}

func (a *anonymiser) replaced(s string) string {
	a.heard(s)
	return a.names.text(s)
}

// heard remembers that a text is somebody's.
func (a *anonymiser) heard(s string) {
	if !a.listening {
		return
	}
	s = strings.ToLower(s)
	a.theirs[s] = true
	for _, w := range words(s) {
		if len(w) >= 3 {
			a.theirs[w] = true
		}
	}
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// harmless reports whether nothing is known that would make a word somebody's: it holds no secret, and no text that
// stands in the place of a name holds it.
func (a *anonymiser) harmless(s string) bool {
	if known[s] || plain[strings.ToLower(s)] {
		return true
	}
	if a.o.Mask(s) != s || a.theirs[strings.ToLower(s)] {
		return false
	}
	if camel.MatchString(s) {
		return true
	}
	return !slices.ContainsFunc(words(strings.ToLower(s)), func(w string) bool { return a.theirs[w] && !plain[w] })
}

// message keeps of a message what is language, and replaces all else: what stands in quotes unless the request said it,
// and every word that is no plain one. Ids stay, as in "Repository #12".
func (a *anonymiser) message(s string) string {
	var b strings.Builder
	var before byte
	for len(s) > 0 {
		end := strings.IndexFunc(s, separates)
		switch {
		case end < 0:
			end = len(s)
		case end == 0:
			end = 1
			for end < len(s) && !unicode.IsLetter(rune(s[end])) && separates(rune(s[end])) {
				end++
			}
			b.WriteString(s[:end])
			before, s = s[end-1], s[end:]
			continue
		}
		b.WriteString(a.said(s[:end], before))
		s = s[end:]
	}
	return b.String()
}

// separates reports whether a character stands between the words of a message. Those that hold addresses, names of hosts
// and mail addresses together do not.
func separates(r rune) bool {
	return r < 0x80 && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("@._-:", r)
}

// said is a word of a message, perhaps with a full stop, after that character.
func (a *anonymiser) said(token string, before byte) string {
	core := strings.TrimRight(token, ".:-_")
	tail := token[len(core):]
	const longestID = 7 // digits
	quoted := before == '\'' || before == '"'
	switch {
	case core == "":
		return token
	case plain[strings.ToLower(core)] && !quoted, before == '#' && numeric.MatchString(core) && len(core) <= longestID, httpStatus.MatchString(core):
		return token
	case (a.request[core] || known[core] || camel.MatchString(core)) && a.harmless(core):
		return token
	}
	return a.address(core, where{}, func() string { return a.replaced(core) }) + tail
}

// shifted is a number, or several, in which times are shifted.
func (a *anonymiser) shifted(s string, at where) string {
	if a.shift == 0 {
		return s
	}
	switch {
	case stampFields[at.field] && stamp.MatchString(s):
		const layout = "200601021504"
		if t, err := time.Parse(layout, s); err == nil {
			return t.Add(a.o.Shift).Format(layout)
		}
	case at.field == "value" || timeField.MatchString(at.field):
		return everyEpoch(s, func(e int64) int64 { return e + a.shift })
	}
	return s
}

// everyEpoch rewrites the numbers of a text that are times.
func everyEpoch(s string, change func(int64) int64) string {
	var b strings.Builder
	for len(s) > 0 {
		end := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsDigit(r) })
		switch {
		case end < 0:
			end = len(s)
		case end == 0:
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		digits := s[:end]
		if epoch.MatchString(digits) {
			e, _ := strconv.ParseInt(digits, 10, 64) // ten digits always are a number
			digits = strconv.FormatInt(change(e), 10)
		}
		b.WriteString(digits)
		s = s[end:]
	}
	return b.String()
}

// Harmless returns what keeps of a message what is language or the product's, and replaces all else. mask takes known
// secrets out; theirs are names that are nobody's business.
func Harmless(mask func(string) string, theirs []string) func(message string) string {
	a, err := newAnonymiser(Options{Mask: mask})
	if err != nil { // there is no randomness: nothing is harmless
		return func(string) string { return "" }
	}
	a.listening = true
	for _, name := range theirs {
		a.heard(name)
	}
	a.listening = false
	return a.message
}
