// Package scapi is a client of Tenable Security Center, in both protocols that
// the product has had: REST (SecurityCenter 5, Tenable.sc, Security Center 6)
// and the RPC of SecurityCenter 4. A Client finds out which one its console
// speaks, logs in when it first needs to, and gives the same Go values for both:
//
//	client, err := scapi.New(scapi.Options{
//		URL: "https://sc.example.org",
//		Credentials: func() (scapi.Credentials, error) {
//			return scapi.Credentials{AccessKey: "…", SecretKey: "…"}, nil
//		},
//	})
//	…
//	summary, err := client.Summary(ctx, scapi.Query{Filters: []scapi.Filter{scapi.BySeverity(scapi.Critical)}})
//
// # Accounts
//
// No account sees everything. An administrator sees feeds, scanners, zones,
// all repositories, licence and jobs, but no finding; a user of an organisation
// sees findings, scans and the repositories of his organisation. A program that
// wants both needs two Clients; Client.Whoami tells which kind one is, and
// IsPermission recognises what the account may not do.
//
// # Queries
//
// Client.Summary counts findings by severity with one request of one row,
// whatever the size of the console. Client.Query, Client.QueryPages and
// Client.Rows read rows: all at once, page by page, or one by one; Client.Hosts
// reads those of the host summary with typed columns. Pages are fetched ahead of
// their reader (Options.Prefetch), and memory does not grow with their number.
// Filters such as BySeverity or FirstSeen are spelled as the console's dialect
// and version want them; a Filter made by hand is sent as it is.
//
// # Files
//
// Client.DownloadScan hands out the file of a scan result as it arrives,
// unpacked; Client.ImportDashboard and Client.ImportReport upload templates, and
// Client.Upload any file that a call made by Client.Raw then uses. Files are
// never whole in memory.
//
// # Connections
//
// NewTransport makes the transport of one Client: own authorities, client
// certificate, name of the console's certificate, proxy. Verification is on
// unless it is switched off. Options.Trace receives what is sent and answered,
// without its secrets.
//
// # Values
//
// Consoles send numbers as strings, leave values out, or say "-1" for unknown.
// What is not known is an absent Opt, a zero time or an empty string, never 0
// or -1. Every value keeps its JSON in Raw, for what is not modelled here, and
// Client.Raw makes calls that are not.
//
// # Changes
//
// Calls that change something on the console, such as Client.UpdateAsset, say
// what to change; the rest stays as it is. With Options.DryRun they show their
// requests instead of sending them, and fail with ErrDryRun.
//
// # Errors
//
// Errors of a console are an *Error with HTTP status, code and message. The
// predicates (IsPermission, IsNotFound, IsTemporary, IsLoginRefused,
// RefusalOf) and sentinels (ErrUnsupported, ErrNotFound, ErrMalformed,
// ErrSessionLimit, ErrTooLarge, ErrRedirect) tell them apart.
package scapi
