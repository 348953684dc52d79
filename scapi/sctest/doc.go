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
// or switchable in [Quirks].
package sctest
