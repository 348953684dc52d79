package sctest

import "strconv"

// ScannerHealth is what a scanner says of the computer that it runs on. Sizes are in megabytes.
type ScannerHealth struct {
	DataFree, DataTotal int // volumes
	LogFree, LogTotal   int
	TempFree, TempTotal int
	RAM                 int
	Resident, Virtual   int // memory of its process
	Load, Cores         int
}

// ScannerHealth returns the figures of the scanner of that id, as they are now; ok is false when there is none, and
// when it cannot be reached.
func (c *Console) ScannerHealth(id string) (h ScannerHealth, ok bool) {
	i, err := strconv.Atoi(id)
	if err != nil || i < 1 || i > c.o.Scanners {
		return h, false
	}
	if s := c.scannerState(i - 1); !s.contacted || s.status&(2|4) != 0 {
		return h, false
	}
	r := mix(c.o.Seed, 81, uint64(i), uint64(c.now())/300)
	h = ScannerHealth{DataFree: 5_000 + int(r%90_000), DataTotal: 102_400, LogFree: 1_000 + int(r>>8%39_000), LogTotal: 40_960,
		TempFree: 500 + int(r>>16%9_500), TempTotal: 10_240, RAM: 16_384, Resident: 600 + int(r>>24%900),
		Virtual: 2_000 + int(r>>32%2_000), Load: int(r >> 40 % 30), Cores: 8}
	return h, true
}

// scannerHealth is GET /scanner/{id}/health: numbers, and null for the memory in use. What a scanner that cannot be reached
// leads to is not known: a refusal is a choice.
func (x *exchange) scannerHealth(id string) (any, error) {
	if !x.account.Administrator {
		return nil, x.forbidden()
	}
	if !x.c.release.atLeast(5, 10) {
		return notFoundPage(), nil
	}
	h, ok := x.c.ScannerHealth(id)
	if !ok {
		if n, err := strconv.Atoi(id); err != nil || n < 1 || n > x.c.o.Scanners {
			return nil, notFound("scanner", id)
		}
		return nil, refuse(1, "Unable to retrieve the health of Scanner #%s. The scanner did not answer.\n", id)
	}
	current := object{"kbytes_received": 81234, "kbytes_sent": 70512, "avg_dns_lookup_time": 2, "num_dns_lookups": 120,
		"cpu_load_avg": h.Load, "nessus_log_disk_free": h.LogFree, "nessus_log_disk_total": h.LogTotal,
		"nessus_data_disk_free": h.DataFree, "nessus_data_disk_total": h.DataTotal, "temp_disk_free": h.TempFree,
		"temp_disk_total": h.TempTotal, "num_tcp_sessions": 12, "nessus_vmem": h.Virtual, "nessus_mem": h.Resident,
		"sys_ram_used": nil, "sys_ram": h.RAM, "sys_cores": h.Cores, "num_hosts": 3, "num_scans": 1, "timestamp": x.now.Unix() - 20}
	return object{"perf_stats_current": current, "perf_stats_history": []object{current}}, nil
}
