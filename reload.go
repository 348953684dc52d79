package main

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/regularfile"
)

// configFile is the configuration file, and what it held when it was last loaded,
// by whatever road.
type configFile struct {
	path  string
	known []config.Collector

	mu  sync.Mutex
	sum [sha256.Size]byte
}

// load notes what the file holds before it reads it: a change in between is one.
func (f *configFile) load() (*config.Config, error) {
	sum := f.checksum()
	f.mu.Lock()
	f.sum = sum
	f.mu.Unlock()
	return config.Load(f.path, f.known)
}

// changed reports whether the file holds something else than what was last loaded.
func (f *configFile) changed() bool {
	sum := f.checksum()
	f.mu.Lock()
	defer f.mu.Unlock()
	return sum != f.sum
}

// checksum is that of the content; of nothing where it cannot be read.
func (f *configFile) checksum() [sha256.Size]byte {
	content, err := regularfile.Read(f.path)
	if err != nil {
		content = nil
	}
	return sha256.Sum256(content)
}

// reloads reloads the configuration on SIGHUP and, where every is more than 0,
// looks that often whether it has changed, until ctx ends.
func reloads(ctx context.Context, hangup <-chan os.Signal, every time.Duration, changed func() bool, reload func() error, log *slog.Logger) {
	var look <-chan time.Time
	if every > 0 {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		look = ticker.C
	}
	for {
		select {
		case <-hangup:
		case <-look:
			if !changed() {
				continue
			}
		case <-ctx.Done():
			return
		}
		if err := reload(); err != nil {
			log.Error("Reload failed: the configuration stays as it was", "err", err)
		} else {
			log.Info("Configuration reloaded")
		}
	}
}
