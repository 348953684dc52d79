package history_test

import (
	"os"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/history"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestTheDocumentationSaysWhatThePastCannotTellAndWhatItCosts(t *testing.T) {
	text, err := os.ReadFile("../docs/history.md")
	if err != nil {
		t.Fatal(err)
	}
	docs := string(text)
	for _, says := range append(history.Limits(), history.Families()...) {
		if !strings.Contains(docs, says) {
			t.Errorf("docs/history.md does not say %q", says)
		}
	}
	for name, o := range map[string]sctest.Options{"REST": {Repositories: 8, Hosts: 40}, "RPC": {Dialect: sctest.RPC, Repositories: 8, Hosts: 40}} {
		t.Run(name, func(t *testing.T) {
			on(t, o, func(p *past) {
				p.policies = policies[:1]
				p.must(p.options(2))
				if !strings.Contains(p.out.String(), " 60 analysis requests, 30 for each step") || !strings.Contains(docs, "365 × 30 = 10,950 requests") {
					t.Errorf("the requests of a step are others than documented: %s", p.out.String())
				}
			})
		})
	}
}
