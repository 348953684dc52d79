package config

import (
	"strings"
	"testing"
)

func TestALabelOfAConsoleThatIsTakenIsRefused(t *testing.T) {
	const why = "is a label of metrics, rules or Prometheus itself, expected another name than " +
		"alertname, alertstate, class, instance, job, le, quantile, severity, type, version, vuln_severity"
	refuses(t, []refused{
		{"a label of alerts", inConsole("labels: {severity: high}"), "6:14: consoles[0].labels.severity: " + why},
		{"a label that Prometheus sets", inConsole("labels: {tenant: acme, instance: x}"), "6:28: consoles[0].labels.instance: " + why},
		{"a label of a metric of a collector", inConsole("labels: {type: x}"), "6:14: consoles[0].labels.type: " + why},
	})
	for _, name := range []string{"tenant", "site", "Severity", "_type", "type_", "team"} {
		if got := parse(t, inConsole("labels: {"+name+": x}")).Consoles[0].Labels[name]; got != "x" {
			t.Errorf("label %s is %q, want x", name, got)
		}
	}
}

func TestTheReferenceListsTheLabelsThatAreTaken(t *testing.T) {
	if text := Reference(known()); !strings.Contains(text, "so none may be one of alertname, alertstate, class,") {
		t.Error("the reference does not list them")
	}
}
