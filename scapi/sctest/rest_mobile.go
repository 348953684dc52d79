package sctest

import (
	"slices"
	"strings"
)

// mobileTools are the tools of the mobile analysis, with what stands in matchingDataElementCount where nothing is found. The
// blank at its end is the console's own. How summodel ends it is not known: as sumoscpe, which counts devices too, is a choice.
var mobileTools = map[string]string{
	"sumdeviceid": "0:0:0:0:0:0:0 ", "summdmuser": "0:0:0:0:0:0:0 ", "sumpluginid": "0:0:0:0:0:0:0 ",
	"summodel": "0:0:0:0:0:0:0:0 ", "sumoscpe": "0:0:0:0:0:0:0:0 ", "sumseverity": "0:0:0:0:0:0 ", "listvuln": "-1 ", "vulndetails": "-1 ",
}

// mobileFilters are the filters that clients of the mobile analysis send.
var mobileFilters = []string{"repositoryIDs", "port", "pluginID", "familyID", "pluginOutput", "lastSeen", "lastMitigated", "severity", "protocol",
	"pluginName", "baseCVSSScore", "exploitAvailable", "pluginPublished", "pluginModified", "vulnPublished", "patchPublished", "deviceID", "mdmType",
	"deviceModel", "serialNumber", "deviceUser", "deviceVersion", "osCPE"}

// mobile answers a query about phones. This console has no repository of any, so it finds none.
func (x *exchange) mobile(q question) (any, error) {
	matching, known := mobileTools[q.tool]
	switch {
	case q.source != "cumulative":
		return nil, refuse(146, "Invalid parameters specified for mobile query.  The source type '%s' is invalid.", q.source)
	case !known:
		return nil, x.c.notRecognized("Tool", q.tool, refuse(146, "Invalid parameters specified for mobile vuln query.  The tool '%s' is invalid.", q.tool))
	}
	for _, f := range q.filters {
		if !slices.Contains(mobileFilters, f.FilterName) {
			return nil, refuse(146, "Invalid parameters specified for mobile vuln query.  The filter '%s' is invalid (valid filters: %s).",
				f.FilterName, strings.Join(mobileFilters, ", "))
		}
	}
	rows := []object{}
	if q.tool == "sumseverity" { // which has a row for each, whatever there is
		for sev := 4; sev >= 0; sev-- {
			rows = append(rows, object{"severity": x.c.severity(sev), "count": "0"})
		}
	}
	return object{"totalRecords": epoch(int64(len(rows))), "returnedRecords": len(rows), "startOffset": epoch(int64(q.start)),
		"endOffset": epoch(int64(q.end)), "matchingDataElementCount": matching, "results": rows}, nil
}
