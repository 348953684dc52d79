package scapi

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// AuditFile is a set of checks of a configuration, such as a CIS benchmark. Its
// results are findings of compliance plugins; the filter ByAuditFile keeps them.
type AuditFile struct {
	ID, Name, Description string
	Type                  string    // unix, windows, …; empty: unknown
	Version               string    // of the audit; empty: unknown
	Created, Modified     time.Time // zero: unknown
	Raw                   json.RawMessage
}

type wireAuditFile struct {
	ID, Name, Description, Type, Version wire.Str
	CreatedTime, ModifiedTime            wire.Epoch
}

// AuditFiles returns the audit files that the account sees, by id. REST
// GET /auditFile. RPC: ErrUnsupported, as no call is known that lists them.
func (c *Client) AuditFiles(ctx context.Context) ([]AuditFile, error) {
	if err := c.onlyREST(ctx, "audit files"); err != nil {
		return nil, err
	}
	list, _, err := restList[wireAuditFile](ctx, c, "/auditFile", "id,name,description,type,version,createdTime,modifiedTime", nil)
	if err != nil {
		return nil, err
	}
	files := make([]AuditFile, 0, len(list.Items))
	for i, w := range list.Items {
		files = append(files, AuditFile{
			ID:          string(w.ID),
			Name:        string(w.Name),
			Description: string(w.Description),
			Type:        strings.ToLower(string(w.Type)),
			Version:     string(w.Version),
			Created:     w.CreatedTime.Time(),
			Modified:    w.ModifiedTime.Time(),
			Raw:         list.Raw[i],
		})
	}
	sortByID(files, func(f AuditFile) string { return f.ID })
	return files, nil
}
