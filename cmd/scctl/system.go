package main

import (
	"context"
	"encoding/json"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func addSystem(t *tree) {
	system := command(t.app, "system", "Version, licence, job daemon and back-up of the console.", "scctl system --format json")
	type state struct {
		system scapi.System
		status scapi.Status
	}
	listing(t, system, scapi.Administrator, columns[state]{
		raw: func(s state) json.RawMessage { return s.status.Raw },
		columns: []column[state]{
			{"version", func(s state) any { return s.system.Version }},
			{"buildID", func(s state) any { return s.system.BuildID }},
			{"licenseStatus", func(s state) any { return s.status.LicenseStatus }},
			{"activeIPs", func(s state) any { return opt(s.status.ActiveIPs) }},
			{"licensedIPs", func(s state) any { return opt(s.status.LicensedIPs) }},
			{"jobDaemonRunning", func(s state) any { return opt(s.status.JobDaemonRunning) }},
			{"lastBackupSuccess", func(s state) any { return when(s.status.LastBackupSuccess) }},
			{"lastBackupFailure", func(s state) any { return when(s.status.LastBackupFailure) }},
		},
	}, func(client *scapi.Client, ctx context.Context) ([]state, error) {
		var s state
		var err error
		if s.system, err = client.System(ctx); err != nil {
			return nil, err
		}
		if s.status, err = client.Status(ctx); err != nil {
			return nil, err
		}
		return []state{s}, nil
	})

	jobs := command(t.app, "jobs", "Job queue of the console, to administrators. Not on SecurityCenter 4.", "scctl jobs")
	listing(t, jobs, scapi.Administrator, columns[scapi.Job]{
		raw: func(j scapi.Job) json.RawMessage { return j.Raw },
		columns: []column[scapi.Job]{
			{"id", func(j scapi.Job) any { return j.ID }},
			{"type", func(j scapi.Job) any { return j.Type }},
			{"status", func(j scapi.Job) any { return j.Status }},
			{"running", func(j scapi.Job) any { return j.Running }},
			{"target", func(j scapi.Job) any { return when(j.Target) }},
			{"start", func(j scapi.Job) any { return when(j.Start) }},
		},
	}, (*scapi.Client).Jobs)

	feeds := command(t.app, "feeds", "Content feeds and their age.", "scctl feeds")
	listing(t, feeds, scapi.UnknownKind, columns[scapi.Feed]{
		raw: func(f scapi.Feed) json.RawMessage { return f.Raw },
		columns: []column[scapi.Feed]{
			{"type", func(f scapi.Feed) any { return f.Type }},
			{"updated", func(f scapi.Feed) any { return when(f.Updated) }},
			{"stale", func(f scapi.Feed) any { return opt(f.Stale) }},
			{"updateRunning", func(f scapi.Feed) any { return opt(f.UpdateRunning) }},
			{"subscriptionStatus", func(f scapi.Feed) any { return f.SubscriptionStatus }},
		},
	}, (*scapi.Client).Feeds)
}
