package scapi

import (
	"encoding/base64"
	"hash/maphash"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// mask takes the secrets of one client out of what a console, or anything
// before it, says: such texts may repeat whole requests, in any spelling. It
// is fed by whoever adds a secret, and stands where texts leave the package.
// It is safe for concurrent use. The zero value knows none, and
// nil never learns any.
type mask struct {
	more func() []string // Options.Secrets; nil: there are none

	mu      sync.Mutex
	kept    []string // of the configuration, the latest at the end
	passing []string // of sessions and requests, likewise
	known   map[string]bool
	asked   time.Time // when more was
	needles *needles  // nil: to be made anew
}

// How many secrets are known, the latest.
const (
	mostKept    = 200
	mostPassing = 200
)

// learn takes up secrets of the configuration.
func (m *mask) learn(secrets ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep(secrets)
}

func (m *mask) keep(secrets []string) {
	for _, secret := range secrets {
		m.add(&m.kept, mostKept, secret)
	}
}

// meet takes up a secret that came with a session or a request. It returns
// whether it is new.
func (m *mask) meet(secret string) bool {
	if m == nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.add(&m.passing, mostPassing, secret)
}

func (m *mask) add(to *[]string, most int, secret string) bool {
	if secret == "" || m.known[secret] {
		return false
	}
	if m.known == nil {
		m.known = map[string]bool{}
	}
	m.known[secret] = true
	m.needles = nil
	if *to = append(*to, secret); len(*to) > most {
		delete(m.known, (*to)[0])
		*to = slices.Delete(*to, 0, 1)
	}
	return true
}

// session takes up what the requests of a session carry.
func (m *mask) session(s *session) {
	if s == nil {
		return
	}
	m.meet(s.token)
	if cookie := s.cookie.Load(); cookie != nil {
		m.meet(*cookie)
	}
}

// current returns what is searched for.
func (m *mask) current() *needles {
	m.mu.Lock()
	defer m.mu.Unlock()
	// Headers may come from files, which are read at every request.
	if now := time.Now(); m.more != nil && now.Sub(m.asked) >= time.Second {
		m.asked = now
		m.keep(m.more())
	}
	if m.needles == nil {
		m.needles = newNeedles(slices.Concat(m.kept, m.passing))
	}
	return m.needles
}

// text returns text without secrets.
func (m *mask) text(text string) string {
	if m == nil {
		return text
	}
	n := m.current()
	if n.none || text == "" {
		return text
	}
	hidden := n.find(text)
	if len(hidden) == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	for _, s := range hidden {
		b.WriteString(text[at:s.from])
		b.WriteString(masked)
		at = s.to
	}
	b.WriteString(text[at:])
	return b.String()
}

// quoted returns text without secrets, fit for an error: see oneLine. It masks
// before it cuts, and again what lost its control characters.
func (m *mask) quoted(text string, limit int) string {
	if most := quotable * limit; len(text) > most {
		// What is cut in two is not recognised.
		text, _ = shorten(text, most)
		text = m.text(text)
		text, _ = shorten(text, max(len(text)-m.margin(), 0))
	} else {
		text = m.text(text)
	}
	return oneLine(m.text(oneLine(text, len(text))), limit)
}

// shown returns text without secrets if a whole one is in it, in any spelling.
// It is for names, of which parts of secrets may be parts by chance.
func (m *mask) shown(text string) string {
	if len(text) < tellingAlone {
		return text
	}
	repeats := false
	secrets := m.current().begun
	unescaped(text, func(l layer) {
		for _, secret := range secrets {
			repeats = repeats || len(secret) >= tellingAlone && strings.Contains(l.text, secret)
		}
	})
	if !repeats {
		return text
	}
	return m.text(text)
}

// tellingAlone is how many bytes of a name are no secret by chance.
const tellingAlone = 8

// Conceal returns a text that the console gave as the name of something, without
// secrets: a console can put what it was asked into any name. Texts that hold no
// whole secret stay as they are. Errors and logs need no Conceal.
func (c *Client) Conceal(text string) string { return c.mask.shown(text) }

// margin is how long a secret may be that was cut in two, in bytes.
func (m *mask) margin() int {
	if m == nil {
		return 0
	}
	return m.current().margin
}

// quotable is how many bytes are looked at for a character of a quotation:
// enough for blanks and for secrets.
const quotable = 32

// needles are the texts that stand for secrets once all escaping is undone.
type needles struct {
	none bool
	// pairs are the first two bytes of exact, as bits: most places of a text
	// begin none of them.
	pairs [1 << 16 / 64]uint64
	// exact are texts of 4 to 8 bytes by their length. Longer ones are known
	// by all pieces of 8 bytes, so that a part of one is found too.
	exact [enough + 1]map[string]bool
	// whole are shorter ones, which count only where they are whole tokens.
	whole []string
	// begun are secrets that may be cut off at the end of a text.
	begun  []string
	margin int // bytes that the longest of them may take, escaped
}

const (
	shortest = 4 // bytes of a text that is looked for within words
	enough   = 8 // bytes of a longer one that give it away
)

func newNeedles(secrets []string) *needles {
	n := &needles{none: len(secrets) == 0, begun: secrets}
	for _, secret := range secrets {
		n.margin = max(n.margin, 12*len(secret))
		spellings := []string{secret}
		if strings.Contains(secret, " ") { // as forms have it
			spellings = append(spellings, strings.ReplaceAll(secret, " ", "+"))
		}
		if !utf8.ValidString(secret) { // as JSON has it
			spellings = append(spellings, strings.ToValidUTF8(secret, "\uFFFD"))
		}
		if bytes, ok := latin1(secret); ok {
			spellings = append(spellings, bytes)
		}
		// Escaping that is partial, or none that we know, leaves the words.
		for word := range strings.FieldsFuncSeq(secret, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if len(word) >= shortest {
				spellings = append(spellings, word)
			}
		}
		for _, s := range spellings {
			n.add(s, secret)
		}
		if len(secret) >= shortest {
			for _, s := range inBase64(secret) {
				n.add(s, secret)
			}
		}
	}
	return n
}

// protocolWords stand in every request. As a part of a secret they tell
// nothing, and hiding them would make logs hard to read.
var protocolWords = map[string]bool{"password": true, "username": true, "token": true, "user": true, "secret": true, "cookie": true, "session": true}

// add takes up a spelling of a secret, or of a part of one.
func (n *needles) add(s, secret string) {
	if len(s) < shortest {
		if s != "" && !slices.Contains(n.whole, s) {
			n.whole = append(n.whole, s)
		}
		return
	}
	size := min(len(s), enough)
	if n.exact[size] == nil {
		n.exact[size] = map[string]bool{}
	}
	for i := 0; i+size <= len(s); i++ {
		if part := s[i : i+size]; part != secret && protocolWords[part] {
			continue
		}
		pair := int(s[i])<<8 | int(s[i+1])
		n.pairs[pair/64] |= 1 << (pair % 64)
		n.exact[size][s[i:i+size]] = true
	}
}

// latin1 returns a text in ISO 8859-1, if that is another one.
func latin1(s string) (string, bool) {
	var b []byte
	for _, r := range s {
		if r > 0xFF {
			return "", false
		}
		b = append(b, byte(r))
	}
	return string(b), string(b) != s
}

// inBase64 returns what of a secret is seen in the base64 of a text around it,
// such as the user name and password of basic authentication: its characters
// depend on how many bytes come before.
func inBase64(secret string) []string {
	var all []string
	for before := range 3 {
		text := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), secret...))
		from, to := (before*8+5)/6, (before+len(secret))*8/6
		if to-from < shortest {
			continue
		}
		text = text[from:to]
		all = append(all, text)
		if other := strings.NewReplacer("+", "-", "/", "_").Replace(text); other != text {
			all = append(all, other)
		}
	}
	return all
}

