package main

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Prometheus asks for metrics with these headers.
const (
	prometheusAccept   = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
	prometheusEncoding = "gzip"
)

// ways are how a page of metrics may be served, the exporter's last but one;
// ratios are to the last.
var ways = []struct{ name, says string }{
	{"fresh", "promhttp, const metrics made at every scrape"},
	{"cached", "promhttp over families kept"},
	{"ours", "the exporter"},
	{"kept", "bytes kept, in one handler that writes them"},
}

// scrape prints what a scrape costs the process that answers it.
func scrape(w io.Writer, rounds int) error {
	fmt.Fprint(w, `### A scrape

CPU time of the process that answers, over a kept connection, and what it allocates; the number in brackets is how many
times that of bytes kept ready. The page is that of a small simulated console and of a collector that makes up the rest.

| series | encoding | way | CPU of a scrape | allocations | kilobytes allocated |
|---|---|---|---|---|---|
`)
	for _, page := range []struct {
		series, scrapes int
		encoding        string
	}{{2500, 1000, prometheusEncoding}, {2500, 1000, "identity"}, {100_000, 200, prometheusEncoding}, {100_000, 100, "identity"}} {
		costs, err := compareScrapes(page.series, page.encoding, page.scrapes, rounds)
		if err != nil {
			return err
		}
		kept := costs[len(costs)-1]
		for i, c := range costs {
			fmt.Fprintf(w, "| %d | %s | %s | %s (%.3g) | %.0f | %.0f |\n", page.series, page.encoding, ways[i].says,
				c.CPU.Round(100*time.Nanosecond), float64(c.CPU)/float64(kept.CPU), c.Allocations, c.Bytes/1000)
		}
	}
	return nil
}

// compareScrapes returns the median cost of a scrape for each of the ways.
func compareScrapes(series int, encoding string, scrapes, rounds int) (medians []cost, err error) {
	servers := make([]*subject, len(ways))
	defer func() { err = errors.Join(err, stop(servers)) }()
	for i, way := range ways {
		if servers[i], err = start(fmt.Sprintf("serve %s %d %s", way.name, series, encoding)); err != nil {
			return nil, fmt.Errorf("%s: %w", way.name, err)
		}
		if _, err := servers[i].do(3); err != nil { // whatever is made at first
			return nil, err
		}
	}
	costs := make([][]cost, len(ways))
	for range rounds {
		for i, server := range servers {
			n := scrapes
			if ways[i].name == "fresh" || ways[i].name == "cached" {
				n = max(5, scrapes/20) // they take long enough
			}
			c, err := server.do(n)
			if err != nil {
				return nil, err
			}
			costs[i] = append(costs[i], c)
		}
	}
	for _, rounds := range costs {
		medians = append(medians, median(rounds))
	}
	return medians, nil
}
