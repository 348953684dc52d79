package scapi

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// samePluginsAsJSON reads pages of plugins, one after the other, and compares them with what encoding/json reads.
func samePluginsAsJSON(t *testing.T, pages ...string) {
	t.Helper()
	page := pluginListPage{read: newPluginReader()}
	for _, text := range pages {
		var list wire.List[wirePlugin]
		failed := wire.Decode([]byte(text), &list)
		want := make([]Plugin, len(list.Items))
		for i, w := range list.Items {
			want[i] = w.plugin(list.Raw[i])
		}
		in := wire.NewReader([]byte(text))
		page.scan(in)
		if (page.err != nil) != (failed != nil) || in.Err() != nil || !in.End() {
			t.Fatalf("%s: %v, %v, want %v", text, page.err, in.Err(), failed)
		}
		if len(page.rows) != len(want) {
			t.Fatalf("%d plugins of %d in %s", len(page.rows), len(want), text)
		}
		for i := range want {
			if !reflect.DeepEqual(page.rows[i], want[i]) {
				t.Fatalf("%s\n(-encoding/json +read):\n%s", want[i].Raw, cmp.Diff(want[i], page.rows[i]))
			}
		}
	}
}

func TestPluginsAreReadAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	samePluginsAsJSON(t, `[]`, `""`, `null`, `{}`, `7`, `"text"`, `{"plugins":[{"id":"1","name":"x"},{"id":2}]}`, `{"0":{"id":"1"},"1":{"id":"2"}}`, `{"usable":[{"id":1}],"manageable":[{"id":"1"},{"id":3}]}`,
		`[{"id":"1"},7,null,"",[],[1],{},{"id":{}},{"id":"2","ID":"3"},{"id":"2","ID":"4"},{"id":"2"}]`,
		`[{"ID":"1","NAME":"a","family":{"id":"3","name":"Windows"}},{"ID":"1","NAME":"b","family":"Windows","familyID":"7"},{"ID":"1","NAME":"b","family":"","familyName":"DNS","familyID":8}]`)
	names := []string{"id", "name", "type", "family", "familyID", "familyName", "description", "synopsis", "solution", "seeAlso", "riskFactor", "baseScore", "cvssV3BaseScore", "vprScore", "exploitAvailable",
		"pluginPubDate", "pluginModDate", "patchPubDate", "vulnPubDate", "modifiedTime", "xrefs", "ModifiedTime", "XREFS", "md5", "id"}
	for _, seed := range exhaustive.Sample([]uint64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 3) {
		r := rand.New(rand.NewPCG(seed, 3))
		member := func() string {
			return fmt.Sprintf("%q:%s%s", names[r.IntN(len(names))], []string{"", " "}[r.IntN(2)], oddValues[r.IntN(len(oddValues))])
		}
		var members, pages []string
		for range 20 {
			members = append(members, member())
		}
		for range 3 {
			var plugins []string
			for range 40 {
				switch r.IntN(5) { // mostly like the one before
				case 0:
					members = append(members, member())
				case 1, 2:
					members[r.IntN(len(members))] = member()
				case 3:
					if i := r.IntN(len(members)); len(members) > 1 {
						members = append(members[:i:i], members[i+1:]...)
					}
				}
				plugins = append(plugins, "{"+strings.Join(members, ",")+"}")
			}
			pages = append(pages, "["+strings.Join(append(plugins, oddValues[r.IntN(len(oddValues))]), ",")+"]")
			if last := pages[len(pages)-1]; !json.Valid([]byte(last)) {
				t.Fatalf("no JSON: %s", last)
			}
		}
		samePluginsAsJSON(t, pages...)
	}
}

// BenchmarkPluginPage is the cost of a page of plugins without fetching it.
func BenchmarkPluginPage(b *testing.B) {
	const plugins = 1000
	text := []byte("[")
	for i := range plugins {
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, `{"id":"%d","name":"Plugin %d: Multiple Vulnerabilities (RHSA-2019:%d)","type":"active","riskFactor":"High","baseScore":"7.5","cvssV3BaseScore":"8.1","exploitAvailable":"true","pluginPubDate":"%d",`+
			`"pluginModDate":"%d","patchPubDate":"%d","vulnPubDate":"-1","modifiedTime":"%d","xrefs":"CVE:CVE-2019-%d, RHSA:2019:%d","family":{"id":"%d","name":"Red Hat Local Security Checks","type":"active"}}`,
			10000+i, i, i, 1545071370+i, 1545071370+i, 1545071370+i, 1545071370+i, i, i, i%50)
	}
	text = append(text, ']')
	page := pluginListPage{read: newPluginReader()}
	b.Run("one pass", func(b *testing.B) {
		for b.Loop() {
			if page.scan(wire.NewReader(text)); len(page.rows) != plugins {
				b.Fatal(len(page.rows), page.err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		for b.Loop() {
			var list wire.List[wirePlugin]
			if err := wire.Decode(text, &list); err != nil || len(list.Items) != plugins {
				b.Fatal(len(list.Items), err)
			}
		}
	})
}
