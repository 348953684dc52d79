//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

const (
	// memoryLimit is how much memory an exporter of one console may take at most, whatever the console answers, in a
	// container with that limit.
	memoryLimit = 128e6
	// onTime is how long a scrape may take meanwhile: it waits for what was never read until its deadline of ten seconds.
	onTime = 12 * time.Second
)

// hostileAnswers are written to whoever has logged in, whatever was asked.
var hostileAnswers = map[string]func(w http.ResponseWriter){
	"a text without end": func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, `{"type":"regular","error_code":0,"response":"`)
		forever(w, strings.Repeat("x", 1<<16))
	},
	"rows without end": func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, `{"type":"regular","error_code":0,"response":[{}`)
		forever(w, strings.Repeat(`,{"id":"1","name":"x"}`, 1000))
	},
	"blanks without end": func(w http.ResponseWriter) { forever(w, strings.Repeat("\n", 1<<16)) },
	"millions of empty rows": func(w http.ResponseWriter) {
		envelope(w, `[{}`+strings.Repeat(`,{}`, 5_000_000)+`]`)
	},
	"millions of empty rows of a page": func(w http.ResponseWriter) {
		envelope(w, `{"totalRecords":"5000000","results":[{}`+strings.Repeat(`,{}`, 5_000_000)+`]}`)
	},
	"millions of members": func(w http.ResponseWriter) {
		var b strings.Builder
		for i := range 1_200_000 {
			fmt.Fprintf(&b, `"%d":1,`, i)
		}
		envelope(w, `{`+b.String()+`"usable":[]}`)
	},
	"lists in lists": func(w http.ResponseWriter) { envelope(w, strings.Repeat(`[`, 9000)+strings.Repeat(`]`, 9000)) },
	"six thousand rows with long names in every list": func(w http.ResponseWriter) { envelope(w, rows(6000, 500)) },
	"a few rows with names of 400 KB":                 func(w http.ResponseWriter) { envelope(w, rows(9, 400_000)) },
	"a small archive of zeros": func(w http.ResponseWriter) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(zeros)
	},
	"a refusal of many words": func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, `{"type":"regular","response":"","error_code":146,"error_msg":"`+strings.Repeat("no ", 5_000_000)+`"}`)
	},
	"many warnings": func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, `{"type":"regular","response":[],"error_code":0,"error_msg":"","warnings":["a"`+strings.Repeat(`,"b"`, 3_000_000)+`]}`)
	},
}

func forever(w io.Writer, text string) {
	for {
		if _, err := io.WriteString(w, text); err != nil {
			return
		}
	}
}

func envelope(w io.Writer, response string) {
	_, _ = io.WriteString(w, `{"type":"regular","response":`+response+`,"error_code":0,"error_msg":"","warnings":[]}`)
}

// zeros are some gigabytes in a few megabytes.
var zeros = func() []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	block := make([]byte, 1<<20)
	for range 1 << 11 {
		_, _ = w.Write(block)
	}
	_ = w.Close()
	return b.Bytes()
}()

// rows are rows that pass for those of every list, as both halves of one.
func rows(n, nameSize int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		name := strconv.Itoa(i) + strings.Repeat("n", nameSize)
		fmt.Fprintf(&b, `{"id":"%d","name":%q,"type":%[2]q,"status":"1","ip":"192.0.2.%[1]d","username":"u%[1]d","severity":"4","count":"1","pluginID":"%[1]d",`+
			`"family":{"id":"%[1]d","name":"f"},"repository":{"id":"%[1]d","name":"r"},"severityCritical":"1","severityHigh":"1","total":"2","score":"5"}`, i, name)
	}
	return `{"totalRecords":"` + strconv.Itoa(n) + `","usable":[` + b.String() + `],"results":[` + b.String() + `]}`
}

// letsIn are the calls that are answered as a console does.
func letsIn(r *http.Request) bool {
	switch strings.TrimPrefix(r.URL.Path, "/rest") {
	case "/token", "/system", "/currentUser":
		return true
	}
	return false
}

func TestNoAnswerTakesAllMemory(t *testing.T) {
	t.Setenv("GOMEMLIMIT", strconv.Itoa(memoryLimit*8/10)) // as the exporter sets it from the container's limit
	for name, write := range hostileAnswers {
		t.Run(name, func(t *testing.T) {
			honest := sctest.New(sctest.Options{})
			address := freeAddress(t)
			server := &http.Server{Addr: address, ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if letsIn(r) {
					honest.ServeHTTP(w, r)
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", "application/json")
				write(w)
			})}
			go func() { _ = server.ListenAndServe() }() // which ends by Close
			defer server.Close()

			file := filepath.Join(t.TempDir(), "config.yml")
			var collectors strings.Builder
			for _, name := range []string{"families", "assets", "tickets", "users"} {
				fmt.Fprintf(&collectors, "  %s: {enabled: true}\n", name)
			}
			config := fmt.Sprintf("consoles:\n  - name: c\n    url: http://%s\n    accounts:\n      - {name: admin, username: %s, password: %s}\n      - {name: analyst, username: %s, password: %s}\ncollectors:\n%s",
				address, sctest.AdminUsername, sctest.AdminPassword, sctest.AnalystUsername, sctest.AnalystPassword, collectors.String())
			if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			exporter := freeAddress(t)
			c := newClient("http://" + exporter)
			p := runExporter(t, c, exporter, "--config.file="+file, "--state.file=")
			began := time.Now()
			p.eventually(t, 2*settled, func() error {
				started := time.Now()
				body, err := c.get("/probe?target=c")
				if took := time.Since(started); took > onTime {
					t.Errorf("a scrape took %s", took)
				}
				if err != nil {
					t.Error(err)
				} else if !bytes.Contains(body, []byte("securitycenter_up ")) {
					t.Error("a scrape without securitycenter_up")
				}
				_, err = c.get("/-/ready")
				return err
			})
			peak := peakMemory(t, p.cmd.Process.Pid)
			t.Logf("%.0f MB at most, %s until every collector was tried", peak/1e6, time.Since(began).Round(time.Second))
			if peak > memoryLimit {
				t.Errorf("it took %.0f MB, limit %.0f MB", peak/1e6, memoryLimit/1e6)
			}
			p.stop(t)
		})
	}
}

// peakMemory is the most that a process has had in memory, in bytes.
func peakMemory(t *testing.T, pid int) float64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skip("the memory of processes is read from /proc: ", err)
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(after)
	if len(fields) == 0 {
		t.Fatal("no VmHWM")
	}
	kib, err := strconv.ParseFloat(fields[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib * 1024
}
