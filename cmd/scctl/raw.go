package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func addRaw(t *tree) {
	var (
		first, second string
		query         []string
		header        []string
		body, file    string
		whole         bool
	)
	cmd := command(t.app, "raw", "Any call of the console: a method and a path below /rest, or for SecurityCenter 4 a module and an action. "+
		"What comes back is the answer without its envelope; an answer that has none comes as it is.",
		"scctl raw GET /scanResult/123 --query fields=id,name,progress",
		"scctl raw PATCH /asset/5 --body '{\"description\":\"web\"}' --dry-run",
		"scctl raw vuln init",
		"scctl raw scanResult download --body '{\"scanResultID\":\"123\",\"downloadType\":\"v2\"}' --stream -o scan.zip",
	)
	cmd.Arg("method", "Method (GET, POST, PATCH, PUT, DELETE), or module.").Required().StringVar(&first)
	cmd.Arg("path", "Path, with / before it, or action.").Required().StringVar(&second)
	cmd.Flag("query", "A parameter of the URL. May be repeated.").PlaceHolder("NAME=VALUE").StringsVar(&query)
	cmd.Flag("header", "An extra header. May be repeated. Not for secrets.").PlaceHolder("NAME:VALUE").StringsVar(&header)
	cmd.Flag("body", "Body of the request, or input of the action.").PlaceHolder("JSON").StringVar(&body)
	cmd.Flag("body-file", "File of it; - is standard input.").PlaceHolder("FILE").StringVar(&file)
	cmd.Flag("stream", "Write the body of the answer as it comes, for downloads.").BoolVar(&whole)
	t.settings.registerChange(cmd)
	t.settings.output.registerFile(cmd)
	t.asking(cmd, scapi.UnknownKind, func(ctx context.Context, j *job) error {
		call, err := rawCall(first, second, query, header)
		if err != nil {
			return err
		}
		input, err := j.jsonInput(ctx, "body", body, file)
		if err != nil {
			return err
		}
		if input != nil {
			call.Body = input
		}
		if changes(call) {
			if err := j.mayAsk("body-file", file); err != nil {
				return err
			}
			if err := j.confirm(ctx, fmt.Sprintf("%s %s may change something.", first, second)); err != nil {
				return err
			}
		}
		client, err := j.login(ctx)
		if err != nil {
			return err
		}
		if whole {
			stream, err := client.RawStream(ctx, call)
			if err != nil {
				return err
			}
			return j.download(stream)
		}
		answer, err := client.Raw(ctx, call)
		var notDone *scapi.ActionError
		switch {
		case errors.As(err, &notDone):
			return errlist.Join(err, j.writeJSON(answer)) // what it answered may say more
		case noJSON(err, call):
			return fmt.Errorf("%w (--stream writes the body of an answer that is no JSON)", err)
		case err != nil:
			return err
		}
		return j.writeJSON(answer)
	})
}

// noJSON reports whether the call succeeded, and what came is no JSON.
func noJSON(err error, call scapi.RawCall) bool {
	var e *scapi.Error
	return errors.As(err, &e) && errors.Is(err, scapi.ErrMalformed) && e.Status < http.StatusMultipleChoices &&
		(e.Call == call.Method+" /rest"+call.Path || e.Call == call.Module+"::"+call.Action)
}

// methods are what a call with a path begins with.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete}

// rawCall reads the arguments of raw.
func rawCall(first, second string, query, header []string) (scapi.RawCall, error) {
	if method := strings.ToUpper(first); slices.Contains(methods, method) && !strings.HasPrefix(second, "/") {
		return scapi.RawCall{}, wrongUsage("raw %s %s: a path begins with /, as in: raw %s /%s", first, second, method, second)
	}
	call := scapi.RawCall{Module: first, Action: second}
	if strings.HasPrefix(second, "/") {
		call = scapi.RawCall{Method: strings.ToUpper(first), Path: second}
	}
	for _, p := range query {
		name, value, ok := strings.Cut(p, "=")
		switch {
		case !ok:
			return call, wrongUsage("--query %s: want NAME=VALUE", p)
		case call.Path == "":
			return call, wrongUsage("--query is for a path; an action takes --body")
		case call.Query == nil:
			call.Query = url.Values{}
		}
		call.Query.Add(name, value)
	}
	for _, h := range header {
		name, value, ok := strings.Cut(h, ":")
		switch {
		case !ok:
			return call, wrongUsage("--header %s: want NAME:VALUE", h)
		case call.Header == nil:
			call.Header = http.Header{}
		}
		call.Header.Add(name, strings.TrimSpace(value))
	}
	return call, nil
}

// changes reports whether a call may change something on the console.
func changes(call scapi.RawCall) bool {
	if call.Path != "" {
		switch call.Method {
		case http.MethodGet, http.MethodHead:
			return false
		case http.MethodPost:
			return call.Path != "/analysis" && !strings.HasSuffix(call.Path, "/download")
		}
		return true
	}
	switch call.Action {
	case "init", "query", "download":
		return false
	}
	return !strings.HasPrefix(call.Action, "get")
}

// indent writes JSON for people. Control characters are escapes in JSON, so
// that it is harmless on a terminal.
func indent(w io.Writer, raw json.RawMessage) error {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}
