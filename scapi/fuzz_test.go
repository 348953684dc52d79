package scapi

import (
	"encoding/json"
	"net/netip"
	"slices"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/conceal"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Whatever a console sends, reading it does not panic, addresses are in order,
// and what stands for a secret is neither shown nor written back.
func FuzzObjects(f *testing.F) {
	for _, seed := range []string{
		`{"id":"5","name":"Lab","type":"static","users":[{"id":"1"},4],"groups":{},"typeFields":{"definedIPs":"192.0.2.1,192.0.2.8-9","rules":{"operator":"any"}},"definedDNSNames":["a","b"],"ipCount":-1}`,
		`{"id":1000001,"type":"ssh","typeFields":{"authType":"password","password":"SET","username":"scan"},"privatekey":"****","priviledgeEscalation":"sudo","communityString":""}`,
		`{"repository":{"id":"1","name":"Main"},"ipList":"192.0.2.1\n192.0.2.9-192.0.2.1|x\n::1-::2,,-","repositoryID":3}`,
		`{"ip":"192.0.2.1","score":"105","severityLow":"-1","assets":[{"id":"1"},"2",null],"lastScan":"1294427459","repositoryID":{"id":-1}}`,
		`{"id":[],"username":{},"role":"1","locked":"yes","permScan":[],"permX":"true","createdTime":-1}`,
		`{"pluginID":1,"severity":{"id":"9"},"cve":"a,,b","xref":["c"],"pluginText":"<plugin_output>","protocol":6,"port":"x"}`,
		`{"hostType":"asset","hostValue":{"id":"5"},"newSeverity":{"id":"9"},"expires":"-1"}`, `{"hostType":"ip","hostValue":"192.0.2.1,","newSeverity":4,"expires":1e30}`,
		`{"filters":[{"filterName":"severity","value":[1]},"x",{}],"tool":1}`, `{"filters":{"a":"b"},"type":"dynamic","ipCount":-1,"status":7}`, `{"filters":"filter"}`,
		`{"ip":"the rest of a text","cpe":"a<br/>b","xref":"CWE #200","acrScore":"-1","hostUUID":"N/A","seolDate":"-1","repository":{"id":-1,"name":"Individual Scan"}}`,
		`{"sys_ram":1e300,"nessus_mem":"12.5","temp_disk_free":-1,"sys_ram_used":null,"timestamp":"1700000000"}`, `{"id":1,"name":"x","count":"-1"}`,
		`[]`, `""`, `null`, `{"id":{"id":{}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return
		}
		read := func(v any) { _ = wire.Decode(raw, v) } // what does not fit stays absent

		var asset wireAsset
		read(&asset)
		if a := asset.asset(raw); a.IPCount.Valid && a.IPCount.Value < 0 {
			t.Errorf("count %d", a.IPCount.Value)
		}

		var viewable wireViewableIPs
		read(&viewable)
		for _, r := range viewable.ips(raw).Ranges {
			if !r.First.IsValid() || r.Last.Less(r.First) || r.First.BitLen() != r.Last.BitLen() || r.Count() < 1 {
				t.Errorf("range %s", r)
			}
		}

		var credential wireCredential
		read(&credential)
		s := credential.credential(raw)
		for name, value := range s.Fields {
			if conceal.SecretName(name) || hidden(value) {
				t.Errorf("field %s shows %q", name, value)
			}
		}
		if !slices.IsSorted(s.Secrets) {
			t.Errorf("secrets %q", s.Secrets)
		}
		input, err := writtenBack(s)
		for name, value := range input {
			raw, ok := value.(json.RawMessage)
			if !ok {
				t.Fatalf("%s is a %T", name, value)
			}
			var text wire.Str
			common := slices.Contains(commonFields, name)
			if wire.Decode(raw, &text) == nil && hidden(string(text)) && !common {
				t.Errorf("%s would be written back as %q", name, text)
			}
		}
		if _, encoded := json.Marshal(input); err == nil && encoded != nil {
			t.Errorf("cannot be written back: %v", encoded)
		}

		var record wireIPRecord
		read(&record)
		record.record(raw, Severities[:])
		var person wirePerson
		read(&person)
		permissions(raw)
		var organization wireOrganization
		read(&organization)
		organization.organization(raw)
		var v Vuln
		if newVulnReader(false, false, &templates[vulnTemplate]{ofPlugins: true})(wire.NewReader(raw), &v); v.IP != "" && !netip.MustParseAddr(v.IP).IsValid() || v.RepositoryID == "-1" {
			t.Errorf("finding %+v", v)
		}

		var rule wireRiskRule
		read(&rule)
		if s, known := rule.rule(raw).Severity.Get(); known && (s < Info || s > Critical) {
			t.Errorf("severity %d", s)
		}
		var health wireHealth
		read(&health)
		h := health.health(raw)
		for _, size := range []Opt[int64]{h.Data.Free, h.Data.Total, h.Log.Free, h.Temp.Total, h.RAMUsed, h.RAMTotal, h.Resident, h.Virtual} {
			if size.Valid && size.Value < 0 || !size.Valid && size.Value != 0 {
				t.Errorf("size %+v", size)
			}
		}
		var plugins pluginIDPage
		plugins.scan(wire.NewReader(raw))
		if plugins.err != nil && len(plugins.ids) != 0 {
			t.Errorf("%q of an answer that is an error", plugins.ids)
		}
		var family wireFamily
		read(&family)
		family.family(raw)
		var saved wireSavedQuery
		read(&saved)
		q := saved.query(raw)
		if slices.ContainsFunc(q.Filters, func(f Filter) bool { return f.Name == "" }) {
			t.Errorf("a filter without a name: %+v", q.Filters)
		}
		if spelled, err := spell(q.Filters, target{dialect: REST}); err == nil {
			if _, err := json.Marshal(spelled); err != nil {
				t.Errorf("filters cannot be sent back: %v", err)
			}
		}
	})
}
