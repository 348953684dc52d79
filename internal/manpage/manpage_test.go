package manpage_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/alecthomas/kingpin/v2"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/manpage"
)

func TestNothingOfACommandLineIsReadAsRoff(t *testing.T) {
	app := kingpin.New("tool", ".Does 'things'. With more.")
	app.Flag("path", `'quoted' C:\new "x" ~/.file …`).PlaceHolder("A-B").String()
	app.Flag("hidden", "secret").Hidden().Bool()
	c := app.Command("run", ".run it").HelpLong(".hidden-request -x\n'and another")
	c.Arg("what", "Whät.").String()
	var b bytes.Buffer
	page := manpage.Page{App: app.Model(), Version: "1.2-3", Columns: func(string) []string { return []string{"a-b", "c"} },
		More: []manpage.Section{{Heading: "EXIT STATUS", Terms: [][2]string{{"0", "done"}}}}}
	if err := page.Write(&b); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{
		".TH TOOL 1 \"\" \"tool 1.2\\-3\" \"User Commands\"\n",
		".SH NAME\ntool \\- \\&.Does \\(aqthings\\(aq\n",
		"\\fB\\-\\-path\\fR=\\fIA\\-B\\fR\n\\(aqquoted\\(aq C:\\enew \\(dqx\\(dq \\(ti/.file \\[u2026]\n",
		".SS run\n\\&.run it\n", ".nf\n.RS\n\\&.hidden\\-request \\-x\n\\(aqand another\n.RE\n.fi\n",
		"Wh\\[u00E4]t.", "Columns: a\\-b, c.", ".SH EXIT STATUS\n.TP\n\\fB0\\fR\ndone\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "secret") {
		t.Error("a hidden flag is shown")
	}
	for line := range strings.Lines(got) {
		if strings.HasPrefix(line, "'") {
			t.Errorf("a request: %q", line)
		}
	}
}
