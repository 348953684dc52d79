// Package doctor finds out what works on a console, read-only: what each account may read, which calls and filters are
// answered, whether the identities hold that the exporter's numbers rest on, which words nobody has seen yet, and what a
// cycle will cost. It also records a cycle, for those who may not let anybody look.
package doctor
