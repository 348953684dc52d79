package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestTheFileIsReadAgainOnceForEveryChange(t *testing.T) {
	f := &configFile{path: file(t, "consoles: []\n"), known: exporter.KnownCollectors()}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		hangup := make(chan os.Signal)
		var loads atomic.Int64
		load := func() error { loads.Add(1); _, err := f.load(); return err }
		if err := load(); err == nil {
			t.Fatal("a file without consoles was accepted")
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			reloads(ctx, hangup, 30*time.Second, f.changed, load, slog.New(slog.DiscardHandler))
		}()
		after := func(d time.Duration, what string, want int64) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if n := loads.Load(); n != want {
				t.Errorf("%s: %d loads, want %d", what, n, want)
			}
		}
		write := func(content string) {
			t.Helper()
			if err := os.WriteFile(f.path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		after(10*time.Minute, "no change", 1)
		write("consoles: {}\n")
		after(29*time.Second, "a change that was not looked at yet", 1)
		after(time.Second, "a change", 2)
		after(10*time.Minute, "a change that was refused is not tried again", 2)
		write("consoles: {}\n") // the same
		after(time.Minute, "a file that was written with the same content", 2)
		write("consoles: [{}]\n")
		hangup <- os.Interrupt
		after(time.Minute, "a change that a signal made known is not loaded twice", 3)
		if err := os.Remove(f.path); err != nil {
			t.Fatal(err)
		}
		after(10*time.Minute, "a file that has gone", 4)
		write("consoles: [{}]\n")
		after(time.Minute, "a file that is there again", 5)
		cancel()
		<-ended
	})
}

func TestAChangedFileIsTakenUpByItself(t *testing.T) {
	hq := sctest.Start(t, sctest.Options{Hosts: 10, Plugins: 500})
	path := configure(t, map[string]string{"hq": hq.URL})
	p := start(t, "--config.file="+path, "--config.auto-reload-interval=1s")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	beside := filepath.Join(filepath.Dir(path), "new.yml")
	if err := os.WriteFile(beside, []byte(strings.Replace(string(content), "name: hq", "name: moved", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(beside, path); err != nil {
		t.Fatal(err)
	}
	p.stderr.find(t, "Configuration reloaded")
	if !strings.Contains(p.get("/probe?target=moved"), "securitycenter_up 1") {
		t.Error("the new console is not there")
	}
	p.end()
}
