package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/doctor"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/recording"
)

// recordFlags are those of record.
type recordFlags struct {
	folder, inspect string
	collectors      []string
	keep            []string
	shift           time.Duration
}

func addRecord(t *tree) {
	var f recordFlags
	cmd := command(t.app, "record", "Write the requests and answers of one cycle of the exporter to a folder, without what is nobody's business, so that the console can be imitated elsewhere. "+
		"Nothing is changed on the console. Credentials, cookies, tokens and keys are never written; names, addresses, hosts, users and texts are replaced as they are written, by others of the same length, "+
		"equal ones by equal ones, by a key that is thrown away. Ids, numbers, types, states, versions and error codes stay. Look through what is left with --inspect before you give it away.",
		"scctl --config.file config.yml --console hq record -o recording",
		"scctl record --inspect recording",
		"scctl record --collectors system,vulnerabilities --shift-times=-2400h -o recording",
	)
	cmd.Flag("output", "Folder to make. It must not hold a recording.").Short('o').PlaceHolder("DIR").StringVar(&f.folder)
	cmd.Flag("inspect", "Print every different text of a recording, and where it stands, instead of making one.").PlaceHolder("DIR").StringVar(&f.inspect)
	cmd.Flag("collectors", "What to load, separated by commas; default: what the configuration switches on. all: everything.").PlaceHolder("NAME,…").StringsVar(&f.collectors)
	cmd.Flag("keep", "What is not replaced, for those who may give it away: names (of repositories, scans, scanners, …), hosts, users, texts (of plugins and messages). May be repeated.").
		PlaceHolder("WHAT").EnumsVar(&f.keep, "names", "hosts", "users", "texts")
	cmd.Flag("shift-times", "Added to every time of the recording.").PlaceHolder("DURATION").DurationVar(&f.shift)
	t.runners[cmd.FullCommand()] = func(ctx context.Context, t *tree, s streams) error {
		switch {
		case (f.folder == "") == (f.inspect == ""):
			return wrongUsage("name a folder: -o DIR to make a recording, --inspect DIR to look at one")
		case f.inspect != "":
			return inspect(s.out, f.inspect)
		}
		return f.record(ctx, t, s)
	}
}

func (f *recordFlags) record(ctx context.Context, t *tree, s streams) (err error) {
	if _, err := os.Stat(filepath.Join(f.folder, "recording.json")); err == nil {
		return wrongUsage("%s holds a recording already", f.folder)
	}
	consoles, err := t.settings.examined(s)
	switch {
	case err != nil:
		return &usageError{err}
	case len(consoles) > 1:
		for _, c := range consoles {
			if c.configured.Default {
				consoles = []examined{c}
			}
		}
		if len(consoles) > 1 {
			return wrongUsage("the configuration has several consoles and no default: name one with --console")
		}
	}
	c := consoles[0]
	defer func() { err = errlist.Join(err, c.close(ctx)) }()
	loads, err := doctor.Loads(c.configured, exporter.CollectorSettings, f.names())
	if err != nil {
		return &usageError{err}
	}
	var o recording.Options
	o.Shift = f.shift
	for _, what := range f.keep {
		switch what {
		case "names":
			o.Keep.Names = true
		case "hosts":
			o.Keep.Hosts = true
		case "users":
			o.Keep.Users = true
		case "texts":
			o.Keep.Texts = true
		}
	}
	r, loaded, err := c.Record(ctx, loads, o)
	if err != nil {
		return err
	}
	if err := r.Write(f.folder); err != nil {
		return fmt.Errorf("write recording: %w", err)
	}
	return summarise(s.out, f.folder, r, loaded)
}

// names are those of --collectors; nil for what the configuration switches on.
func (f *recordFlags) names() []string {
	var names []string
	for _, list := range f.collectors {
		for name := range strings.SplitSeq(list, ",") {
			switch name = strings.TrimSpace(name); name {
			case "":
			case "all":
				for _, col := range collector.All() {
					names = append(names, col.Name)
				}
			default:
				names = append(names, name)
			}
		}
	}
	return names
}

// summarise says what was written.
func summarise(w io.Writer, folder string, r *recording.Recording, loaded []doctor.Loaded) error {
	var sum int64
	for _, x := range r.Exchanges {
		sum += x.Bytes
	}
	kept := "nothing but what the product says"
	if len(r.Kept) > 0 {
		kept = "what the product says, and " + strings.Join(r.Kept, ", ")
	}
	_, err := fmt.Fprintf(w, "%s: %d requests of %d accounts to version %s (%s), %d bytes of answers; kept: %s; left out: logins, and %d requests without an answer\n",
		folder, len(r.Exchanges), len(r.Accounts), orUnknown(r.Version), r.Dialect, sum, kept, r.Lost)
	for _, l := range loaded {
		if l.Err != nil && err == nil {
			// The reason may name what the recording does not.
			_, err = fmt.Fprintf(w, "collector %s did not load; doctor says why\n", l.Name)
		}
	}
	if err == nil {
		_, err = fmt.Fprintf(w, "%d different texts are in it: read them with scctl record --inspect %s before you give it away\n", len(r.Texts()), folder)
	}
	return err
}

// inspect prints every text of a recording.
func inspect(w io.Writer, folder string) error {
	r, err := recording.Open(folder)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return wrongUsage("%w", err)
		}
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WHERE\tTIMES\tTEXT")
	for _, text := range r.Texts() {
		fields := text.Fields
		const most = 3
		if len(fields) > most {
			fields = append(fields[:most:most], fmt.Sprintf("and %d more", len(text.Fields)-most))
		}
		fmt.Fprintf(table, "%s\t%d\t%s\n", printable(strings.Join(fields, ", ")), text.Times, printable(text.Text))
	}
	return table.Flush()
}

// printable is a text without what may do something to a terminal or to a table.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
}
