// Command publish writes the boards into a folder in the form that grafana.com takes:
//
//	go run ./dashboards/publish FOLDER
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/securitycenter-exporter/securitycenter_exporter/dashboards"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "publish:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: publish FOLDER")
	}
	if err := os.MkdirAll(args[0], 0o750); err != nil {
		return err
	}
	for _, b := range dashboards.Boards() {
		board, err := b.Published()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(args[0], b.Name+".json"), board, 0o600); err != nil {
			return err
		}
	}
	return nil
}
