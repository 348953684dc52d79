package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// ScannerHealth is what a scanner says of the computer that it runs on, in
// bytes. The console passes megabytes on, taken as 2^20 bytes. Absent: unknown;
// a computer without memory and a volume without room are no such thing either.
type ScannerHealth struct {
	Measured        time.Time // zero: unknown
	Data, Log, Temp Disk      // volumes of the scanner's data, its log and its temporary files
	RAMUsed         Opt[int64]
	RAMTotal        Opt[int64]
	Resident        Opt[int64]   // memory of the scanner's process that is in RAM
	Virtual         Opt[int64]   // address space of the scanner's process
	Load            Opt[float64] // CPU load as the scanner tells it; its unit is not documented
	Cores           Opt[int64]
	Raw             json.RawMessage // current and past figures
}

// Disk is the room on a volume, in bytes.
type Disk struct{ Free, Total Opt[int64] }

type wireHealth struct {
	Timestamp   wire.Epoch
	DataFree    megabytes  `json:"nessus_data_disk_free"`
	DataTotal   megabytes  `json:"nessus_data_disk_total"`
	LogFree     megabytes  `json:"nessus_log_disk_free"`
	LogTotal    megabytes  `json:"nessus_log_disk_total"`
	TempFree    megabytes  `json:"temp_disk_free"`
	TempTotal   megabytes  `json:"temp_disk_total"`
	RAMUsed     megabytes  `json:"sys_ram_used"`
	RAMTotal    megabytes  `json:"sys_ram"`
	Resident    megabytes  `json:"nessus_mem"`
	Virtual     megabytes  `json:"nessus_vmem"`
	CPULoad     wire.Float `json:"cpu_load_avg"`
	SystemCores wire.Int   `json:"sys_cores"`
}

// megabytes is a size in units of 2^20 bytes.
type megabytes struct{ wire.Float }

// disk is the room on a volume. Free room on one of no size is unknown.
func disk(free, total megabytes) Disk {
	size := total.some()
	if !size.Valid && optFloat(total.Float).Valid {
		return Disk{}
	}
	return Disk{free.bytes(), size}
}

// some is a size that cannot be nothing.
func (m megabytes) some() Opt[int64] {
	if size := m.bytes(); size.Value > 0 {
		return size
	}
	return Opt[int64]{}
}

// bytes is absent for what is unknown, negative or cannot be.
func (m megabytes) bytes() Opt[int64] {
	const most = 1 << 40 // an exabyte
	n, ok := optFloat(m.Float).Get()
	if !ok || n > most {
		return Opt[int64]{}
	}
	return Some(int64(n * (1 << 20)))
}

// ScannerHealth returns how the scanner with this id is doing, to
// administrators. The console asks the scanner, which takes its time. REST
// GET /scanner/{id}/health, of 5.10 and later; elsewhere ErrUnsupported.
func (c *Client) ScannerHealth(ctx context.Context, id string) (ScannerHealth, error) {
	if err := checkID("scanner", id); err != nil {
		return ScannerHealth{}, err
	}
	t, err := c.target(ctx)
	if err != nil {
		return ScannerHealth{}, err
	}
	if t.dialect == RPC || t.version.before(5, 10) {
		return ScannerHealth{}, fmt.Errorf("health of scanner %s: %w: it is told by 5.10 and later", id, ErrUnsupported)
	}
	const endpoint = "/scanner/{id}/health"
	var r raws[struct {
		Current wireHealth `json:"perf_stats_current"`
	}]
	k := call{endpoint: endpoint, rest: restCall{Method: http.MethodGet, Path: strings.Replace(endpoint, "{id}", id, 1)}}
	if _, err := c.do(ctx, k, &r); err != nil {
		return ScannerHealth{}, err
	}
	return r.value.Current.health(r.raw), nil
}

func (w wireHealth) health(raw json.RawMessage) ScannerHealth {
	h := ScannerHealth{
		Measured: since1990(w.Timestamp.Time()),
		Data:     disk(w.DataFree, w.DataTotal),
		Log:      disk(w.LogFree, w.LogTotal),
		Temp:     disk(w.TempFree, w.TempTotal),
		RAMUsed:  w.RAMUsed.some(),
		RAMTotal: w.RAMTotal.some(),
		Resident: w.Resident.some(),
		Virtual:  w.Virtual.some(),
		Load:     optFloat(w.CPULoad),
		Raw:      raw,
	}
	if cores := optInt(w.SystemCores); cores.Value > 0 {
		h.Cores = cores
	}
	return h
}
