package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// System is what a console says about itself.
type System struct {
	Version        string
	BuildID        string
	ACAS           Opt[bool]
	Classification string // serverClassification: "None", …
	LicenseStatus  string
	Raw            json.RawMessage
}

// Status is a console's licence, job daemon and back-up state. Every field may
// be missing: keys differ between versions and account kinds.
type Status struct {
	LicenseStatus          string     // "Valid", "Expired", …; empty: unknown
	ActiveIPs, LicensedIPs Opt[int64] // the second is absent where there is no limit
	LicenseErr             error      // why SecurityCenter 4 refuses to tell both; nil: it does not refuse
	JobDaemonRunning       Opt[bool]
	LastBackupSuccess      time.Time // zero: never or unknown
	LastBackupFailure      time.Time
	PluginSet              map[string]time.Time // by feed: build time of the loaded plugin set, taken as UTC
	Raw                    json.RawMessage
}

// Diagnostics is the console's self-check (REST, administrators).
type Diagnostics struct {
	Java, RPM, Disk Opt[bool]
	LastChecked     time.Time // zero: never or unknown
	Raw             json.RawMessage
}

// Job is an entry of the job queue (REST, administrators).
type Job struct {
	ID      string
	Type    string
	Status  string
	Target  time.Time // when it is due; zero: at no fixed time
	Start   time.Time // zero: not yet
	Running bool      // it has a process or a start time
	Raw     json.RawMessage
}

type wireSystem struct {
	Version, BuildID, LicenseStatus, ServerClassification wire.Str
	ACAS                                                  wire.Bool
}

// System returns what the console says about itself, to any account.
// REST GET /system; RPC system::init.
func (c *Client) System(ctx context.Context) (System, error) {
	t, err := c.target(ctx)
	if err != nil {
		return System{}, err
	}
	k := get("/system", nil)
	if t.dialect == RPC {
		k = action("system", "init", nil)
		k.noSession = true
	}
	k.secret = true // with a client certificate the answer holds a token
	var r raws[wireSystem]
	if _, err := c.do(ctx, k, &r); err != nil {
		return System{}, err
	}
	return System{
		Version:        string(r.value.Version),
		BuildID:        string(r.value.BuildID),
		ACAS:           optBool(r.value.ACAS),
		Classification: string(r.value.ServerClassification),
		LicenseStatus:  string(r.value.LicenseStatus),
		Raw:            r.raw,
	}, nil
}

type wireStatus struct {
	Jobd, LicenseStatus                      wire.Str
	ActiveIPs, LicensedIPs                   wire.Int
	LastDBBackupSuccess, LastDBBackupFailure wire.Epoch
	PluginUpdates                            wire.Map[struct {
		PluginCurrentSet wire.Stamp
	}]
}

// Status returns the licence, job daemon and back-up state. REST GET /status,
// for any account, who may get different keys. RPC system::init for the licence
// status, and repository::init for the licensed addresses where the account may
// call it (administrators) and the answer has them; Raw is then repository::init's.
func (c *Client) Status(ctx context.Context) (Status, error) {
	t, err := c.target(ctx)
	if err != nil {
		return Status{}, err
	}
	if t.dialect == RPC {
		return c.rpcStatus(ctx)
	}
	var r raws[wireStatus]
	if _, err := c.do(ctx, get("/status", nil), &r); err != nil {
		return Status{}, err
	}
	s := Status{
		LicenseStatus:     string(r.value.LicenseStatus),
		ActiveIPs:         optInt(r.value.ActiveIPs),
		LicensedIPs:       limit(r.value.LicensedIPs),
		LastBackupSuccess: since1990(r.value.LastDBBackupSuccess.Time()),
		LastBackupFailure: since1990(r.value.LastDBBackupFailure.Time()),
		PluginSet:         map[string]time.Time{},
		Raw:               r.raw,
	}
	if jobd := strings.TrimSpace(string(r.value.Jobd)); jobd != "" {
		s.JobDaemonRunning = Some(strings.EqualFold(jobd, "running"))
	}
	for feed, update := range r.value.PluginUpdates {
		if built := update.PluginCurrentSet.Time(); !built.IsZero() {
			s.PluginSet[feedName(feed)] = built
		}
	}
	return s, nil
}