// stretch is a piece of a text, in bytes.
type stretch struct{ from, to int }

// find returns where secrets stand in a text, in order and apart.
func (n *needles) find(text string) []stretch {
	all := make([]bool, len(text))
	some := false
	note := func(l layer, from, to int) {
		some = true
		start, end := l.origin(from, to)
		for i := start; i < end; i++ {
			all[i] = true
		}
	}
	unescaped(text, func(l layer) { n.search(l, note) })
	if !some {
		return nil
	}
	var found []stretch
	for i := 0; i < len(all); i++ {
		if !all[i] {
			continue
		}
		from := i
		for i < len(all) && all[i] {
			i++
		}
		found = append(found, stretch{from, i})
	}
	return found
}

// search notes where secrets stand in a text whose escaping was undone.
func (n *needles) search(l layer, note func(l layer, from, to int)) {
	text := l.text
	for i := 0; i+shortest <= len(text); i++ {
		pair := int(text[i])<<8 | int(text[i+1])
		if n.pairs[pair/64]&(1<<(pair%64)) == 0 {
			continue
		}
		for size := shortest; size <= enough && i+size <= len(text); size++ {
			if n.exact[size][text[i:i+size]] {
				note(l, i, i+size)
			}
		}
	}
	for _, s := range n.whole {
		for i := 0; i+len(s) <= len(text); {
			at := strings.Index(text[i:], s)
			if at < 0 {
				break
			}
			from, to := i+at, i+at+len(s)
			if !inWord(text[:from], s, text[to:]) {
				note(l, from, to)
			}
			i = from + 1
		}
	}
	for end := range l.cuts() {
		for _, s := range n.begun {
			for size := min(len(s)-1, end, enough); size >= shortest; size-- {
				if strings.HasSuffix(text[:end], s[:size]) {
					note(l, end-size, len(text))
					break
				}
			}
		}
	}
}

