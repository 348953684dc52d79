package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// outputSettings say how records are written.
type outputSettings struct {
	format  string
	chosen  bool // the format, on the command line
	bare    bool // without the line of names
	wide    bool
	fields  []string
	raw     bool
	csvSafe bool
	csvBOM  bool
	file    string

	limit   int64
	columns map[string][]string // of the commands that write records, by their full name; none: the console's own

	complete func(words []string) func() []string // a list of words on the command line
}

// registerListing adds the flags of a command that writes records.
// columns are the names that its records have; none: they are the console's own.
func (o *outputSettings) registerListing(cmd *kingpin.CmdClause, columns ...string) {
	if o.columns == nil {
		o.columns = map[string][]string{}
	}
	o.columns[cmd.FullCommand()] = columns
	choiceFlag(cmd, "format", "How to write: table (cut to fit), csv (RFC 4180, UTF-8), tsv (a line for each record, for shells: cells between tabs, a tab, a line break or a backslash inside one as \\t, \\n, \\r, \\\\), "+
		"jsonl (one object a line), json (one array). By itself what the name of --output ends in (.csv, .tsv, .jsonl, .json), else table.", &o.format, formats...).
		Default(formatTable).IsSetByUser(&o.chosen)
	cmd.Flag("no-header", "With table, csv and tsv: without the line of names, which is there by itself, also where there are no records.").BoolVar(&o.bare)
	cmd.Flag("wide", "With table: cut nothing and leave nothing out, however long lines are. By itself they fit the terminal, or are at most 120 wide.").BoolVar(&o.wide)
	cmd.Flag("fields", "Columns, separated by commas: those that --help lists, or behind raw. the keys of the console's own object (raw.repository.id for one inside another); "+
		"for rows of query, which are the console's own, just its keys (repository.id). "+
		"firstSeenDate and firstSeenTime write firstSeen as a date or a time (UTC); so with every moment.").
		PlaceHolder("NAME,…").HintAction(o.complete(columns)).StringsVar(&o.fields)
	numberFlag(cmd, "limit", "End after so many records; 0: none.", &o.limit).PlaceHolder("N")
	cmd.Flag("raw", "With jsonl and json: the console's own objects instead of the columns of the table.").BoolVar(&o.raw)
	cmd.Flag("csv.safe", "With csv: keep spreadsheets from running cells as formulas: a cell that begins like one gets an apostrophe before it, and all cells are quoted.").
		BoolVar(&o.csvSafe)
	cmd.Flag("csv.bom", "With csv: begin with a byte order mark, so that Excel takes the file for UTF-8.").BoolVar(&o.csvBOM)
	o.registerFile(cmd)
}

// The formats.
const (
	formatTable = "table"
	formatCSV   = "csv"
	formatTSV   = "tsv"
	formatJSONL = "jsonl"
	formatJSON  = "json"
)

var formats = []string{formatTable, formatCSV, formatTSV, formatJSONL, formatJSON}

// choose takes the format that the name of the file says, unless one was asked for.
func (o *outputSettings) choose() {
	if extension := strings.TrimPrefix(filepath.Ext(o.file), "."); !o.chosen && extension != formatTable && slices.Contains(formats, extension) {
		o.format = extension
	}
}

// hasNames reports whether the format begins with the names of the columns.
func (o *outputSettings) hasNames() bool {
	return o.format == formatTable || o.format == formatCSV || o.format == formatTSV
}

