package scapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/upload"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Upload sends a file to the console and returns the name that the console
// gave it there. An importing call of the same session wants that name; Raw
// makes those that this package does not have.
//
// The file is read while it is sent, and not any more when Upload returns. Its
// own name loses its directory. A reader that is an io.Seeker is sent with its
// length, and again if the session was over. REST POST /file/upload, RPC
// file::upload, both as a multipart form.
func (c *Client) Upload(ctx context.Context, file io.Reader, filename string) (string, error) {
	f, err := upload.New(filename, file)
	if err != nil {
		return "", fmt.Errorf("upload: %w", err)
	}
	defer f.Release()
	t, err := c.target(ctx)
	if err != nil {
		return "", err
	}
	k := call{
		endpoint: "/file/upload",
		slow:     true,
		once:     true,
		writes:   true,
		rest:     restCall{Method: http.MethodPost, Path: "/file/upload", File: f},
		// The text is wanted on the console, not back here.
		rpc: rpcCall{Module: "file", Action: "upload", Input: map[string]string{"returnContent": "false"}, File: f},
	}.labelled(t.dialect, "file::upload")
	var answer struct{ Filename wire.Str }
	if _, err := c.do(ctx, k, &answer); err != nil {
		return "", err
	}
	if answer.Filename == "" {
		return "", &Error{Call: k.name(t.dialect), Err: fmt.Errorf("%w: no name of the uploaded file", ErrMalformed)}
	}
	return string(answer.Filename), nil
}

// ImportDashboard uploads a dashboard template and makes it a tab called name
// of the account's dashboard. It returns the console's answer, whose content
// is not documented. The file is read as Upload does. After the upload: REST
// POST /dashboard/import, RPC dashboard::importTab, an undocumented call.
func (c *Client) ImportDashboard(ctx context.Context, name string, file io.Reader, filename string) (json.RawMessage, error) {
	return c.importFile(ctx, "/dashboard/import", "dashboard", "importTab", name, file, filename)
}

// ImportReport uploads a report template and makes it a report called name of
// the account. It returns the console's answer, whose content is not
// documented. The file is read as Upload does. After the upload: REST POST
// /reportDefinition/import, RPC report::import, an undocumented call.
func (c *Client) ImportReport(ctx context.Context, name string, file io.Reader, filename string) (json.RawMessage, error) {
	return c.importFile(ctx, "/reportDefinition/import", "report", "import", name, file, filename)
}

func (c *Client) importFile(ctx context.Context, path, module, action, name string, file io.Reader, filename string) (json.RawMessage, error) {
	if name == "" {
		return nil, wrongArgument("import %s: no name", filename)
	}
	uploaded, err := c.Upload(ctx, file, filename)
	if errors.Is(err, ErrDryRun) {
		uploaded = "NAME-OF-THE-UPLOADED-FILE" // so that the second request is shown too
	} else if err != nil {
		return nil, err
	}
	t, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	input := map[string]string{"filename": uploaded, "name": name}
	k := call{
		endpoint: path,
		once:     true,
		writes:   true,
		rest:     restCall{Method: http.MethodPost, Path: path, Body: input},
		rpc:      rpcCall{Module: module, Action: action, Input: input},
	}.labelled(t.dialect, module+"::"+action)
	var response json.RawMessage
	_, err = c.do(ctx, k, &response)
	return response, err
}
