// Package e2e runs the built exporter the way a user does, against a real Prometheus and a real Alertmanager.
//
// Its tests have the build tag e2e and use four programs, prometheus, promtool, prometheus-alertmanager and amtool, which
// the environment variables PROMETHEUS, PROMTOOL, ALERTMANAGER and AMTOOL name when they are not in PATH. E2E_OUT names a
// folder in which the tests leave what they saw: every exposition, Prometheus' list of targets and its rules, and every
// notification that Alertmanager sent, and pictures of the landing page and of boards. CHROMIUM names the browser, DRAW the
// folder in which .ci/draw.sh bundled what draws the boards.
package e2e
