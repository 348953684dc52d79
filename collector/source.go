package collector

// Source is where a metric comes from: the console call on each dialect, empty
// where there is none, and what it costs the console each time.
type Source struct{ REST, RPC, Cost string }

// Sources that several metrics share.
var (
	fromSystem            = Source{"GET /system", "system::init", "1 request"}
	fromStatus            = Source{"GET /status", "", "1 request, the same for all that has this source"}
	fromLicence           = Source{"GET /status", "system::init", "1 request, the same for all that has this source"}
	fromAddresses         = Source{"GET /status", "repository::init", "1 request, the same for all that has this source"}
	fromJobs              = Source{"GET /job", "", "1 request"}
	fromDiagnostics       = Source{"GET /system/diagnostics", "", "1 request"}
	fromFeeds             = Source{"GET /feed", "plugin::init", "1 request for all"}
	fromFeedsREST         = Source{"GET /feed", "", "1 request for all"}
	fromScanners          = Source{"GET /scanner", "scanner::init, zone::init", "1 request for all"}
	fromScannersREST      = Source{"GET /scanner", "", "1 request for all"}
	fromScannerHealth     = Source{"GET /scanner/{id}/health", "", "1 request for each scanner"}
	fromZones             = Source{"GET /zone", "zone::init", "1 request for all"}
	fromRepositories      = Source{"GET /repository", "repository::init", "1 request for each account"}
	fromScanList          = Source{"GET /scan, GET /scanResult", "scan::init, scanResult::getRange", "3 requests for each organisation account"}
	fromScanDetails       = Source{"GET /scan, GET /scanResult, GET /scanResult/{id}", "scan::init, scanResult::getRange", "3 requests for each organisation account, and 1 for each newly finished result"}
	fromScanREST          = Source{"GET /scan", "", "3 requests for each organisation account"}
	fromRepositorySummary = Source{"POST /analysis, sumip", "vuln::query, sumip and sumseverity", "1 analysis request for each repository, 2 where compliance results are subtracted or the console does not tell all in one answer"}
	fromOneSummary        = Source{"POST /analysis, sumip", "vuln::query, sumseverity", "1 analysis request, 2 where compliance results are subtracted"}
	fromStatusSummary     = Source{"POST /analysis, sumip", "vuln::query, sumseverity", "1 analysis request, 2 where compliance results are subtracted; a few more once a day to check the spelling of the filter"}
)
