package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// scctlVariable says where the command-line tool is that was built to be measured.
const scctlVariable = "BENCH_SCCTL"

// buildSCCTL builds the command-line tool of the tree, for the subjects that run it.
func buildSCCTL() (remove func(), err error) {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	remove = func() { _ = os.RemoveAll(folder) }
	program := filepath.Join(folder, "scctl")
	build := exec.CommandContext(rowsContext, "go", "build", "-o", program, "./cmd/scctl") //nolint:gosec // a folder that was made for it
	build.Dir = ".."                                                                       // bench is run in its own folder
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		remove()
		return nil, fmt.Errorf("build scctl: %w", err)
	}
	return remove, os.Setenv(scctlVariable, program)
}

// isSCCTL reports whether a way to read rows is to run the command-line tool.
func isSCCTL(way string) bool { return strings.HasPrefix(way, "scctl-") }

// runSCCTL reads rows with the command-line tool, which writes them in a format to
// a device that takes everything.
func runSCCTL(url, tool, format string, rows int) error {
	program := os.Getenv(scctlVariable)
	if program == "" {
		return errors.New("there is no scctl")
	}
	cmd := exec.CommandContext(context.Background(), program, "--url", url, "query", tool, //nolint:gosec // it was built here
		"--format", format, "--limit", strconv.Itoa(rows), "--output", os.DevNull)
	cmd.Env = append(os.Environ(), "SC_ACCESS_KEY="+sctest.AnalystAccessKey, "SC_SECRET_KEY="+sctest.AnalystSecretKey)
	if complaint, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("scctl: %w: %s", err, strings.TrimSpace(string(complaint)))
	}
	return nil
}
