package collector

import (
	"context"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var riskVPR = &Family{
	Name:   "securitycenter_vulnerabilities_vpr",
	Source: Source{REST: "POST /analysis, sumip", Cost: "4 analysis requests"},
	Help:   "Open findings by band of their Vulnerability Priority Rating: low 0.1 to 3.9, medium 4 to 6.9, high 7 to 8.9, critical 9 to 10. Absent if the console has no such rating, and unless switched on.",
	Labels: []string{"band"},
}

// riskRatings counts by band of the Vulnerability Priority Rating.
func riskRatings(ctx context.Context, total tally, settings Settings) error {
	if !settings.Bool("vpr") {
		return nil
	}
	for _, band := range []struct {
		name      string
		low, high float64
	}{{"low", 0.1, 3.9}, {"medium", 4, 6.9}, {"high", 7, 8.9}, {"critical", 9, 10}} {
		counts, err := total.findings(ctx, riskVPR, only(scapi.VPR(band.low, band.high)))
		if err != nil {
			return err
		}
		if counts.Valid {
			total.m.Set(riskVPR, float64(counts.Value.Total()), band.name)
		}
	}
	return nil
}
