package scapi

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
)

// escapes are the ways in which a text is written inside another.
var escapes = []struct {
	name  string
	write func(string) string
}{
	{"plain", func(s string) string { return s }},
	{"JSON", func(s string) string { return quotedJSON(s, true) }},
	{"JSON of browsers", func(s string) string { return strings.ReplaceAll(quotedJSON(s, false), "/", `\/`) }},
	{"JSON in ASCII", func(s string) string {
		var b strings.Builder
		for _, r := range quotedJSON(s, false) {
			switch {
			case r > 0xFFFF:
				r -= 0x10000
				fmt.Fprintf(&b, `\u%04x\u%04X`, 0xD800+r>>10, 0xDC00+r&0x3FF)
			case r > 0x7E:
				fmt.Fprintf(&b, `\u%04X`, r)
			default:
				b.WriteRune(r)
			}
		}
		return b.String()
	}},
	{"form", url.QueryEscape},
	{"path", url.PathEscape},
	{"every byte in lower hexadecimal", func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, "%%%02x", s[i])
		}
		return b.String()
	}},
	{"HTML", html.EscapeString},
	{"HTML in numbers", func(s string) string {
		var b strings.Builder
		for _, r := range s {
			fmt.Fprintf(&b, "&#%d;", r)
		}
		return b.String()
	}},
	{"HTML in hexadecimal numbers", func(s string) string {
		var b strings.Builder
		for _, r := range s {
			if strings.ContainsRune(`<>&"'`, r) {
				fmt.Fprintf(&b, "&#x%X;", r)
			} else {
				b.WriteRune(r)
			}
		}
		return b.String()
	}},
	{"HTML with names", func(s string) string {
		return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;", "ü", "&uuml;").Replace(s)
	}},
}

func quotedJSON(s string, escapeHTML bool) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(escapeHTML)
	if e.Encode(s) != nil {
		return ""
	}
	text := strings.TrimSpace(b.String())
	return text[1 : len(text)-1]
}

// readings are all that a reader can make of a text: what mask undoes is not
// used here.
func readings(text string, depth int) []string {
	all := []string{text}
	if depth == 0 {
		return all
	}
	var under []string
	if s, err := url.QueryUnescape(text); err == nil {
		under = append(under, s)
	}
	if s, err := url.PathUnescape(text); err == nil {
		under = append(under, s)
	}
	under = append(under, html.UnescapeString(text))
	var s string
	if json.Unmarshal([]byte(`"`+text+`"`), &s) == nil {
		under = append(under, s)
	}
	for _, s := range under {
		if s != text {
			all = append(all, readings(s, depth-1)...)
		}
	}
	return all
}

// otherAlphabet is for base64 of URLs.
var otherAlphabet = strings.NewReplacer("-", "+", "_", "/")

// inBase64In returns what the words of a text are in base64.
func inBase64In(text string) []string {
	var all []string
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_", r)
	}) {
		word = otherAlphabet.Replace(word)
		for at := range min(4, len(word)) {
			piece := word[at:]
			if decoded, err := base64.RawStdEncoding.DecodeString(piece[:len(piece)-len(piece)%4]); err == nil && len(decoded) > 0 {
				all = append(all, string(decoded))
			}
		}
	}
	return all
}

const secretLetters = "abcdefXYZ0123456789<>&\"'/\\%+=:;, ?#[]{}@!$^~`|-_.üß€😀"

func randomSecret(r *rand.Rand, least, most int) string {
	letters := []rune(secretLetters)
	var b strings.Builder
	for range least + r.IntN(most-least+1) {
		b.WriteRune(letters[r.IntN(len(letters))])
	}
	return b.String()
}

// survives says in which reading of a masked text one of the secrets is seen,
// if any.
func survives(shown string, secrets ...string) (string, bool) {
	all := readings(shown, 4)
	slices.Sort(all)
	for _, reading := range slices.Compact(all) {
		decoded := inBase64In(reading)
		for _, secret := range secrets {
			inside := func(s string) bool { return strings.Contains(s, secret) }
			if inside(reading) || len(secret) >= 6 && slices.ContainsFunc(decoded, inside) {
				return reading, true
			}
		}
	}
	return "", false
}

