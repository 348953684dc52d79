package recording

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"
)

// anonymous rewrites an answer as a recording has it, with these texts known to be somebody's.
func anonymous(t *testing.T, o Options, answer string, theirs ...string) string {
	t.Helper()
	a, err := newAnonymiser(o)
	if err != nil {
		t.Fatal(err)
	}
	a.listening = true
	for _, s := range theirs {
		a.heard(s)
	}
	if _, err := a.json([]byte(answer)); err != nil {
		t.Fatal(err)
	}
	a.listening = false
	out, err := a.json([]byte(answer))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestWhatIsTheProductsStays(t *testing.T) {
	for _, answer := range []string{
		`{"type":"regular","error_code":146,"warnings":[],"timestamp":1772446830,"response":{"id":"12","usable":[{"id":"1","status":"Completed"}],"x":null,"y":true,"z":-1}}`,
		`{"status":"Throttled by Director","importStatus":"Waiting","type":"quantum","dataFormat":"IPv6"}`,
		`{"version":"6.4.0","buildID":"202311150001","loadedPluginSet":"202603020200","webVersion":"10.5.1 (#12) LINUX"}`,
		`{"totalRecords":"200","returnedRecords":50,"matchingDataElementCount":"600:20:30:50:100:400:1234","score":"12.5","scorePctg":"3.54%"}`,
		`{"severity":{"id":"4","name":"Critical","description":""},"protocol":"TCP(6)"}`,
		`{"filters":[{"filterName":"acceptRiskStatus","operator":"=","value":"notAccepted"},{"filterName":"lastSeen","operator":"=","value":"1769767200-1772446830"}]}`,
		`{"error_msg":"Invalid parameters specified for vuln query.  The filter is invalid (valid filters: acceptRiskStatus, pluginID, ip).\n"}`,
		`{"error_msg":"Unable to find existing Repository #12.\nRepository #12 does not exist.\n"}`,
	} {
		if got := anonymous(t, Options{}, answer); got != answer {
			t.Errorf("%s\nbecame %s", answer, got)
		}
	}
}

func TestWhatIsSomebodysIsReplacedByTheSameLength(t *testing.T) {
	for field, text := range map[string]string{
		"name": "Production DMZ", "description": "Ask Alice", "dnsName": "web01.corp.example", "username": "alice", "phone": "0415550123",
		"pluginText": "<plugin_output>C:\\Users\\alice</plugin_output>", "unknownField": "Söhne & Co", "macAddress": "00:1b:44:11:3a:b7",
		"uuid": "71079917-4368-4807-8372-793195026208", "status": "alice@corp.example", "comment": "10.11.12.13x",
	} {
		in, err := json.Marshal(map[string]string{field: text})
		if err != nil {
			t.Fatal(err)
		}
		got := anonymous(t, Options{}, string(in))
		var out map[string]string
		if err := json.Unmarshal([]byte(got), &out); err != nil {
			t.Fatal(err)
		}
		switch {
		case out[field] == text:
			t.Errorf("%s stays %q", field, text)
		case len(out[field]) != len(text):
			t.Errorf("%s: %q has another length than %q", field, out[field], text)
		}
	}
}

func TestEqualTextsStayEqualWithinARecordingOnly(t *testing.T) {
	const answer = `[{"name":"Production"},{"repository":{"name":"Production"}},{"name":"production"}]`
	shape := regexp.MustCompile(`^\[\{"name":"(\w+)"\},\{"repository":\{"name":"(\w+)"\}\},\{"name":"(\w+)"\}\]$`)
	first, second := shape.FindStringSubmatch(anonymous(t, Options{}, answer)), shape.FindStringSubmatch(anonymous(t, Options{}, answer))
	if len(first) != 4 || len(second) != 4 {
		t.Fatalf("%q, %q", first, second)
	}
	if first[1] != first[2] || first[1] == first[3] || first[1] == second[1] {
		t.Errorf("%q, %q", first, second)
	}
}

func TestAWordThatIsANameElsewhereIsNotTheProducts(t *testing.T) {
	got := anonymous(t, Options{}, `[{"status":"Operated by Zwyssig","type":"quantum"},{"name":"Zwyssig AG"}]`)
	if strings.Contains(got, "Zwyssig") || !strings.Contains(got, `"type":"quantum"`) {
		t.Error(got)
	}
}

func TestNamesOfFieldsStayAlthoughSomebodyIsCalledSo(t *testing.T) {
	const answer = `[{"name":"Description"},{"lastname":"Scanner"},{"description":"","lastname":"","scanner":{"id":"1"},"vulnCount":"2"}]`
	got := anonymous(t, Options{}, answer, "lastname")
	if !strings.Contains(got, `{"description":"","lastname":"","scanner":{"id":"1"},"vulnCount":"2"}`) {
		t.Error(got)
	}
}

func TestAnAddressInThePlaceOfAVersionIsReplaced(t *testing.T) {
	for _, field := range []string{"version", "webVersion", "buildID", "status", "type"} {
		if got := anonymous(t, Options{}, `{"`+field+`":"10.11.12.13"}`); strings.Contains(got, "10.11.12.13") {
			t.Error(got)
		}
	}
	r := &Recorder{accounts: []string{"a"}, seen: []Seen{{Call: "GET /system", Reads: true, Status: 200, Version: "10.11.12.13", Body: []byte(`{"timestamp":1}`)}}}
	made, err := r.Recording(About{Version: "10.11.12.13"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if made.Version != "" || made.Exchanges[0].Header != "" {
		t.Errorf("%q, %q", made.Version, made.Exchanges[0].Header)
	}
}

func TestSecretsAreLeftOut(t *testing.T) {
	const secret = "hunter22hunter22"
	mask := func(s string) string { return strings.ReplaceAll(s, secret, "***") }
	keep := Keep{Names: true, Hosts: true, Users: true, Texts: true}
	got := anonymous(t, Options{Mask: mask, Keep: keep}, `{"token":"1234567890","apiKey":"abc","sshPrivateKey":"x","tokens":7,"name":"to `+secret+`","status":"`+secret+`","error_msg":"no `+secret+`"}`)
	if want := `{"token":"","apiKey":"","sshPrivateKey":"","tokens":0,"name":"to ***","status":"***","error_msg":"no ***"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestWhatIsQuotedInAMessageIsReplacedUnlessTheRequestSaidIt(t *testing.T) {
	a, err := newAnonymiser(Options{})
	if err != nil {
		t.Fatal(err)
	}
	a.request = vocabularyOf([]byte(`{"query":{"tool":"sumip","filters":[{"filterName":"wasVuln","operator":"<=","value":"Alice"}]}}`))
	got := a.message("The operator '<=' is invalid for the filter 'wasVuln' of User 'admin' at 10.1.2.3 (alice@corp.example): call +41 79 5550123.")
	if !strings.HasPrefix(got, "The operator '<=' is invalid for the filter 'wasVuln' of User '") || strings.Contains(got, "admin") ||
		strings.Contains(got, "10.1.2.3") || strings.Contains(got, "alice") || strings.Contains(got, "79") && strings.Contains(got, "5550123") {
		t.Error(got)
	}
}

func TestTimesAreShiftedByAConstant(t *testing.T) {
	const answer = `{"timestamp":1772446830,"updateTime":"1772416800","createdTime":"-1","ipCount":"1772416800","loadedPluginSet":"202603020200","filters":[{"value":"1769767200-1772446830"},{"value":"0:30"}]}`
	const want = `{"timestamp":1772360430,"updateTime":"1772330400","createdTime":"-1","ipCount":"1772416800","loadedPluginSet":"202603010200","filters":[{"value":"1769680800-1772360430"},{"value":"0:30"}]}`
	if got := anonymous(t, Options{Shift: -24 * time.Hour}, answer); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAddressesBecomeAsManyOthers(t *testing.T) {
	p := newPseudonyms([]byte("key"))
	for _, list := range []string{
		"10.1.2.3", "10.0.0.0/8", "192.168.1.0/24,192.168.2.0-192.168.3.255\n10.0.0.5-9", "10.0.0.1-10.0.0.9, 10.0.0.5-10.0.0.20", "2001:470::1,10.0.0.1", "fd00::/64",
	} {
		got, ok := p.addresses(list)
		if !ok || got == list {
			t.Errorf("%s became %q", list, got)
			continue
		}
		before, after := sizes(t, list), sizes(t, got)
		if fmt.Sprint(before) != fmt.Sprint(after) {
			t.Errorf("%s of sizes %v became %s of %v", list, before, got, after)
		}
		for e := range strings.FieldsFuncSeq(got, separator) {
			if !strings.HasPrefix(e, "24") && !strings.HasPrefix(e, "25") && !strings.HasPrefix(e, "2001:db8:") {
				t.Errorf("%s of %s may be somebody's", e, list)
			}
		}
	}
	for _, other := range []string{"", "web01", "10.1.2", "10.1.2.3 or so"} {
		if got, ok := p.addresses(other); ok {
			t.Errorf("%q became %q", other, got)
		}
	}
	a, _ := p.addresses("10.0.0.7")
	b, _ := p.addresses("10.0.0.7")
	c, _ := p.addresses("10.0.0.8")
	if a != b || a == c {
		t.Errorf("%s, %s, %s", a, b, c)
	}
}

// sizes are those of the ranges that a list covers, and of its entries of IPv6.
func sizes(t *testing.T, list string) []uint64 {
	t.Helper()
	var spans []span
	var all []uint64
	for e := range strings.FieldsFuncSeq(list, separator) {
		if s, ok := parseSpan6(e); ok {
			all = append(all, s)
			continue
		}
		s, ok := parseSpan(e)
		if !ok {
			t.Fatalf("%s of %s is no range", e, list)
		}
		spans = append(spans, s)
	}
	total := uint64(0)
	for _, s := range union(spans) {
		total += uint64(s.last-s.first) + 1
	}
	return append(all, total)
}

func parseSpan6(e string) (uint64, bool) {
	if a, err := netip.ParseAddr(e); err == nil && a.Is6() {
		return 128, true
	}
	if p, err := netip.ParsePrefix(e); err == nil && p.Addr().Is6() {
		return uint64(p.Bits()), true
	}
	return 0, false
}

func FuzzAnonymise(f *testing.F) {
	f.Add([]byte(`{"response":{"ip":"10.1.2.3","name":"x"},"error_msg":"The filter 'x' is invalid"}`))
	f.Add([]byte(`[1e400,"\ud800",{"":{}}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := newAnonymiser(Options{Shift: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		out, err := a.json(text)
		if err != nil {
			return
		}
		if !json.Valid(out) {
			t.Errorf("%q became %q", text, out)
		}
		_ = a.message(string(text))
	})
}
