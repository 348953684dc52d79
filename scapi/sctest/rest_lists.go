package sctest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
)

// scannerList is GET /scanner: an organisation user sees agent-capable scanners, and five fields of them.
func (x *exchange) scannerList() []object {
	list := x.c.scanners(x.now.Unix())
	if x.account.Administrator {
		return list
	}
	var some []object
	for _, o := range list {
		if o["agentCapable"] == "true" {
			some = append(some, project(o, []string{"name", "description", "status", "agentCapable"}))
		}
	}
	return some
}

func (x *exchange) zoneList() []object {
	list := x.c.zones(x.now.Unix())
	if !x.account.Administrator {
		for i := range list {
			list[i] = project(list[i], []string{"name", "description"})
		}
	}
	return list
}

func (x *exchange) repositoryList() []object {
	list := x.c.repositories(x.account, x.now.Unix())
	want := x.r.URL.Query().Get("type")
	if want == "" || want == "All" {
		return list
	}
	var some []object
	for _, o := range list {
		if o["type"] == want {
			some = append(some, o)
		}
	}
	return some
}

func (x *exchange) scanList() []object {
	var list []object
	for _, d := range x.c.scanDefinitions() {
		if x.reads(d.repository) {
			list = append(list, x.c.scanObject(d, x.now.Unix()))
		}
	}
	return list
}

// reads says whether the account reads the repository of that id.
func (x *exchange) reads(id string) bool {
	n, err := strconv.Atoi(id)
	return err == nil && n >= 1 && n <= len(x.c.world.repos) && x.c.mayRead(x.account, n-1)
}

// everyScanResult returns the results of the account's repositories with all their fields.
func (x *exchange) everyScanResult() []object {
	var list []object
	for _, r := range x.c.scanResults(x.now.Unix()) {
		if x.reads(r.def.repository) {
			list = append(list, x.c.resultObject(r, x.now.Unix()))
		}
	}
	return list
}

// scanResultList is GET /scanResult: by default the last 30 days by creation, and without the progress.
func (x *exchange) scanResultList() []object {
	query := x.r.URL.Query()
	from := int64(scalar(query.Get("startTime")).number(int(x.now.Unix() - 30*day)))
	to := int64(scalar(query.Get("endTime")).number(int(x.now.Unix())))
	field := "createdTime"
	if query.Get("timeCompareField") == "finishTime" {
		field = "finishTime"
	}
	only := "," + query.Get("filter") + ","
	var list []object
	for _, o := range x.everyScanResult() {
		t := int64(scalar(o[field].(string)).number(-1))
		running := o["running"] == "true"
		if t < from || t > to || strings.Contains(only, ",running,") && !running || strings.Contains(only, ",completed,") && running {
			continue
		}
		delete(o, "progress")
		list = append(list, o)
	}
	return list
}

// special answers what is not a list of objects; known is false when the path is of the other kind.
func (x *exchange) special(parts []string) (answer any, known bool, err error) {
	now := x.now.Unix()
	path := strings.Join(parts, "/")
	get, post := x.r.Method == http.MethodGet, x.r.Method == http.MethodPost
	fields := splitFields(x.r.URL.Query().Get("fields"))
	last := parts[len(parts)-1]
	switch {
	case get && path == "system":
		return project(x.c.system(true), fields), true, nil
	case get && path == "currentUser":
		return project(x.c.currentUser(x.account), fields), true, nil
	case get && path == "status":
		return project(x.c.status(x.account, now), fields), true, nil
	case get && path == "feed":
		return x.c.feeds(now), true, nil
	case get && parts[0] == "feed" && len(parts) == 2:
		if one, ok := x.c.feeds(now)[last]; ok {
			return one, true, nil
		}
		return nil, true, notFound("feed", last)
	case get && path == "system/diagnostics":
		if !x.account.Administrator {
			return nil, true, x.forbidden()
		}
		return x.c.diagnostics(now), true, nil
	case parts[0] == "scanner" && len(parts) == 3 && last == "health" && get:
		if !x.account.Administrator {
			return nil, true, x.forbidden()
		}
		return scannerHealth(now), true, nil
	case parts[0] == "plugin" && get:
		answer, err = x.pluginCall(parts)
		return answer, true, err
	case parts[0] == "pluginFamily" && get:
		answer, err = x.familyCall(parts)
		return answer, true, err
	case path == "analysis" && post:
		answer, err = x.analysis()
		return answer, true, err
	case post && parts[0] == "scanResult" && len(parts) == 3 && last == "download":
		answer, err = x.download(parts[1])
		return answer, true, err
	case get && (path == "deviceInfo" || path == "ipInfo"),
		get && parts[0] == "repository" && len(parts) == 3 && (last == "deviceInfo" || last == "ipInfo"):
		answer, err = x.deviceInfo(parts)
		return answer, true, err
	case post && path == "file/upload":
		answer, err = x.uploadREST()
		return answer, true, err
	case post && last == "import":
		answer, err = x.importFile()
		return answer, true, err
	}
	return nil, false, nil
}

