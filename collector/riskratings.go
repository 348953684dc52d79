package collector

import (
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var riskVPR = &Family{
	Name:      "securitycenter_vulnerabilities_vpr",
	Stability: Experimental,
	Source:    Source{REST: "POST /analysis, sumip", Cost: "4 analysis requests"},
	Help:      "Open findings by band of their Vulnerability Priority Rating: low 0.1 to 3.9, medium 4 to 6.9, high 7 to 8.9, critical 9 to 10. Absent if the console has no such rating, and unless switched on.",
	Labels:    []string{"band"},
}

// riskRatings counts by band of the Vulnerability Priority Rating.
func riskRatings(total tally, settings Settings) []*figure {
	if !settings.Bool("vpr") {
		return nil
	}
	var list []*figure
	for _, band := range []struct {
		name      string
		low, high float64
	}{{"low", 0.1, 3.9}, {"medium", 4, 6.9}, {"high", 7, 8.9}, {"critical", 9, 10}} {
		list = append(list, total.asks(findings.Severities, only(scapi.VPR(band.low, band.high))).shows(ofFindings, riskVPR, band.name))
	}
	return list
}
