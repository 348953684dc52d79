// The rules and boards of securitycenter_exporter in the layout of monitoring mixins. They are read from the files that are
// shipped, and not written again: README.md says how to change them.
local groups(file) = std.parseYaml(file).groups;

{
  _config+:: {
    // Where runbook_url leads, up to the #.
    runbooks: 'https://github.com/securitycenter-exporter/securitycenter_exporter/blob/main/docs/runbooks.md',
    // Alerts to leave out, by name.
    disabled: [],
  },

  local config = self._config,
  local alert(rule) = rule {
    annotations+: { runbook_url: config.runbooks + '#' + std.asciiLower(rule.alert) },
  },

  prometheusRules+: {
    groups+: groups(importstr '../alerts/limits.yml') + groups(importstr '../alerts/recording.yml'),
  },

  prometheusAlerts+: {
    groups+: [
      group { rules: [alert(rule) for rule in group.rules if !std.member(config.disabled, rule.alert)] }
      for group in groups(importstr '../alerts/core.yml') + groups(importstr '../alerts/extended.yml')
    ],
  },

  grafanaDashboards+: {
    'securitycenter-exporter.json': import '../dashboards/exporter.json',
    'securitycenter-fleet.json': import '../dashboards/fleet.json',
    'securitycenter-owners.json': import '../dashboards/owners.json',
    'securitycenter-posture.json': import '../dashboards/posture.json',
    'securitycenter-remediation.json': import '../dashboards/remediation.json',
    'securitycenter-repository.json': import '../dashboards/repository.json',
    'securitycenter-scanning.json': import '../dashboards/scanning.json',
  },
}
