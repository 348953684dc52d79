package exporter

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const configHash = "securitycenter_exporter_config_hash"

func TestTheHashOfTheConfiguration(t *testing.T) {
	hash := func(t *testing.T, b *bench) float64 {
		t.Helper()
		h := parse(t, b.get("/metrics?only=exporter"))[configHash]
		if h <= 0 || h >= 1<<48 || h != float64(uint64(h)) {
			t.Errorf("the hash %v is no whole number of 48 bits", h)
		}
		return h
	}

	bubble(t, "is that of what is in force, not of how it is written, nor of secrets", func(t *testing.T) {
		b := newBench(t, hq, nil)
		first := hash(t, b)
		for _, x := range []struct {
			name, yaml string
			same       bool
		}{
			{"a comment", "# a comment\n" + hq, true},
			{"a default that is written out", hq + "\ncollectors: {feeds: {interval: 5m}}\n", true},
			{"another password", strings.Replace(hq, "password: admin-password", "password: other", 1), true},
			{"another interval", hq + "\ncollectors: {feeds: {interval: 6m}}\n", false},
			{"another user", strings.Replace(hq, "username: admin", "username: other", 1), false},
			{"what it was at first", hq, true},
		} {
			if err := b.reload(x.yaml); err != nil {
				t.Fatal(err)
			}
			if got := hash(t, b); (got == first) != x.same {
				t.Errorf("%s: the hash is %v, at first it was %v, want the same: %v", x.name, got, first, x.same)
			}
		}
	})

	bubble(t, "stays where a newer configuration is refused", func(t *testing.T) {
		b := newBench(t, hq, nil)
		first := hash(t, b)
		if err := b.reload("consols: []\n"); err == nil {
			t.Fatal("it was not refused")
		}
		if got := hash(t, b); got != first {
			t.Errorf("the hash is %v, want %v", got, first)
		}
	})

	bubble(t, "is on the landing page, with its age, and with what is wrong with a newer one", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.settle()
		time.Sleep(3*time.Minute - startJitter)
		page := b.landing()
		says(t, page, "Configuration 3 min hash ")
		if found := regexp.MustCompile(`Configuration 3 min hash (\d+)`).FindStringSubmatch(page); found != nil {
			if shown, err := strconv.ParseFloat(found[1], 64); err != nil || shown != hash(t, b) {
				t.Errorf("the page shows %s, the metric is %v", found[1], hash(t, b))
			}
		}
		if strings.Contains(page, "refused") {
			t.Errorf("something was refused: %s", page)
		}
		if err := b.reload(hq + "\nconsols: []\n"); err == nil {
			t.Fatal("it was not refused")
		}
		time.Sleep(time.Minute)
		says(t, b.landing(), "Configuration 4 min hash ", "A newer configuration was refused 60 s ago", "consols")
		if err := b.reload(hq); err != nil {
			t.Fatal(err)
		}
		says(t, b.landing(), "Configuration 0 s hash ")
		if strings.Contains(b.landing(), "refused") {
			t.Error("it is still said to be refused")
		}
	})
}
