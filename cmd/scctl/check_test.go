package main

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestLoginCheckTellsWhatEachAccountMayRead(t *testing.T) {
	environment(t, nil)
	rest, rpc := start(t, sctest.REST), start(t, sctest.RPC)
	file := configured(t, map[string]string{"one": rest.URL, "two": rpc.URL}, "")
	rows, err := csv.NewReader(strings.NewReader(succeed(t, "--config.file", file, "login-check", "--format", "csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	results := map[string]string{}
	for _, row := range rows[1:] {
		results[strings.Join(row[:3], " ")] = row[3]
	}
	for check, want := range map[string]string{
		"one admin login": "ok", "one admin scanners": "ok", "one admin jobs": "ok", "one admin findings": "not permitted", "one admin clock": "ok",
		"one analyst login": "ok", "one analyst findings": "ok", "one analyst jobs": "not permitted", "one analyst assets": "ok",
		"two admin login": "ok", "two admin jobs": "not supported", "two analyst findings": "ok", "two analyst scan results": "ok",
	} {
		if got := results[check]; got != want {
			t.Errorf("%s: %q, want %q", check, got, want)
		}
	}
	for check, result := range results {
		if result == "failed" {
			t.Errorf("%s failed", check)
		}
	}
	if open := rest.Sessions() + rpc.Sessions(); open != 0 {
		t.Errorf("%d sessions were left open", open)
	}
}

func TestLoginCheckGoesOnAfterARefusedLogin(t *testing.T) {
	environment(t, nil)
	console := start(t, sctest.REST)
	file := write(t, "config.yml", "consoles:\n  - name: one\n    url: "+console.URL+"\n    accounts:\n"+
		"      - {name: wrong, username: "+sctest.AdminUsername+", password: no}\n"+
		"      - {name: right, username: "+sctest.AnalystUsername+", password: "+sctest.AnalystPassword+"}\n")
	r := scctl(t, "--config.file", file, "login-check", "--format", "csv")
	if r.code != exitLoginRefused || !strings.Contains(r.stdout, "one,wrong,login,refused") || !strings.Contains(r.stdout, "one,right,login,ok") {
		t.Errorf("code %d: %s%s", r.code, r.stdout, r.stderr)
	}
}
