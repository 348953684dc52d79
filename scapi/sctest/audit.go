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

// The first id of the audit files of organisations, which repeat from one to the other, and the id of the one that all
// organisations have in common where they have objects of their own.
const (
	firstAuditFile  = 1_000_001
	commonAuditFile = 17
)

// auditFileOf returns the id of the file by which hosts of a kind are audited, as organisation 1 has it.
func auditFileOf(a archetype) int {
	switch {
	case a.windows():
		return firstAuditFile
	case a < computerKinds:
		return firstAuditFile + 1
	}
	return firstAuditFile + 2
}

// auditNumber says which of auditFiles an organisation has as its number k: those that are scanned with trade places.
func auditNumber(org, k int) int {
	if scanned := len(auditFiles) - 1; k < scanned {
		return (k + org - 1) % scanned
	}
	return k
}

// hasAudit says whether the result of an audit, which organisation 1 has in the file audit, is one of the file of that id.
func (o Organization) hasAudit(id string, audit, plugin int) bool {
	n, err := strconv.Atoi(id)
	switch {
	case err != nil || audit == 0:
		return false
	case n == commonAuditFile:
		return o.c.o.OwnObjects && plugin%2 == 0
	case n < firstAuditFile || n >= firstAuditFile+len(auditFiles):
		return false
	}
	return audit == firstAuditFile+auditNumber(o.id, n-firstAuditFile)
}

// AuditResult says whether a finding is a result of the audit file of that id.
func (o Organization) AuditResult(id string, f Finding) bool {
	audit, err := strconv.Atoi(f.AuditFileID)
	return err == nil && o.hasAudit(id, audit, f.PluginID)
}

// AuditFiles returns the audit files in the order of their ids: first the one of the whole console, if there is one.
// SecurityCenter 4 does not list them.
func (o Organization) AuditFiles() []AuditFile {
	var list []AuditFile
	if o.c.o.OwnObjects {
		list = append(list, AuditFile{strconv.Itoa(commonAuditFile), "Best Practices", "generic"})
	}
	for k := range auditFiles {
		f := auditFiles[auditNumber(o.id, k)]
		list = append(list, AuditFile{strconv.Itoa(firstAuditFile + k), f.name, f.kind})
	}
	return list
}

// auditFileObjects are the audit files that the account sees: an administrator those of the whole console alone, where
// organisations have their own.
func (c *Console) auditFileObjects(a *Account) []object {
	files := c.Organization(c.organizationOf(a)).AuditFiles()
	if c.o.OwnObjects && a.Administrator {
		files = files[:1]
	}
	list := make([]object, len(files))
	for i, f := range files {
		list[i] = object{"id": f.ID, "name": f.Name, "description": "", "type": f.Type, "status": "0", "version": "1." + strconv.Itoa(i), "context": "",
			"filename": "scfile_audit" + strconv.Itoa(i), "originalFilename": "", "editor": "[]", "createdTime": epoch(c.world.anchor - 300*day),
			"modifiedTime": epoch(c.world.anchor - 30*day), "lastRefreshedTime": epoch(c.world.anchor - 30*day), "canUse": "true", "canManage": "true",
			"groups": []any{}, "creator": userReference(1), "owner": userReference(1), "ownerGroup": reference("0", "Full Access"), "targetGroup": unset()}
	}
	return list
}

// auditFilter keeps results of audit files: {"id":…}, a list of such records, or ids separated by commas.
func (c *Console) auditFilter(s *selection, f rawFilter) error {
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
	own := c.Organization(s.org)
	onFinding(s, func(x *finding) bool {
		return slices.ContainsFunc(ids, func(id string) bool { return own.hasAudit(id, x.place.audit, x.place.plugin.id) })
	})
	return nil
}
