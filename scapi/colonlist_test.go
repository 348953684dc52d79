package scapi

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

func FuzzParseColonList(f *testing.F) {
	for _, seed := range []string{"1629:19:146:176:32:1256:2780", "-1", "0:0:0:0:0:0:0", "::::::", "1:1:0:0:0:0:40:1", "60:5:20:10:0:25:430 ",
		"9223372036854775807:9223372036854775807:0:0:0:0:0", "4:9007199254740991:9007199254740991:9007199254740991:9007199254740991:9007199254740991:1"} {
		f.Add(seed, 7)
		f.Add(seed, 8)
	}
	f.Fuzz(func(t *testing.T, text string, numbers int) {
		counts, score, ok := parseColonList(text, numbers)
		if !ok {
			if counts != (Counts{}) || score != 0 {
				t.Errorf("parseColonList(%q) refused, but returned %v and %d", text, counts, score)
			}
			return
		}
		for severity, n := range counts {
			if n < 0 {
				t.Errorf("parseColonList(%q) counts %d of severity %d", text, n, severity)
			}
		}
		if score < 0 || counts.Total() < 0 {
			t.Errorf("parseColonList(%q) has score %d and total %d", text, score, counts.Total())
		}
	})
}

func FuzzResults(f *testing.F) {
	for _, seed := range []string{`{"totalRecords":"1","results":[{}]}`, `{"0":"10.0.0.1","results":null}`, `{"results":{"1":{},"0":{}}}`, `{"results":{"0":[1],"1":"x"}}`, `{"results":[{},[],"",7,null,[2]]}`, `""`, `[]`, `7`, `{"0":{}}`, `null`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r results[Row]
		r.scan(wire.NewReader(b), plan{}.rowReaders()())
		if r.err != nil && len(r.rows) != 0 {
			t.Errorf("%d rows of an answer that is an error", len(r.rows))
		}
		for _, row := range r.rows {
			row.Severity()
			row.Counts()
			row.Repository()
		}
		if texts := rowTexts(r.text); json.Valid(b) && len(texts) != len(r.rows) {
			t.Errorf("%d rows with the texts %q", len(r.rows), texts)
		}
	})
}

func FuzzHostsAreReadAsTheirRows(f *testing.F) {
	for _, seed := range []string{`{"ip":"192.0.2.1","score":"5","dnsName":"a\u00e9\/b"}`, `{ "score" : 5.0 , "ip":null}`, `{"ip":"1","ip":"2"}`, `{}`, `[]`, `"x"`, `7`, `{"repository":{"id":1},"pluginSet":"201812150336"}`, `{"\u0069p":"escaped"}`, `{"ip":"N/A","dnsName":"-1","osCPE":-1,"uuid":"n/a"}`} {
		f.Add([]byte(seed))
	}
	const other = `{"score":"7","ip":"198.51.100.1","osCPE":"cpe:x","repository":{"id":"9","name":"Other"}}`
	f.Fuzz(func(t *testing.T, b []byte) {
		text := append([]byte(`{"results":[`+other+`,`), b...)
		text = append(append(append(text, ','), b...), `,`+other+`]}`...)
		if !json.Valid(text) {
			return
		}
		var hosts results[Host]
		hosts.scan(wire.NewReader(text), newHostReader(false, new(templates[hostTemplate])))
		var rows results[Row]
		rows.scan(wire.NewReader(text), plan{}.rowReaders()())
		if len(hosts.rows) != len(rows.rows) || (hosts.err == nil) != (rows.err == nil) {
			t.Fatalf("%s: %d hosts and %d rows, %v and %v", text, len(hosts.rows), len(rows.rows), hosts.err, rows.err)
		}
		for i, host := range hosts.rows {
			row := rows.rows[i]
			score := row.Int("score")
			if score.Value < 0 {
				score = Opt[int64]{}
			}
			if host.IP != address(row.String("ip")) || host.DNSName != known(row.String("dnsName")) || host.OSCPE != known(row.String("osCPE")) || host.Score != score ||
				!host.LastAuthRun.Equal(row.Time("lastAuthRun")) || !bytes.Equal(host.Raw, row.Raw) {
				t.Errorf("row %s was read as %+v", row.Raw, host)
			}
		}
	})
}
