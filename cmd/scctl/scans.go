package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/alecthomas/kingpin/v2"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func addScans(t *tree) {
	addScanList(t)
	scan := t.app.Command("scan", "One scan.")
	addScanDefinitions(t, scan)
	addScanResult(t, scan)
	addScanDownload(t, scan)
}

func addScanList(t *tree) {
	var start, end string
	w := scapi.ScanWindow{Filter: map[string]string{}}
	cmd := command(t.app, "scans", "Results of scans: those of the 30 days before the end of the window, unless told otherwise.",
		"scctl scans",
		"scctl scans --start 2024-05-01 --end 2024-05-31 --by-finish --format csv",
		"scctl scans --param filter=running",
	)
	cmd.Flag("start", "Begin of the window: a date (2024-05-01) or a time. By itself 30 days before --end.").PlaceHolder("DATE").StringVar(&start)
	cmd.Flag("end", "End of the window. By itself now.").PlaceHolder("DATE").StringVar(&end)
	cmd.Flag("by-finish", "Compare the time a scan finished instead of the time its result was created. Not on SecurityCenter 4.").BoolVar(&w.ByFinish)
	cmd.Flag("param", "A further parameter of the console's call. May be repeated.").PlaceHolder("NAME=VALUE").StringMapVar(&w.Filter)
	t.settings.output.registerListing(cmd, scanResultColumns().names()...)
	t.asking(cmd, scapi.Organization, func(ctx context.Context, j *job) (err error) {
		if w.Start, err = flagTime("start", start); err != nil {
			return err
		}
		if w.End, err = flagTime("end", end); err != nil {
			return err
		}
		if !w.Start.IsZero() && !w.End.IsZero() && w.End.Before(w.Start) {
			return wrongUsage("--end is before --start")
		}
		client, err := j.login(ctx)
		if err != nil {
			return err
		}
		results, err := client.ScanResults(ctx, w)
		if err != nil {
			return err
		}
		return list(j, scanResultColumns(), results)
	})
}

func scanResultColumns() columns[scapi.ScanResult] {
	return columns[scapi.ScanResult]{
		raw: func(r scapi.ScanResult) json.RawMessage { return r.Raw },
		columns: []column[scapi.ScanResult]{
			{"id", func(r scapi.ScanResult) any { return r.ID }},
			{"name", func(r scapi.ScanResult) any { return r.Name }},
			{"status", func(r scapi.ScanResult) any { return r.Status }},
			{"importStatus", func(r scapi.ScanResult) any { return r.ImportStatus }},
			{"scanID", func(r scapi.ScanResult) any { return r.ScanID }},
			{"repositoryID", func(r scapi.ScanResult) any { return r.RepositoryID }},
			{"created", func(r scapi.ScanResult) any { return when(r.Created) }},
			{"start", func(r scapi.ScanResult) any { return when(r.Start) }},
			{"finish", func(r scapi.ScanResult) any { return when(r.Finish) }},
			{"durationSeconds", func(r scapi.ScanResult) any { return seconds(r.Duration) }},
			{"totalIPs", func(r scapi.ScanResult) any { return opt(r.TotalIPs) }},
			{"completedChecks", func(r scapi.ScanResult) any { return opt(r.CompletedChecks) }},
			{"totalChecks", func(r scapi.ScanResult) any { return opt(r.TotalChecks) }},
		},
	}
}

func addScanDefinitions(t *tree, scan *kingpin.CmdClause) {
	cmd := command(scan, "definitions", "Definitions of scans, with the time of their next run.", "scctl scan definitions")
	listing(t, cmd, scapi.Organization, columns[scapi.Scan]{
		raw: func(s scapi.Scan) json.RawMessage { return s.Raw },
		columns: []column[scapi.Scan]{
			{"id", func(s scapi.Scan) any { return s.ID }},
			{"name", func(s scapi.Scan) any { return s.Name }},
			{"nextRun", func(s scapi.Scan) any { return when(s.NextRun) }},
		},
	}, (*scapi.Client).Scans)
}

func addScanResult(t *tree, scan *kingpin.CmdClause) {
	var id string
	cmd := command(scan, "result", "One result of a scan, with the hosts that answered and those that did not. Not on SecurityCenter 4.", "scctl scan result 123")
	cmd.Arg("id", "Id of the scan result, or a name that no other of the last 30 days has.").Required().StringVar(&id)
	c := scanResultColumns()
	c.columns = append(c.columns,
		column[scapi.ScanResult]{"liveHosts", func(r scapi.ScanResult) any { return opt(r.LiveHosts) }},
		column[scapi.ScanResult]{"deadHosts", func(r scapi.ScanResult) any { return opt(r.DeadHosts) }},
	)
	listingOf(t, cmd, scapi.Organization, c, checkNamed(scanResults, &id), func(ctx context.Context, j *job, client *scapi.Client) ([]scapi.ScanResult, error) {
		id, err := j.finder(ctx, client)(scanResults, id)
		if err != nil {
			return nil, err
		}
		r, err := client.ScanResult(ctx, id)
		if err != nil {
			return nil, err
		}
		return []scapi.ScanResult{r}, nil
	})
}

func addScanDownload(t *tree, scan *kingpin.CmdClause) {
	var id, format string
	cmd := command(scan, "download", "The file of a scan result (.nessus), unpacked as it arrives. An interrupted download leaves no file.",
		"scctl scan download 123 -o weekly.nessus",
		"scctl scan download 123 | xmllint --xpath 'count(//ReportHost)' -",
	)
	cmd.Arg("id", "Id of the scan result, or a name that no other of the last 30 days has.").Required().StringVar(&id)
	cmd.Flag("as", "Format: v2 (.nessus), as by itself. Tenable.sc also knows scap1_2; SecurityCenter 4 v1, and before 4.4 nessus, as by itself, and nsr.").
		PlaceHolder("v2").StringVar(&format)
	t.settings.output.registerFile(cmd)
	t.asking(cmd, scapi.Organization, func(ctx context.Context, j *job) error {
		if j.settings.output.file == "" && isTerminal(j.out) {
			return wrongUsage("a scan is too much for a terminal: name a file with -o FILE, or - for the terminal all the same")
		}
		if _, err := unasked(scanResults, id); err != nil {
			return err
		}
		client, err := j.login(ctx)
		if err != nil {
			return err
		}
		id, err := j.finder(ctx, client)(scanResults, id)
		if err != nil {
			return err
		}
		body, err := client.DownloadScan(ctx, id, format)
		if err != nil {
			return err
		}
		return j.download(body)
	})
}

// download writes a body to the output, and closes it.
func (j *job) download(body io.ReadCloser) error {
	defer body.Close()
	p := j.newProgress("bytes")
	defer p.hide()
	if _, err := io.Copy(&counted{w: j.sink, progress: p}, body); err != nil {
		return fmt.Errorf("download: %w", err)
	}
	return nil
}

// counted tells a progress how much was written.
type counted struct {
	w        io.Writer
	progress *progress
	n        int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	c.progress.show(c.n, 0)
	return n, err
}