func TestNoSpellingOfASecretSurvives(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 11))
	rounds := 400
	if exhaustive.Tests {
		rounds = 4000
	}
	for range rounds {
		secret := randomSecret(r, 4, 24)
		if strings.Contains(masked, secret) || strings.TrimSpace(secret) != secret {
			continue
		}
		m := new(mask)
		m.learn(secret)
		text, how := secret, []string(nil)
		if len(secret) >= 6 && r.IntN(5) == 0 {
			text = base64.StdEncoding.EncodeToString([]byte(randomSecret(r, 0, 5) + ":" + secret + randomSecret(r, 0, 5)))
			how = append(how, "base64")
		}
		for range r.IntN(4) {
			s := escapes[r.IntN(len(escapes))]
			text, how = s.write(text), append(how, s.name)
		}
		text = "before " + text + " after"
		shown := m.text(text)
		if reading, ok := survives(shown, secret); ok {
			t.Fatalf("%q as %s\n  in %q\n  is %q\n  read %q", secret, how, text, shown, reading)
		}
		if !strings.HasPrefix(shown, "before") || !strings.HasSuffix(shown, "after") {
			t.Errorf("%q as %s: %q became %q", secret, how, text, shown)
		}
	}
}

func TestEverySequenceOfThreeSpellingsIsKnown(t *testing.T) {
	t.Parallel()
	m := new(mask)
	const secret = `p"a/s<s>&w%o+r d'ü😀`
	m.learn(secret)
	for _, a := range exhaustive.Sample(escapes, 3) {
		for _, b := range exhaustive.Sample(escapes, 3) {
			for _, c := range escapes {
				text := c.write(b.write(a.write(secret)))
				if got := m.text("x " + text + " y"); got != "x "+masked+" y" {
					t.Errorf("%s in %s in %s: %q became %q", a.name, b.name, c.name, text, got)
				}
			}
		}
	}
}

func TestPartsOfASecretAreMasked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ secret, text, want string }{
		{"hunter2&swordfish", "the field hunter2", "the field ***"},
		{"hunter2&swordfish", "hunter2?swordfish", "***?***"},
		{"hunter2&swordfish", "swordfish and more", "*** and more"},
		{"a-long-enough-phrase", "cut: a-long-en", "cut: ***"},
		{"correcthorsebattery", `{"error_msg":"correcthors`, `{"error_msg":"***`},
		{"correcthorsebattery", `in the middle: horsebatt…`, `in the middle: ***…`},
		{"hunter2", "hunt", "***"}, {"hunter2", "hunt is no end", "hunt is no end"},
		{"ab", "ab, cab and abc; x=ab&y", "***, cab and abc; x=***&y"},
		{"ab", `{"password":"ab","cab":"ab\n"}`, `{"password":"***","cab":"***\n"}`},
		{"7", "code 7 of 77", "code *** of 77"},
		{"123.4", "Version 5.123.4", "Version 5.***"},
		{"nothing", "", ""}, {"exporter-password", `"password":1`, `"password":1`}, {"password", `a password`, `a ***`},
	} {
		m := new(mask)
		m.learn(test.secret)
		if got := m.text(test.text); got != test.want {
			t.Errorf("%s: %q became %q, want %q", test.secret, test.text, got, test.want)
		}
	}
}

func TestTextsAreMaskedBeforeTheyAreCut(t *testing.T) {
	t.Parallel()
	const secret = "correct\"horse<battery>staple"
	m := new(mask)
	m.learn(secret)
	for _, s := range exhaustive.Sample(escapes, 3) {
		text := s.write(secret)
		for n := range 400 {
			for _, limit := range []int{10, 80} {
				got := m.quoted(strings.Repeat("y ", n)+text+" "+strings.Repeat("z", limit*quotable), limit)
				for _, part := range []string{"corr", "hors", "batt", "stap"} {
					if strings.Contains(got, part) {
						t.Fatalf("%s behind %d: %q", s.name, n, got)
					}
				}
			}
		}
	}
	if got := m.quoted("cor\x00rect\"hor\x01se<bat\u200btery>\u200bstaple", 80); len(strings.Trim(got, "*<>\"")) > 3 {
		t.Errorf("a secret with control characters in it is shown: %q", got)
	}
}

