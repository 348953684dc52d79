package main

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// host is a row of hosts as a program would declare it that knows one console
// alone: every column is a text there.
type host struct {
	IP               string `json:"ip"`
	UUID             string `json:"uuid"`
	Score            string `json:"score"`
	Total            string `json:"total"`
	SeverityInfo     string `json:"severityInfo"`
	SeverityLow      string `json:"severityLow"`
	SeverityMedium   string `json:"severityMedium"`
	SeverityHigh     string `json:"severityHigh"`
	SeverityCritical string `json:"severityCritical"`
	MACAddress       string `json:"macAddress"`
	PolicyName       string `json:"policyName"`
	PluginSet        string `json:"pluginSet"`
	NetBIOSName      string `json:"netbiosName"`
	DNSName          string `json:"dnsName"`
	OSCPE            string `json:"osCPE"`
	BIOSGUID         string `json:"biosGUID"`
	TPMID            string `json:"tpmID"`
	McAfeeGUID       string `json:"mcafeeGUID"`
	LastAuthRun      string `json:"lastAuthRun"`
	LastUnauthRun    string `json:"lastUnauthRun"`
	Uniqueness       string `json:"uniqueness"`
	HostUniqueness   string `json:"hostUniqueness"`
	HostUUID         string `json:"hostUUID"`
	ACRScore         string `json:"acrScore"`
	AssetExposure    string `json:"assetExposureScore"`
	Repository       named  `json:"repository"`
}

// finding is a row of findings, likewise, with the columns that scapi.Vuln has.
type finding struct {
	PluginID              string `json:"pluginID"`
	PluginName            string `json:"pluginName"`
	Family                named  `json:"family"`
	Severity              named  `json:"severity"`
	Repository            named  `json:"repository"`
	IP                    string `json:"ip"`
	DNSName               string `json:"dnsName"`
	NetBIOSName           string `json:"netbiosName"`
	MACAddress            string `json:"macAddress"`
	UUID                  string `json:"uuid"`
	HostUUID              string `json:"hostUUID"`
	OperatingSystem       string `json:"operatingSystem"`
	VulnUniqueness        string `json:"vulnUniqueness"`
	Port                  string `json:"port"`
	Protocol              string `json:"protocol"`
	FirstSeen             string `json:"firstSeen"`
	LastSeen              string `json:"lastSeen"`
	AcceptRisk            string `json:"acceptRisk"`
	RecastRisk            string `json:"recastRisk"`
	AcceptRiskRuleComment string `json:"acceptRiskRuleComment"`
	RecastRiskRuleComment string `json:"recastRiskRuleComment"`
	HasBeenMitigated      string `json:"hasBeenMitigated"`
	ExploitAvailable      string `json:"exploitAvailable"`
	RiskFactor            string `json:"riskFactor"`
	BaseScore             string `json:"baseScore"`
	CVSSV3BaseScore       string `json:"cvssV3BaseScore"`
	VPRScore              string `json:"vprScore"`
	ACRScore              string `json:"acrScore"`
	AssetExposureScore    string `json:"assetExposureScore"`
	CVE                   string `json:"cve"`
	Xref                  string `json:"xref"`
	CPE                   string `json:"cpe"`
	Synopsis              string `json:"synopsis"`
	Description           string `json:"description"`
	Solution              string `json:"solution"`
	SeeAlso               string `json:"seeAlso"`
	PluginText            string `json:"pluginText"`
	VulnPubDate           string `json:"vulnPubDate"`
	PatchPubDate          string `json:"patchPubDate"`
	PluginPubDate         string `json:"pluginPubDate"`
	SEOLDate              string `json:"seolDate"`
}
