package sctest

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// scanFormats are the download types of each release; the first one is the default.
func (c *Console) scanFormats() []string {
	switch {
	case c.o.Dialect == REST:
		return []string{"v2", "scap1_2"}
	case c.release.atLeast(4, 4):
		return []string{"v2", "v1"}
	}
	return []string{"nessus", "nsr"}
}

// maxScanHosts bounds the hosts of a downloaded scan that is as long as its hosts make it.
const maxScanHosts = 2000

// WriteScan writes the scan file of a result, as a client finds it in the downloaded archive: .nessus of version 2
// ("v2"), of version 1 ("v1", "nessus"), or the old text ("nsr"). It is at least Options.ScanBytes long, unless the
// repository has no host. With OwnObjects it is a result of organisation 1.
func (c *Console) WriteScan(w io.Writer, resultID, format string) error {
	r, ok := c.scanResult(1, resultID, c.now())
	if !ok {
		return notFound("scanResult", resultID)
	}
	return c.writeScan(w, r, format)
}

func (c *Console) writeScan(w io.Writer, r scanResult, format string) error {
	buffered := bufio.NewWriterSize(w, 64<<10)
	f := scanFile{w: buffered, c: c, r: r}
	switch format {
	case "nsr":
		f.write(func() {}, f.textHost, func() {})
	case "v1", "nessus":
		f.write(func() {
			f.line("<?xml version=\"1.0\" ?>\n<NessusClientData>\n<Report>\n<ReportName>", xmlText(r.def.name), "</ReportName>\n")
		},
			f.hostV1, func() { f.line("</Report>\n</NessusClientData>\n") })
	default:
		f.write(func() {
			f.line("<?xml version=\"1.0\" ?>\n<NessusClientData_v2>\n<Report name=\"", xmlText(r.def.name), "\" xmlns:cm=\"http://www.nessus.org/cm\">\n")
		}, f.hostV2, func() { f.line("</Report>\n</NessusClientData_v2>\n") })
	}
	if f.err != nil {
		return f.err
	}
	return buffered.Flush()
}

// scanFile is a scan file being written; after the first error nothing more is.
type scanFile struct {
	w       *bufio.Writer
	c       *Console
	r       scanResult
	written int64
	err     error
}

// line writes the texts one behind the other.
func (f *scanFile) line(texts ...string) {
	for _, text := range texts {
		if f.err == nil {
			_, f.err = f.w.WriteString(text)
			f.written += int64(len(text))
		}
	}
}

// write writes the hosts that answered, and goes round again until the file is as long as it must be.
func (f *scanFile) write(head func(), host func(Host, []finding), tail func()) {
	head()
	w, repo := f.c.world, f.c.repository(f.r.def.repository)
	_, live := f.c.sizes(f.r)
	n := min(live, repo.Hosts)
	if f.c.o.ScanBytes == 0 {
		n = min(n, maxScanHosts)
	}
	var found []finding
	for k := 0; f.err == nil && n > 0 && (k < n || f.written < f.c.o.ScanBytes); k++ {
		i := repo.first + k%n
		found = w.findings(found[:0], int(w.groupOf[i]), f.r.start, false)
		host(w.host(i, f.r.start), found)
	}
	tail()
}

func (f *scanFile) hostV2(h Host, found []finding) {
	f.line("<ReportHost name=\"", h.IP, "\"><HostProperties>\n<tag name=\"host-ip\">", h.IP, "</tag>\n<tag name=\"operating-system\">",
		xmlText(h.OS), "</tag>\n</HostProperties>\n")
	for i := range found {
		s, p := found[i].place, found[i].place.plugin
		f.line("<ReportItem port=\"", strconv.Itoa(int(s.port)), "\" svc_name=\"general\" protocol=\"", strings.ToLower(protocolNames[s.protocol]),
			"\" severity=\"", strconv.Itoa(int(p.severity)), "\" pluginID=\"", strconv.Itoa(p.id), "\" pluginName=\"", xmlText(p.name),
			"\" pluginFamily=\"", xmlText(p.family.name), "\">\n<risk_factor>", riskFactors[p.severity], "</risk_factor>\n<plugin_output>",
			xmlText(s.output), strconv.FormatUint(mix(f.c.o.Seed, uint64(f.written)), 36), "</plugin_output>\n</ReportItem>\n")
	}
	f.line("</ReportHost>\n")
}

func (f *scanFile) hostV1(h Host, found []finding) {
	f.line("<ReportHost>\n<HostName>", h.IP, "</HostName>\n")
	for i := range found {
		s, p := found[i].place, found[i].place.plugin
		f.line("<ReportItem><port>", portText(s), "</port><severity>", strconv.Itoa(min(3, int(p.severity))), "</severity><pluginID>",
			strconv.Itoa(p.id), "</pluginID><pluginName>", xmlText(p.name), "</pluginName></ReportItem>\n")
	}
	f.line("</ReportHost>\n")
}

func (f *scanFile) textHost(h Host, found []finding) {
	for i := range found {
		s, p := found[i].place, found[i].place.plugin
		f.line(h.IP, "|", portText(s), "|", strconv.Itoa(p.id), "|", [...]string{"NOTE", "NOTE", "INFO", "REPORT", "REPORT"}[p.severity], "|",
			strings.ReplaceAll(p.name, "|", ";"), "\n")
	}
}

func portText(s *place) string {
	return fmt.Sprintf("general (%d/%s)", s.port, strings.ToLower(protocolNames[s.protocol]))
}

var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

func xmlText(s string) string {
	if !strings.ContainsAny(s, `&<>"`) {
		return s
	}
	return xmlEscaper.Replace(s)
}

// downloadScan answers with a result's scan file, in an archive that is made while it is sent. One of the headers
// lies, as the real one does.
func (x *exchange) downloadScan(id, format string) (any, error) {
	r, ok := x.c.scanResult(x.organization(), id, x.now.Unix())
	if !ok || !x.reads(r.def.repository) {
		return nil, notFound("scanResult", id)
	}
	formats := x.c.scanFormats()
	if format == "" {
		format = formats[0]
	}
	if !strings.Contains(" "+strings.Join(formats, " ")+" ", " "+format+" ") {
		return nil, refuse(146, "Invalid download type '%s'.\n", format)
	}
	if x.c.resultObject(r, x.now.Unix())["downloadAvailable"] != "true" {
		return nil, refuse(143, "Scan Result #%s failed\n", id)
	}
	if x.c.o.Quirks.PlainScanDownload {
		return &reply{status: http.StatusOK, header: http.Header{"Content-Type": {"text/xml;charset=UTF-8"}},
			stream: func(w io.Writer) error { return x.c.writeScan(w, r, format) }}, nil
	}
	return &reply{status: http.StatusOK, stream: func(w io.Writer) error { return x.c.writeArchive(w, r, format) }, header: http.Header{
		"Content-Type": {"application/zip"}, "Content-Disposition": {"attachment; filename=" + id + "-nessus.zip"},
		"Content-Transfer-Encoding": {"BASE64;"}, "Cache-Control": {"private, must-revalidate"}, "Pragma": {"public"},
	}}, nil
}

// writeArchive writes a ZIP archive of one member. Its sizes stand behind the data, as in every archive that is
// written to a stream.
func (c *Console) writeArchive(w io.Writer, r scanResult, format string) error {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	extension := ".nessus"
	if format == "nsr" {
		extension = ".nsr"
	}
	member, err := z.Create(r.id() + extension)
	if err != nil {
		return err
	}
	if err := c.writeScan(member, r, format); err != nil {
		return err
	}
	return z.Close()
}