func TestATextThatWasCutInAnEscapeGivesNothingAway(t *testing.T) {
	t.Parallel()
	const secret = "acc3ssKEY0123456789"
	m := new(mask)
	m.learn(secret)
	for _, a := range escapes {
		for _, b := range escapes {
			text := b.write(a.write("key " + secret + "."))
			for end := range len(text) + 1 {
				shown := m.text(text[:end])
				for _, reading := range readings(shown, 2) {
					for n := shortest; n <= len(secret); n++ {
						if strings.Contains(reading, secret[:n]) {
							t.Fatalf("%s in %s: %q became %q, read %q", a.name, b.name, text[:end], shown, reading)
						}
					}
				}
			}
		}
	}
}

func TestAMaskKnowsTheLatestSecrets(t *testing.T) {
	t.Parallel()
	m := new(mask)
	m.learn("configured1")
	for i := range 3 * mostPassing {
		m.meet(fmt.Sprintf("session%09d", i*7919))
	}
	latest := fmt.Sprintf("session%09d", (3*mostPassing-1)*7919)
	if got := m.text("configured1 " + latest); got != "*** ***" {
		t.Errorf("%q", got)
	}
	if len(m.known) != len(m.kept)+len(m.passing) || len(m.passing) != mostPassing {
		t.Errorf("%d known, %d and %d in order", len(m.known), len(m.kept), len(m.passing))
	}
	if m.meet(latest) || !m.meet("another") {
		t.Error("it does not tell what is new")
	}
	changed := []string{"first-header"}
	m = &mask{more: func() []string { return changed }}
	if got := m.text("first-header"); got != masked {
		t.Errorf("%q", got)
	}
}

func TestAMaskIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	m := new(mask)
	done := make(chan bool)
	for i := range 4 {
		go func() {
			for n := range 50 {
				m.meet(fmt.Sprintf("secret-%d-%d", i, n))
				m.text("secret-1-1 %22")
			}
			done <- true
		}()
	}
	for range 4 {
		<-done
	}
}

// FuzzMask hides a secret in a text in any spelling.
func FuzzMask(f *testing.F) {
	f.Add(`p"a/s<s>`, "{\"error\":\"", "\"}", uint64(0x123))
	f.Add("hunter2 & co", "user:", "@host", uint64(0x4a6))
	f.Add("%41\\u0042&amp;", "\\", "2", uint64(0x777))
	f.Add("+++===", "a%2", "%", uint64(0x45))
	f.Fuzz(func(t *testing.T, secret, before, after string, how uint64) {
		if len(secret) < 6 || len(secret) > 200 || len(before)+len(after) > 500 || strings.Contains(before+after, secret) {
			t.Skip()
		}
		m := new(mask)
		m.learn(secret)
		text := secret
		if how&1 == 1 {
			text = base64.StdEncoding.EncodeToString([]byte("u:" + text))
		}
		for how >>= 1; how > 0 && len(text) < 5000; how >>= 8 {
			s := escapes[how%uint64(len(escapes))]
			text = s.write(text)
			if how > 1<<17 {
				how = 1 << 17
			}
		}
		if len(text) >= 5000 {
			t.Skip()
		}
		// What stands around may be an escape cut in two, so blanks are between.
		shown := m.text(before + " " + text + " " + after)
		if strings.Contains(masked, secret) {
			t.Skip()
		}
		for _, reading := range readings(shown, 1) {
			if strings.Contains(reading, secret) {
				t.Fatalf("%q in %q is shown in %q", secret, text, shown)
			}
		}
		if strings.Contains(m.quoted(before+text+after, 80), secret) {
			t.Fatalf("%q in %q is quoted", secret, text)
		}
	})
}

func BenchmarkMaskOfAPage(b *testing.B) {
	m := new(mask)
	m.learn("hunter2&swordfish", "0123456789abcdef", "Bearer abcdefghijkl")
	page := strings.Repeat(`<a href="/x?q=%20a&amp;b=\u003c">text</a>`, 60)
	b.ReportAllocs()
	for b.Loop() {
		m.quoted(page, maxExcerpt)
	}
}