func (c *Client) rpcStatus(ctx context.Context) (Status, error) {
	system, err := c.System(ctx)
	if err != nil {
		return Status{}, err
	}
	s := Status{LicenseStatus: system.LicenseStatus, PluginSet: map[string]time.Time{}, Raw: system.Raw}
	var raw json.RawMessage
	switch _, err := c.do(ctx, action("repository", "init", nil), &raw); {
	case refusedCall(err):
		s.LicenseErr = err
		return s, nil
	case err != nil:
		return Status{}, err
	}
	s.Raw = raw
	s.ActiveIPs = optInt(search(raw, "activeIPs", 3))
	s.LicensedIPs = limit(search(raw, "licensedIPs", 3))
	return s, nil
}

// limit is a number that consoles write as 0 where there is no limit.
func limit(i wire.Int) Opt[int64] {
	if n := optInt(i); n.Value > 0 {
		return n
	}
	return Opt[int64]{}
}

// search looks for a number under a key, whatever the key's case, in an object
// and the objects in it down to a depth. Lists are left out. Where in the answer
// of repository::init the licence is, no source tells.
func search(raw json.RawMessage, key string, depth int) wire.Int {
	var object map[string]json.RawMessage
	if depth == 0 || json.Unmarshal(raw, &object) != nil {
		return wire.Int{}
	}
	var found wire.Int
	for name, value := range object {
		if strings.EqualFold(name, key) && wire.Decode(value, &found) == nil {
			return found
		}
	}
	for _, value := range object {
		if found = search(value, key, depth-1); optInt(found).Valid {
			return found
		}
	}
	return wire.Int{}
}

// Diagnostics returns the result of the console's self-check, to
// administrators. REST GET /system/diagnostics; RPC: ErrUnsupported.
func (c *Client) Diagnostics(ctx context.Context) (Diagnostics, error) {
	if err := c.onlyREST(ctx, "diagnostics"); err != nil {
		return Diagnostics{}, err
	}
	var r raws[struct {
		StatusJava, StatusRPM, StatusDisk wire.Bool
		StatusLastChecked                 wire.Epoch
	}]
	if _, err := c.do(ctx, get("/system/diagnostics", nil), &r); err != nil {
		return Diagnostics{}, err
	}
	return Diagnostics{
		Java:        optBool(r.value.StatusJava),
		RPM:         optBool(r.value.StatusRPM),
		Disk:        optBool(r.value.StatusDisk),
		LastChecked: since1990(r.value.StatusLastChecked.Time()),
		Raw:         r.raw,
	}, nil
}

type wireJob struct {
	ID, Type, Status wire.Str
	TargetedTime     wire.Epoch
	StartTime        wire.Epoch
	PID              wire.Int
}

// Jobs returns the job queue, to administrators, in the console's order.
// REST GET /job; RPC: ErrUnsupported.
func (c *Client) Jobs(ctx context.Context) ([]Job, error) {
	if err := c.onlyREST(ctx, "job queue"); err != nil {
		return nil, err
	}
	list, a, err := restList[wireJob](ctx, c, "/job", "id,type,status,targetedTime,startTime,pid", nil)
	if err != nil {
		return nil, err
	}
	jobs := make([]Job, 0, len(list.Items))
	for i, w := range list.Items {
		pid, _ := w.PID.Get()
		start := c.pastOf(a).time(w.StartTime)
		jobs = append(jobs, Job{
			ID:      string(w.ID),
			Type:    string(w.Type),
			Status:  string(w.Status),
			Target:  since1990(w.TargetedTime.Time()),
			Start:   start,
			Running: pid > 0 || !start.IsZero(),
			Raw:     list.Raw[i],
		})
	}
	return jobs, nil
}

// onlyREST returns ErrUnsupported, wrapped, on SecurityCenter 4.
func (c *Client) onlyREST(ctx context.Context, what string) error {
	t, err := c.target(ctx)
	if err != nil {
		return err
	}
	if t.dialect == RPC {
		return fmt.Errorf("%s of SecurityCenter 4: %w", what, ErrUnsupported)
	}
	return nil
}
