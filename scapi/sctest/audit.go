package sctest

import (
	"slices"
	"strconv"
	"strings"
)

// AuditFile is an audit file of the simulated console: a set of checks of a configuration.
type AuditFile struct {
	ID, Name string
	Type     string // windows, unix, generic
}

// auditFiles are numbered from firstAuditFile on. The last one was never scanned with.
var auditFiles = []struct{ name, kind string }{
	{"CIS Microsoft Windows Server 2022", "windows"}, {"CIS Debian 12", "unix"}, {"Printer Hardening", "generic"}, {"DISA STIG Oracle Linux 9", "unix"},
}

const firstAuditFile = 1_000_001

// auditFileOf returns the id of the file by which hosts of a kind are audited.
func auditFileOf(a archetype) int {
	switch {
	case a.windows():
		return firstAuditFile
	case a < computerKinds:
		return firstAuditFile + 1
	}
	return firstAuditFile + 2
}

// AuditFiles returns the audit files in the order of their ids. SecurityCenter 4 does not list them.
func (c *Console) AuditFiles() []AuditFile {
	list := make([]AuditFile, len(auditFiles))
	for i, f := range auditFiles {
		list[i] = AuditFile{strconv.Itoa(firstAuditFile + i), f.name, f.kind}
	}
	return list
}

func (c *Console) auditFileObjects() []object {
	list := make([]object, len(auditFiles))
	for i, f := range c.AuditFiles() {
		list[i] = object{"id": f.ID, "name": f.Name, "description": "", "type": f.Type, "status": "0", "version": "1." + strconv.Itoa(i), "context": "",
			"filename": "scfile_audit" + strconv.Itoa(i), "originalFilename": "", "editor": "[]", "createdTime": epoch(c.world.anchor - 300*day),
			"modifiedTime": epoch(c.world.anchor - 30*day), "lastRefreshedTime": epoch(c.world.anchor - 30*day), "canUse": "true", "canManage": "true",
			"groups": []any{}, "creator": userReference(1), "owner": userReference(1), "ownerGroup": reference("0", "Full Access"), "targetGroup": unset()}
	}
	return list
}

// auditFilter keeps results of audit files: {"id":…}, a list of such records, or ids separated by commas.
func auditFilter(s *selection, f rawFilter) error {
	ids := strings.Split(f.text(), ",")
	switch {
	case strings.HasPrefix(string(f.Value), "["):
		var err error
		if ids, err = f.records(); err != nil {
			return err
		}
	case strings.HasPrefix(string(f.Value), "{"):
		var one struct {
			ID scalar `json:"id"`
		}
		if decode(f.Value, &one) != nil || one.ID == "" {
			return badValue(f)
		}
		ids = []string{string(one.ID)}
	}
	onFinding(s, func(x *finding) bool { return x.place.audit > 0 && slices.Contains(ids, strconv.Itoa(x.place.audit)) })
	return nil
}
