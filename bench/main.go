// Command bench measures what the exporter and the client library cost beside
// other ways of doing the same, and prints it as tables in Markdown: ratios of
// CPU time, medians of rounds that take turns, so that a noisy machine is noisy
// for all of them. Each subject runs in a process of its own.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// tables are what is measured, in the order of printing. Each has a file of its
// own.
var tables = []struct {
	name  string
	print func(w io.Writer, rounds int) error
}{
	{"scrape", scrape},
	{"rows", rows},
}

func main() {
	if subject := os.Getenv(subjectVariable); subject != "" { // this process is what is measured
		exit(play(subject))
	}
	only := flag.String("only", "", "table to print; empty: all")
	rounds := flag.Int("rounds", 7, "rounds of which the median counts")
	flag.Parse()
	fmt.Printf("Measured on %s with %s on %s, medians of %d rounds.\n", time.Now().UTC().Format(time.DateOnly), runtime.Version(), machine(), *rounds)
	for _, table := range tables {
		if *only != "" && *only != table.name {
			continue
		}
		fmt.Println()
		if err := table.print(os.Stdout, *rounds); err != nil {
			exit(fmt.Errorf("%s: %w", table.name, err))
		}
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// machine says on what is measured: cores and their kind.
func machine() string {
	kind := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				kind = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d cores (%s)", runtime.NumCPU(), kind)
}
