package recording

import (
	"net/netip"
	"regexp"
	"strings"
)

// set makes a set of words.
func set(text string) map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.Fields(text) {
		words[w] = true
	}
	return words
}

// What a field holds, by its name in lower case. A text in a field that is in none of these is a name, and replaced.
var (
	// Words of the product: kept, as long as they look like such.
	wordFields = set(`type types status state importstatus dataformat licensestatus subscriptionstatus pluginsubscriptionstatus
		lcepluginsubscriptionstatus passivepluginsubscriptionstatus jobd authtype tool sourcetype operator filtername sortfield
		sortdir sortdirection view plugintype riskfactor checktype protocol hosttype resulttype objecttype rollovertype mdmtype
		severity timecomparefield serverclassification serverauth classification direction downloadformat downloadtype
		diagnosticsgeneratestate debugloggingfilegeneratestate migrationstatus lastdbbackupstatus acceptrisk recastrisk
		exploitavailable hasbeenmitigated op filterfield freshinstall stale running usable manageable enabled repeatrule
		agentcapable zoneselection frequency`)
	versionFields = set(`version webversion scversion buildid releaseid pluginversion loadedpluginset pluginset plugincurrentset`)
	listFields    = set(`fields requestedfields`)
	messageFields = set(`error_msg warnings errordetails importerrordetails message statusmessage errormessage`)
	// Where these hold an object, its name is the product's.
	wordObjects = set(`severity riskfactor plugintype family pluginfamily`)
	// Numbers in these are somebody's all the same.
	userFields = set(`username firstname lastname name email phone fax address city state country title user owner creator
		initiator fingerprint ldapusername principal upn`)
	userObjects = set(`owner creator initiator user assignee manager ownergroup users responsibleuser currentuser`)
	hostFields  = set(`ip ips iplist dnsname netbiosname macaddress hostuuid uuid hostuniqueness address addresses hostname
		definedips viewableips ranges excludedips operatingsystem os`)
	textFields = set(`plugintext synopsis description solution pluginname cve xref seealso cpe bid output text notes details
		exploitframeworks patchpubdate cvssvector cvssv3vector basescore`)
	personal = set(`name username firstname lastname email phone fax address city country title description notes comments
		dnsname netbiosname macaddress uuid serial serialnumber user`)
	// In these a number of ten digits is a time.
	timeField = regexp.MustCompile(`(?i)time|date|timestamp|start$|finish$|seen|success|failure|lastchecked|nextrun|lastrun|expir|created|modified|vuln_intel`)
	// Answers and rules of these are times in another spelling: 202311150001.
	stampFields = set(`loadedpluginset pluginset plugincurrentset`)
)

// knownField reports whether a name, in lower case, is that of a field whose meaning is known, and so nobody's.
func knownField(name string) bool {
	for _, known := range []map[string]bool{wordFields, versionFields, listFields, messageFields, wordObjects, userFields, userObjects, hostFields, textFields, personal} {
		if known[name] {
			return true
		}
	}
	return false
}

