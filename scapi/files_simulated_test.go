package scapi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestScansOfEveryVersionAreDownloaded(t *testing.T) {
	t.Parallel()
	for _, o := range exhaustive.Sample([]sctest.Options{
		{Version: "6.4.0"}, {Version: "5.8.0"}, {Dialect: sctest.RPC, Version: "4.8.1"}, {Dialect: sctest.RPC, Version: "4.2.0"},
		{Version: "6.4.0", Quirks: sctest.Quirks{PlainScanDownload: true}},
		{Dialect: sctest.RPC, Version: "4.2.0", Quirks: sctest.Quirks{PlainScanDownload: true}},
	}, 3) {
		t.Run(fmt.Sprintf("%s plain %v", o.Version, o.Quirks.PlainScanDownload), func(t *testing.T) {
			o.Hosts, o.Plugins = 20, 500
			s := sctest.Start(t, o)
			c := dialSimulated(t, s, asAnalyst)
			formats := map[string]string{"": "v2", "v2": "v2", "scap1_2": "scap1_2"}
			if o.Dialect == sctest.RPC {
				formats = map[string]string{"": "v2", "v1": "v1"}
			}
			if o.Version == "4.2.0" {
				formats = map[string]string{"": "nessus", "nsr": "nsr"}
			}
			found := 0
			results, err := c.ScanResults(t.Context(), scapi.ScanWindow{})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results[:min(40, len(results))] {
				for format, means := range formats {
					var want bytes.Buffer
					if err := s.WriteScan(&want, r.ID, means); err != nil {
						t.Fatal(err)
					}
					file, err := c.DownloadScan(t.Context(), r.ID, format)
					if err != nil {
						if e := (*scapi.Error)(nil); !errors.As(err, &e) || e.Message == "" {
							t.Errorf("%s: %v", r.ID, err) // not the console's word that there is nothing
						}
						continue
					}
					got, err := io.ReadAll(file)
					if err := errors.Join(err, file.Close()); err != nil || !bytes.Equal(got, want.Bytes()) {
						t.Errorf("%s in format %q: %d bytes of %d, %v", r.ID, format, len(got), want.Len(), err)
					}
					found++
				}
			}
			if found < 10 {
				t.Errorf("%d files of %d scan results", found, len(results))
			}
		})
	}
}

func TestALargeScanTakesNoMemory(t *testing.T) {
	exhaustive.Only(t)
	const size = 100 << 20
	s := sctest.Start(t, sctest.Options{ScanBytes: size})
	c := dialSimulated(t, s, asAnalyst)
	results, err := c.ScanResults(t.Context(), scapi.ScanWindow{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		file, err := c.DownloadScan(t.Context(), r.ID, "v2")
		if err != nil {
			continue // a scan without data
		}
		before := heap()
		sum := sha256.New()
		var n int64
		for range 4 {
			part, err := io.CopyN(sum, file, size/4)
			if n += part; err != nil {
				t.Fatalf("after %d bytes: %v", n, err)
			}
			if grown := heap() - before; grown > 8<<20 {
				t.Errorf("after %d bytes the heap has grown by %d", n, grown)
			}
		}
		if _, err := io.Copy(sum, file); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatal("no scan result has data")
}

// heap is the memory in use, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestADownloadThatIsGivenUpEnds(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{ScanBytes: 50 << 20})
	c := dialSimulated(t, s, asAnalyst)
	results, err := c.ScanResults(t.Context(), scapi.ScanWindow{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		ctx, cancel := context.WithCancel(t.Context())
		file, err := c.DownloadScan(ctx, r.ID, "")
		if err != nil {
			cancel()
			continue
		}
		if _, err := io.CopyN(io.Discard, file, 1000); err != nil {
			t.Error(err)
		}
		cancel()
		if _, err := io.Copy(io.Discard, file); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		_ = file.Close() // its error is that of the context, or none
		return
	}
	t.Fatal("no scan result has data")
}

// A scan is downloaded into a file as it arrives, however large it is.
func ExampleClient_DownloadScan() {
	client, stop := analyst()
	defer stop()
	ctx := context.Background()

	results, err := client.ScanResults(ctx, scapi.ScanWindow{})
	if err != nil {
		fmt.Println(err)
		return
	}
	i := slices.IndexFunc(results, func(r scapi.ScanResult) bool { return r.ImportStatus == "Finished" })
	scan, err := client.DownloadScan(ctx, results[i].ID, "v2")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer scan.Close()
	file, err := os.CreateTemp("", "*.nessus")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(file.Name())
	// An error here means that the file is not whole.
	if _, err = io.Copy(file, scan); err == nil {
		err = file.Close()
	}
	fmt.Println("downloaded:", err == nil)
	// Output: downloaded: true
}

// A dashboard template is uploaded and becomes a tab.
func ExampleClient_ImportDashboard() {
	client, stop := analyst()
	defer stop()

	template := strings.NewReader(`<?xml version="1.0"?><dashboard/>`)
	_, err := client.ImportDashboard(context.Background(), "My tab", template, "tab.xml")
	fmt.Println("imported:", err == nil)
	// Output: imported: true
}

// Plugins are found by their cross references.
func ExampleClient_Plugins() {
	client, stop := analyst()
	defer stop()

	query := scapi.PluginQuery{
		Type:   "active",
		Filter: scapi.PluginFilter{Field: "CVE", Value: "CVE-20"},
		Pages:  1,
	}
	for plugin, err := range client.Plugins(context.Background(), query) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(plugin.Name != "", plugin.CrossReferences[0].Name)
		break
	}
	// Output: true CVE
}
