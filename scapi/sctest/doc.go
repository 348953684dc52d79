// Package sctest simulates a Security Center console, for tests, benchmarks and demonstrations.
//
//	console := sctest.Start(t, sctest.Options{})              // Tenable Security Center 6.4 on 127.0.0.1
//	console := sctest.Start(t, sctest.Options{Dialect: sctest.RPC}) // SecurityCenter 4.8
//
// Everything the console answers is computed from the same findings, by arithmetic on a seed and the clock: equal
// seeds give equal numbers on both protocols and in every tool, a console of a million hosts starts in a second, and
// the data moves with time although nothing is stored. [Console.Findings] is the second path to the numbers,
// [Console.Requests] what the console saw, [Console.Inject] makes it misbehave, [Console.Change] breaks and mends what it is.
//
// What clients write is kept and can be looked at from outside: [Console.Asset], [Console.Credential] with its real
// secrets, [Console.Uploads] and [Console.Imports]. A downloaded scan is as long as [Options].ScanBytes says, made
// while it is sent, and [Console.WriteScan] writes the same bytes.
//
// It follows what is known of the protocols, not any client; what is not known is a choice, marked so in the code
// or switchable in [Quirks]. The behaviour follows the version: 4.0 to 4.8 over RPC, 5.x to 6.7 over REST.
//
// # Consoles of a kind
//
// A console whose clock is off has [Options].Now; one that hides accepted findings, speaks of refusals by code 143 or has
// hosts that share an address is made of [Quirks]; one with several organisations has [Options].Accounts of them, and with
// [Options].OwnObjects ids that repeat between them, whose objects [Console.Organization] knows. Pages that lie, sessions
// that end and remarks beside a success are faults.
//
// # What is not imitated
//
//   - Writes other than those of asset lists, credentials, uploads and imports, and the question for the state of scanners:
//     nothing can be made, deleted, launched or paused. Such a call is answered as an unknown path is.
//   - Rights within an organisation: every user sees all of it, as far as his repositories go. Roles and groups are lists
//     without effect. Administrators see the asset lists of organisation 1.
//   - Credentials, roles and groups are the same in all organisations, whatever OwnObjects says. Risk rules have nothing to do
//     with which findings are accepted or recast.
//   - Phones (there is no mobile repository), passive scanners, log servers as objects, agents and their scans, alerts,
//     reports and dashboards: their lists are empty, or there is no such call.
//   - Calls of 6.x: /hosts, /wasScanner, /sensor-proxy, /all/licenseInfo, tools of web applications. /cve knows every CVE.
//   - Filters that are rarely needed, such as policy, users, responsibleUser and those of 6.x but for wasVuln; trends; filters on
//     the console's log.
//   - The family of audit checks, which real consoles call 0, N/A.
//   - A login for a user of another directory, or through a proxy; limits of the rate of requests; compressed answers.
package sctest
