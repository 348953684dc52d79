package sctest

import (
	"strconv"
	"strings"
	"time"
)

// Dialect is the wire protocol that a simulated console speaks.
type Dialect int

const (
	// REST is the protocol of SecurityCenter 5, Tenable.sc and Tenable Security Center 6: /rest/….
	REST Dialect = iota
	// RPC is the protocol of SecurityCenter 4: POST /request.php with a module and an action.
	RPC
)

// String returns "rest" or "rpc".
func (d Dialect) String() string {
	if d == RPC {
		return "rpc"
	}
	return "rest"
}

// The accounts of a console whose Options name none. Each has a password, API keys (REST) and the common
// name of a client certificate, which is its user name.
const (
	AdminUsername  = "admin"
	AdminPassword  = "admin-password"
	AdminAccessKey = "a0000000000000000000000000000001"
	AdminSecretKey = "b0000000000000000000000000000001"

	AnalystUsername  = "analyst"
	AnalystPassword  = "analyst-password"
	AnalystAccessKey = "a0000000000000000000000000000002"
	AnalystSecretKey = "b0000000000000000000000000000002"
)

// Account is a user of the console.
type Account struct {
	Username, Password   string
	AccessKey, SecretKey string // API keys, REST 5.13 and later; empty: none
	CertificateCN        string // common name of the client certificate that logs this user in; empty: none
	Administrator        bool   // sees the system and no vulnerability
	Organization         int    // of an organisation user; 0 means 1
	Locked               bool   // by an administrator: the password is refused
	Repositories         []string
	// Repositories are the ids that an organisation user may read; empty means all of the organisation.
}

// Quirks switches the irregularities of real consoles. The zero value is what a real console of that version does.
type Quirks struct {
	NumbersAsNumbers      bool // numeric strings of the answers arrive as JSON numbers
	TokenAsString         bool // the token of a REST login is a string, not a number
	WarningsObject        bool // "warnings" is {} everywhere, not only in the ticket list
	NoMatchingCount       bool // REST: matchingDataElementCount is "-1" for every tool
	WrongMatchingCount    bool // REST: the severities of matchingDataElementCount do not add up
	RPCMatchingCount      bool // RPC: matchingDataElementCount is present
	RPCNumericEventTotals bool // RPC: totalRecords of an event query is a number
	InclusivePages        bool // a page of findings also holds the first row of the next one
	RPCPluginEndArray     bool // RPC: plugin::init past the end answers []
	FullPluginPages       bool // REST: no short page in the middle of the plugin list
	LowCompliancePlugins  bool // audit checks have plugin ids below 1,000,000
	NoCredentialPlugins   bool // no plugin but the text of 19506 tells what became of logging in, as in old plugin sets
	AcceptedHidden        bool // a query without a filter on accepted risk leaves accepted findings out
	NoAllRisk             bool // REST: acceptRiskStatus does not take the value all
	OldAcceptedWord       bool // REST: acceptRiskStatus takes nonAccepted, and neither notAccepted nor all
	AcceptedIgnored       bool // filters on accepted risk are taken and change nothing
	BlindToCompliance     bool // pluginType=compliance matches nothing, although there are audit results
	Speaks143             bool // what a query asks for and the console does not know is refused by code 143: Filter "x" is not recognized
	SharedAddresses       bool // some hosts of a repository have one address and differ in their DNS names
	HostTotalByAddress    bool // hostTotal of sumid counts an address once, however many repositories hold it; sumip counts it in each
	NoHostTotal           bool // rows of sumid have no hostTotal
	PlainScanDownload     bool // a scan is downloaded as the file itself, not in an archive
	APIKeysDisabled       bool // requests with API keys are answered with status 400
}

// Options describe a simulated console. The zero value is a believable Tenable Security Center 6.4 of 200 hosts.
type Options struct {
	Dialect Dialect
	Version string // default "6.4.0" (REST), "4.8.1" (RPC); the behaviour follows it

	Seed         uint64 // equal seeds give equal consoles, on both dialects
	Hosts        int    // rows of the host summary over all repositories; default 200
	Repositories int    // default 4; the first two have the same name and some addresses in common
	// UnassignedRepository takes the last repository away from every organisation: only administrators see it.
	UnassignedRepository bool
	// LocalRepositories makes all repositories such as the console fills by itself: none is remote or offline.
	LocalRepositories bool
	// OwnObjects gives every organisation asset lists, audit files, saved queries, scans, results, tickets, users, risk rules
	// and policies of its own, whose ids are those of the others. Without it all organisations see the same.
	OwnObjects bool
	Scanners   int // default 14, one in each state
	Zones      int // default 4; the last has no working scanner
	Scans      int // scan definitions; default 12
	Plugins    int // length of the plugin list; default 200,000

	ScanBytes int64 // least length of a downloaded scan file, unpacked; 0: what its hosts give

	Accounts       []Account     // default: AdminUsername and AnalystUsername
	SessionTimeout time.Duration // idle; default 1 hour
	SessionLimit   int           // sessions of one user at a time; 0: no limit
	LockAfter      int           // refused logins that lock a user; default 5, negative: never

	Now           func() time.Time // the console's clock; default time.Now
	Latency       time.Duration    // of every answer
	RefuseFilters []string         // analysis filters that this console calls invalid, as an older version would
	// RefuseOperators are operators that this console does not know, RefuseTools analysis tools.
	RefuseOperators, RefuseTools []string
	Quirks                       Quirks
}

func (o Options) withDefaults() Options {
	setInt := func(p *int, def int) {
		if *p <= 0 {
			*p = def
		}
	}
	if o.Version == "" {
		o.Version = "6.4.0"
		if o.Dialect == RPC {
			o.Version = "4.8.1"
		}
	}
	setInt(&o.Hosts, 200)
	setInt(&o.Repositories, 4)
	setInt(&o.Scanners, len(scannerStates))
	setInt(&o.Zones, 4)
	setInt(&o.Scans, 12)
	setInt(&o.Plugins, 200_000)
	if o.LockAfter == 0 {
		o.LockAfter = 5
	}
	if o.SessionTimeout <= 0 {
		o.SessionTimeout = time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if len(o.Accounts) == 0 {
		o.Accounts = []Account{
			{Username: AdminUsername, Password: AdminPassword, AccessKey: AdminAccessKey, SecretKey: AdminSecretKey,
				CertificateCN: AdminUsername, Administrator: true},
			{Username: AnalystUsername, Password: AnalystPassword, AccessKey: AnalystAccessKey, SecretKey: AnalystSecretKey,
				CertificateCN: AnalystUsername, Organization: 1},
		}
	}
	accounts := make([]Account, len(o.Accounts))
	for i, a := range o.Accounts {
		if a.Organization == 0 && !a.Administrator {
			a.Organization = 1
		}
		accounts[i] = a
	}
	o.Accounts = accounts
	return o
}

// release is a version as numbers, for comparison.
type release [3]int

func parseRelease(s string) release {
	var r release
	for i, part := range strings.SplitN(s, ".", 4) {
		if i == len(r) {
			break
		}
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		r[i] = n
	}
	return r
}

// atLeast says whether the release is major.minor.0 or later.
func (r release) atLeast(major, minor int) bool {
	return r[0] > major || r[0] == major && r[1] >= minor
}