// columnLines are the columns of a command, for its help.
func (o *outputSettings) columnLines(command string) string {
	const width = 78
	var b strings.Builder
	length := 0
	for i, name := range o.columns[command] {
		if i > 0 {
			b.WriteByte(',')
			length++
		}
		switch {
		case length == 0, length+len(name)+1 > width:
			if length > 0 {
				b.WriteByte('\n')
			}
			b.WriteString("  ")
			length = 1
		default:
			b.WriteByte(' ')
		}
		b.WriteString(name)
		length += len(name) + 1
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	return b.String()
}

// registerFile adds the flag of a command that can write to a file.
func (o *outputSettings) registerFile(cmd *kingpin.CmdClause) {
	cmd.Flag("output", "Write to this file instead of standard output. It appears under its name when it is complete, readable by its owner only; one that is there is replaced then, and keeps its mode. "+
		"What is no regular file, such as a pipe, a device or /dev/fd/3, is written as it comes.").
		Short('o').PlaceHolder("FILE").StringVar(&o.file)
}

// fieldList returns the names of --fields, which may be repeated.
func (o *outputSettings) fieldList() []string {
	var fields []string
	for _, list := range o.fields {
		for name := range strings.SplitSeq(list, ",") {
			if name = strings.TrimSpace(name); name != "" {
				fields = append(fields, name)
			}
		}
	}
	return fields
}

// writer writes records in one format.
type writer interface {
	// write takes a record; it may keep it for a while.
	write(*item) error
	// flush hands on what can be handed on.
	flush() error
	// finish writes what is missing at the end.
	finish() error
}

// newWriter returns the writer of o. names are the columns that are known
// before the first record, brief the ones that a table shows of records that
// have many.
func (o *outputSettings) newWriter(w io.Writer, names, brief []string) writer {
	out := bufio.NewWriterSize(w, 64<<10)
	fields := o.fieldList()
	switch o.format {
	case formatCSV, formatTSV:
		if fields == nil {
			fields = names
		}
		return &csvWriter{out: out, head: head{fields: fields}, cellStyle: cellStyle{tabs: o.format == formatTSV, safe: o.csvSafe}, plain: o.bare, mark: o.csvBOM}
	case formatJSONL:
		return &jsonWriter{out: out, fields: fields, raw: o.raw}
	case formatJSON:
		return &jsonWriter{out: out, fields: fields, raw: o.raw, array: true}
	}
	width, colour := o.screen(w)
	t := &tableWriter{out: out, head: head{fields: fields, brief: brief}, bare: o.bare, chosen: fields != nil, width: width, colour: colour}
	switch {
	case fields != nil || names == nil:
	case brief != nil:
		t.fields = brief
	default:
		t.fields = names
	}
	return t
}

// headSize is the number of records that are kept until the columns are settled.
const headSize = 500

// head keeps the first records of an output until its columns are known: the
// given ones, or all that the kept records have.
type head struct {
	fields []string // nil: not known yet
	brief  []string // of the columns found, only these, if there is one of them at all
	kept   []*item
}

// take keeps a record, and reports whether it is time to settle.
func (h *head) take(i *item) (full bool) {
	h.kept = append(h.kept, i)
	return len(h.kept) >= headSize
}

// settle decides on the columns.
func (h *head) settle() {
	if h.fields != nil {
		return
	}
	found := []string{}
	seen := map[string]bool{}
	for _, i := range h.kept {
		for _, key := range i.keys() {
			if !seen[key] {
				seen[key] = true
				found = append(found, key)
			}
		}
	}
	var brief []string
	for _, name := range h.brief {
		// "repository" is there as repository.id and repository.name too.
		if seen[name] || seen[name+".name"] {
			brief = append(brief, name)
		}
	}
	if len(brief) > 0 {
		found = brief
	}
	h.fields = found
}

// cells are the texts of a record's columns.
func (h *head) cells(i *item) []string {
	cells := make([]string, len(h.fields))
	for n, field := range h.fields {
		cells[n] = text(i.value(field))
	}
	return cells
}

// find looks at where the output shall go, before anything is asked.
func (j *job) find() (err error) {
	j.to = destination{descriptor: 1}
	if file := j.settings.output.file; file != "" && file != "-" {
		j.to, err = findDestination(file)
	}
	return err
}

// open opens the output, before anything is fetched for it.
func (j *job) open(ctx context.Context) (err error) {
	if j.sink == nil {
		j.sink, err = j.to.open(ctx, j.streams)
	}
	return err
}

// begin starts the output of records.
func (j *job) begin(names, brief []string) {
	j.records = j.settings.output.newWriter(j.sink, names, brief)
}

// finish ends the output of a command that succeeded.
func (j *job) finish() error {
	if j.records != nil {
		if err := j.records.finish(); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	return j.end(sink.commit)
}

// discard ends the output of a command that failed, unless it has ended. What
// went to a stream stays, incomplete; a file does not.
func (j *job) discard() error {
	if _, ok := j.sink.(*stream); ok && j.records != nil {
		return errlist.Join(j.records.flush(), j.end(sink.discard))
	}
	return j.end(sink.discard)
}

func (j *job) end(how func(sink) error) error {
	if j.sink == nil {
		return nil
	}
	ending := j.sink
	j.sink = nil
	return how(ending)
}

// list writes all of values.
func list[T any](j *job, c columns[T], values []T) error {
	names := c.names()
	j.begin(names, nil)
	if most := j.settings.output.limit; most > 0 && int64(len(values)) > most {
		values = values[:most]
	}
	for _, v := range values {
		if err := j.records.write(c.item(names, v)); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}

// check refuses flags of a command that do not go together, and fields that none
// of its records has.
func (o *outputSettings) check(command string) error {
	columns, lists := o.columns[command]
	if len(columns) > 0 {
		for _, field := range o.fieldList() {
			if !isField(field, columns) {
				return noField(field, columns)
			}
		}
	}
	o.choose()
	switch {
	case o.raw && !slices.Contains([]string{formatJSON, formatJSONL}, o.format):
		return wrongUsage("--raw goes with --format json or jsonl")
	case o.raw && len(o.fieldList()) > 0:
		return wrongUsage("--raw writes whole objects: it does not go with --fields")
	case o.wide && o.format != formatTable:
		return wrongUsage("--wide goes with --format table")
	case lists && o.bare && !o.hasNames():
		return wrongUsage("--no-header goes with --format table, csv or tsv")
	case (o.csvSafe || o.csvBOM) && o.format != formatCSV:
		return wrongUsage("--csv.safe and --csv.bom go with --format csv")
	}
	return nil
}

// isField reports whether a field can be one of these columns.
func isField(field string, columns []string) bool {
	return strings.Contains(field, ".") || // of the console's object, which is not known yet
		slices.ContainsFunc(bases(field), func(base string) bool { return slices.Contains(columns, base) })
}

func noField(field string, columns []string) error {
	return wrongUsage("--fields: there is no %s%s; there are %s", field, didYouMean(field, columns), strings.Join(columns, ", "))
}

// checkRows refuses fields that none of the first rows of a query has: their keys
// are the console's own, and not known before.
func (o *outputSettings) checkRows(rows []scapi.Row) error {
	fields := o.fieldList()
	if len(fields) == 0 {
		return nil
	}
	items := make([]*item, len(rows))
	for n, row := range rows {
		items[n] = &item{raw: row.Raw}
	}
	for _, field := range fields {
		if len(items) > 0 && !slices.ContainsFunc(items, func(i *item) bool { return i.has(field) }) {
			return noField(field, items[0].keys())
		}
	}
	return nil
}

// streaming writes values as they come, with a progress line.
func streaming[T any](j *job, c columns[T], brief []string, what string, values iter.Seq2[T, error]) error {
	names := c.names()
	j.begin(names, brief)
	p := j.newProgress(what)
	defer p.hide()
	var done int64
	for v, err := range values {
		if err != nil {
			return err
		}
		if done%headSize == 0 {
			p.hide()
			if err := j.records.flush(); err != nil {
				return fmt.Errorf("write: %w", err)
			}
			p.show(done, 0)
		}
		if err := j.records.write(c.item(names, v)); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		if done++; done == j.settings.output.limit {
			break
		}
	}
	return nil
}