// cuts are the ends that a text may have had before it was cut in an escape,
// or in one that is written in another: its end, and where an escape begins
// close to it; and one character before, which is another one than was meant if
// its own escape was cut.
func (l layer) cuts() iter.Seq[int] {
	const marks = `%&\`
	begins := func(rest string) bool {
		return rest == "" || strings.IndexByte(marks, rest[0]) >= 0 && !strings.ContainsFunc(rest, func(r rune) bool {
			return !wordly(r) && !strings.ContainsRune(marks+"#;", r)
		})
	}
	return func(yield func(int) bool) {
		for at := len(l.text); at >= max(0, len(l.text)-longestCut); at-- {
			rest := l.text[at:]
			_, size := utf8.DecodeRuneInString(rest)
			if (begins(rest) || l.from != nil && begins(rest[size:])) && !yield(at) {
				return
			}
		}
	}
}

// longestCut is how many bytes an escape takes at most.
const longestCut = 12

// inWord reports whether s, between two texts, is a part of a longer word.
func inWord(before, s, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(s)
	end, _ := utf8.DecodeLastRuneInString(s)
	next, _ := utf8.DecodeRuneInString(after)
	return before != "" && wordly(last) && wordly(first) || after != "" && wordly(end) && wordly(next)
}

func wordly(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// seed of what tells layers apart.
var layerSeed = maphash.MakeSeed()

// unescaped calls f with a text and all that it may say: with every sequence
// of escapings undone, up to a depth.
func unescaped(text string, f func(layer)) {
	depth := 4
	switch { // bodies in a debug log
	case len(text) > 128<<10:
		depth = 2
	case len(text) > 16<<10:
		depth = 3
	}
	seen := map[uint64]int{} // the depth left below it
	var visit func(l layer, depth int)
	visit = func(l layer, depth int) {
		id := maphash.String(layerSeed, l.text)
		before, again := seen[id]
		if again && before >= depth {
			return
		}
		seen[id] = depth
		if !again {
			f(l)
		}
		if depth == 0 {
			return
		}
		for _, e := range escapings {
			if under, ok := l.undo(e); ok {
				visit(under, depth-1)
			}
		}
	}
	visit(layer{text: text}, depth)
}