func (x *exchange) viewable(id string, fields []string) any {
	for _, f := range fields {
		if f == "viewableIPs" {
			return x.c.viewableIPs(x.account, id)
		}
	}
	return []any{}
}

// deviceInfo answers by ip, dnsName or uuid, in one repository or the first that has the host.
func (x *exchange) deviceInfo(parts []string) (any, error) {
	if x.account.Administrator {
		return nil, x.forbidden()
	}
	query := x.r.URL.Query()
	name, uuid := query.Get("dnsName"), query.Get("uuid")
	match := func(i int) bool {
		h := x.c.world.host(i, x.now.Unix())
		return name != "" && h.DNSName == name || uuid != "" && h.UUID == uuid
	}
	if query.Get("ip") != "" {
		match = x.c.hasAddress(query.Get("ip"))
	}
	for r := range x.c.world.repos {
		if !x.c.mayRead(x.account, r) || len(parts) == 3 && x.c.world.repos[r].ID != parts[1] {
			continue
		}
		if o := x.c.hostInformation(r, match, x.now.Unix()); o != nil {
			return o, nil
		}
	}
	return nil, refuse(147, "Unable to find the host. The host does not exist.\n")
}

// download is a scan result as a ZIP archive of one member. One of the headers lies, as the real one does.
func (x *exchange) download(id string) (any, error) {
	r, ok := x.c.scanResult(id, x.now.Unix())
	if !ok || !x.reads(r.def.repository) {
		return nil, notFound("scanResult", id)
	}
	if x.c.resultObject(r, x.now.Unix())["downloadAvailable"] != "true" {
		return nil, refuse(143, "Scan Result #%s failed", id)
	}
	data, err := x.c.archive(r)
	if err != nil {
		return nil, err
	}
	return &reply{status: http.StatusOK, raw: data, header: http.Header{
		"Content-Type": {"application/zip"}, "Content-Disposition": {"attachment; filename=" + id + "-nessus.zip"},
		"Content-Transfer-Encoding": {"BASE64;"}, "Cache-Control": {"private, must-revalidate"}, "Pragma": {"public"},
	}}, nil
}

func (c *Console) archive(r scanResult) ([]byte, error) {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	member, err := z.Create(r.id() + ".nessus")
	if err != nil {
		return nil, err
	}
	repo := c.repository(r.def.repository)
	fmt.Fprintf(member, "<?xml version=\"1.0\" ?>\n<NessusClientData_v2>\n<Report name=%q>\n", r.def.name)
	for i := repo.first; i < repo.first+min(repo.Hosts, 2000); i++ {
		fmt.Fprintf(member, "<ReportHost name=%q/>\n", ipText(c.world.address(i)))
	}
	fmt.Fprint(member, "</Report>\n</NessusClientData_v2>\n")
	if err := z.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// uploadedFile returns the name of the file in a multipart request; the part is called Filedata.
func (x *exchange) uploadedFile() (string, error) {
	_, params, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err != nil {
		return "", refuse(1, "No file was uploaded.\n")
	}
	parts := multipart.NewReader(bytes.NewReader(x.body), params["boundary"])
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return "", refuse(1, "No file was uploaded.\n")
		}
		if err != nil {
			return "", refuse(1, "The upload cannot be read.\n")
		}
		if part.FormName() == "Filedata" {
			return part.FileName(), nil
		}
	}
}

func (x *exchange) uploadREST() (any, error) {
	name, err := x.uploadedFile()
	if err != nil {
		return nil, err
	}
	return object{"filename": x.c.upload(), "originalFilename": name, "content": "", "context": ""}, nil
}

// importFile takes an uploaded file as a dashboard, a report, a scan result…
func (x *exchange) importFile() (any, error) {
	in := object{}
	if decode(x.body, &in) != nil || in["filename"] == nil && in["file"] == nil {
		return nil, refuse(146, "No file was given.\n")
	}
	if in["name"] == nil {
		return "", nil
	}
	return object{"id": "1", "name": in["name"]}, nil
}