// What texts look like.
var (
	numeric = regexp.MustCompile(`^-?\d{1,13}(\.\d{1,17})?%?$`)
	// Counts and ranges: 1:2:3, 0:30, 1-999999, 1,2,3.
	numbers = regexp.MustCompile(`^-?\d{1,10}(?:[:,-]-?\d{1,10})*$`)
	epoch   = regexp.MustCompile(`^[12]\d{9}$`)
	stamp   = regexp.MustCompile(`^20\d{10}$`)
	version = regexp.MustCompile(`^(?:[A-Za-z]{1,12}:? )?v?\d{1,12}(?:\.\d{1,8}){0,5}(?:[ (#)_-]*(?:\d{1,6}|rc\d*|beta|alpha|[A-Z]{2,7}))*\)?$`)
	word    = regexp.MustCompile(`^[A-Za-z][A-Za-z _/:()&+-]{0,47}(?:\(\d{1,3}\))?$`)
	// A key of an object, a field that is asked for, a filter: what programmers write.
	identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,39}$`)
	idList     = regexp.MustCompile(`^[A-Za-z0-9_]+(?:[,.][A-Za-z0-9_]+)*$`)
	httpStatus = regexp.MustCompile(`^[45]\d\d$`)
	camel      = regexp.MustCompile(`^[a-z]{1,20}(?:[A-Z][a-z0-9]*)+$`)
)

// isVersion reports whether a text is a version. Four numbers may be one, and may be somebody's address.
func isVersion(s string) bool {
	_, err := netip.ParseAddr(s)
	return err != nil && version.MatchString(s)
}

// flags are words that are no text of anybody's in any field.
var flags = set(`true false yes no on off none None all any`)

// values are those of filters and parameters that a client sends.
var values = map[string]bool{
	"true": true, "false": true, "accepted": true, "notAccepted": true, "nonAccepted": true, "all": true, "recast": true, "notRecast": true,
	"previously": true, "never": true, "excludeWas": true, "onlyWas": true, "compliance": true, "active": true, "passive": true,
	"lce": true, "event": true, "custom": true, "running": true, "completed": true, "usable": true, "manageable": true,
	"Credentialed checks : yes": true, "=": true, "<=": true, ">=": true, "!=": true,
}

// known are words that the product is known to say.
var known = set(`Valid Invalid Expired Running Stopped Completed Partial Error Queued Paused Pausing Resuming Stopping Canceled
	Preparing Finished Importing Blocked Working Local Remote Offline IPv4 IPv6 agent mobile universal active passive lce
	compliance custom event industrial static dynamic watchlist dnsname ldap combination unix windows regular vuln policy
	template never now rollover ical TCP UDP ICMP tcp udp icmp remote local any password None Low Medium High Critical Info
	critical high medium low info cumulative patched mitigated individual archive notification assigned resolved feedback closed
	more duplicate asc desc ASC DESC sum sumip sumid sumseverity sumremediation sumclassa sumclassb sumclassc sumasset
	sumdnsname sumprot sumport sumplugin sumfamily sumiavm vulndetails listvuln vulnipdetail iplist trend sumtype sumevent
	importScan scan pluginUpdate repositorySync report access-denied application connection continuous data-leak database
	denial-of-service detected-change dhcp dns error file-access firewall ftp honeypot indicator intrusion lce login
	login-failure logout nbs network process restart scanning social-networks spam stats system threatlist unnormalized usb
	virus vulnerability web-access web-error wireless-network`)

// plain are words of messages that are nobody's name. A word of a message that is not among them is replaced.
var plain = set(`a about access account action admin administrator administrators all allowed already an analysis and any api are as asset
	assets at audit authentication authorization authorized available back bad be because been begin blocked body bad by call
	cannot certificate check client code combination command completed configuration configured connect connection console contact
	contain contains could create created credential credentials daemon data database date delete denied did directory disabled
	disk does done download during edit empty enabled end ended error errors event execute exist existing exists expired expression
	failed failure feed field fields file filter filters find for forbidden format found from full function get given group groups has
	have header host hosts html id identifier if import in information input insufficient integer internal invalid is it its job jobs key
	kind language last ldap length license licensed limit list locale locked log logged login logout long lookup malformed match
	maximum may message method minimum missing mobile mode module more most must name names network no none not null number object
	objects occurred of offset offline on one only open operation operator option or order organization organizations out own
	owner page parameter parameters parse password patch path perform permission permissions permitted please plugin plugins policies
	policy port privilege privileges process processing protocol query range reached read received record records refused
	rejected remote report repositories repository request requested required resource response result results retrieve returned role
	roles rule rules running save scan scanner scanners scans schedule search security securitycenter server service session sessions set
	shared should showvulns since size sort source specified specify start started state status stopped string such supported system
	table tag target task temporarily tenable tenable.sc text that the there this ticket time timeout to token too tool type unable
	unauthorized unavailable unexpected unknown unrecognized unsupported until update updated upgrade upload uploaded url use used user
	users using valid validation value values version view vuln vulnerabilities vulnerability warning was were when while with
	within without wrong you your zone zones recognized building mobile ip iavm severity family asset xref vpr cvss
	building moved permanently apache bad gateway proxy gone`)
