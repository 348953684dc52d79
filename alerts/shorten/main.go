// Command shorten copies Prometheus rule files with every waiting time cut short, so that a test can prove the rules
// that are shipped against a real Prometheus in seconds:
//
//	go run ./alerts/shorten -for=1s -window=10s -out=DIR alerts/*.yml
//
// It rewrites "for", "keep_firing_for", ranges ([7d]) and offsets (offset 1d), and nothing else: thresholds, labels and
// annotations stay as they are. Files without rules are refused.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	short := durations{}
	out := flag.String("out", "", "folder that the files are written to, under their own names; it is made where it is not there")
	flag.DurationVar(&short.wait, "for", time.Second, "what every for becomes; may be 0")
	flag.DurationVar(&short.window, "window", 10*time.Second, "what every range and offset becomes")
	flag.Parse()
	if err := run(*out, short, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "shorten:", err)
		os.Exit(1)
	}
}

func run(out string, short durations, files []string) error {
	if out == "" || len(files) == 0 {
		return fmt.Errorf("got -out=%q and %d files, expected a folder and at least one rule file", out, len(files))
	}
	if short.wait < 0 || short.window <= 0 {
		return fmt.Errorf("got -for=%s and -window=%s, expected 0 or more and more than 0", short.wait, short.window)
	}
	if err := os.MkdirAll(out, 0o750); err != nil {
		return err
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		body, err = shorten(body, short)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := os.WriteFile(filepath.Join(out, filepath.Base(file)), body, 0o600); err != nil {
			return err
		}
	}
	return nil
}
