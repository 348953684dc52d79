package scapi

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

// besides is an envelope of success with what may stand beside it.
func besides(response, message, warnings string) responder {
	return raw(200, `{"type":"regular","response":`+response+`,"error_code":0,"error_msg":`+message+`,"warnings":`+warnings+`,"timestamp":1700000000}`)
}

const emailFailed = `"Scan Result email failed.\nInvalid address 'x'.\n"`

func TestAChangeThatTheConsoleCouldNotMakeIsAnError(t *testing.T) {
	t.Parallel()
	answer := besides(`{"id":"5","name":"before"}`, emailFailed, `[]`)
	const message = "Scan Result email failed. Invalid address 'x'."
	for name, test := range map[string]struct {
		s    *script
		call string
		make func(*Client) (string, error)
	}{
		"a raw call": {restConsole().on("POST /rest/scanResult/7/email", answer), "POST /rest/scanResult/7/email", func(c *Client) (string, error) {
			response, err := c.Raw(t.Context(), RawCall{Method: "POST", Path: "/scanResult/7/email"})
			return string(response), err
		}},
		"a raw call over RPC": {rpcConsole().on("scanResult::email", answer), "scanResult::email", func(c *Client) (string, error) {
			response, err := c.Raw(t.Context(), RawCall{Module: "scanResult", Action: "email"})
			return string(response), err
		}},
		"an asset list": {restConsole().on("GET /rest/asset/5", said(`{"id":"5","type":"static"}`)).on("PATCH /rest/asset/5", answer), "PATCH /rest/asset/5",
			func(c *Client) (string, error) {
				a, err := c.UpdateAsset(t.Context(), "5", AssetUpdate{Name: Some("x")})
				return string(a.Raw), err
			}},
		"an asset list over RPC": {rpcConsole().on("asset::init", said(`{"assets":[{"id":"5","type":"static"}]}`)).on("asset::edit", answer), "asset::edit",
			func(c *Client) (string, error) {
				a, err := c.UpdateAsset(t.Context(), "5", AssetUpdate{Name: Some("x")})
				return string(a.Raw), err
			}},
		"a credential": {restConsole().on("GET /rest/credential/5", said(`{"id":"5","type":"ssh"}`)).on("PATCH /rest/credential/5", answer), "PATCH /rest/credential/5",
			func(c *Client) (string, error) {
				s, err := c.UpdateCredential(t.Context(), "5", CredentialUpdate{Name: Some("x")})
				return string(s.Raw), err
			}},
		"a credential over RPC": {rpcConsole().on("credential::init", said(`{"credentials":[{"id":"5","type":"ssh","name":"x"}]}`)).on("credential::edit", answer), "credential::edit",
			func(c *Client) (string, error) {
				s, err := c.UpdateCredential(t.Context(), "5", CredentialUpdate{Name: Some("x")})
				return string(s.Raw), err
			}},
		"an import": {restConsole().on("POST /rest/file/upload", said(`{"filename":"Ab12Cd"}`)).on("POST /rest/dashboard/import", answer), "POST /rest/dashboard/import",
			func(c *Client) (string, error) {
				response, err := c.ImportDashboard(t.Context(), "x", strings.NewReader("<x/>"), "x.xml")
				return string(response), err
			}},
	} {
		t.Run(name, func(t *testing.T) {
			seen := &observed{}
			c := dial(t, test.s, func(o *Options) { o.Observe = seen.observe })
			got, err := test.make(c)
			var failed *ActionError
			if !errors.As(err, &failed) || failed.Call != test.call || failed.Message != message {
				t.Fatalf("error %v", err)
			}
			if got != `{"id":"5","name":"before"}` || string(failed.Response) != got {
				t.Errorf("answer %s, of the error %s", got, failed.Response)
			}
			if !Answered(err) || IsTemporary(err) || IsPermission(err) || IsNotFound(err) {
				t.Errorf("error %v is taken for something else", err)
			}
			last := seen.seen[len(seen.seen)-1]
			if last.Message != message || last.Code != "200" || !errors.As(last.Err, &failed) {
				t.Errorf("observed %+v", last)
			}
			if n := test.s.count(test.call); n > 1 {
				t.Errorf("made %d times", n)
			}
		})
	}
}

func TestAStreamedChangeThatTheConsoleCouldNotMakeIsAnError(t *testing.T) {
	t.Parallel()
	c := dial(t, restConsole().on("POST /rest/scanResult/7/email", besides(`""`, emailFailed, `[]`)))
	_, err := c.RawStream(t.Context(), RawCall{Method: "POST", Path: "/scanResult/7/email"})
	if !unfulfilled(err) {
		t.Errorf("error %v", err)
	}
	c = dial(t, restConsole().on("GET /rest/feed", besides(`{}`, `"said"`, `[]`)))
	stream, err := c.RawStream(t.Context(), RawCall{Method: "GET", Path: "/feed"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, stream); err != nil || stream.Close() != nil {
		t.Error(err)
	}
}

func TestWhatIsSaidBesideSuccessIsObservedAndLogged(t *testing.T) {
	t.Parallel()
	const password = "the-password"
	for name, test := range map[string]struct {
		answer   responder
		message  string
		warnings []string
	}{
		"a message":           {besides(`{}`, `"Partial\n data\n"`, `[]`), "Partial data", nil},
		"warnings":            {besides(`{}`, `""`, `["a",{"code":4,"warning":"b\nc"}]`), "", []string{"a", "b c"}},
		"no warnings":         {besides(`{}`, `" "`, `{}`), "", nil},
		"one that knows much": {besides(`{}`, `"token 1234567890"`, `["1234567890"]`), "token ***", []string{"***"}},
	} {
		t.Run(name, func(t *testing.T) {
			seen, log := &observed{}, &bytes.Buffer{}
			c := dial(t, restConsole().on("GET /rest/feed", test.answer), func(o *Options) {
				o.Observe, o.Logger = seen.observe, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				o.Credentials = func() (Credentials, error) { return Credentials{Username: "u", Password: password}, nil }
			})
			if _, err := c.Feeds(t.Context()); err != nil {
				t.Fatal(err)
			}
			last := seen.seen[len(seen.seen)-1]
			if last.Message != test.message || !slices.Equal(last.Warnings, test.warnings) || last.Err != nil {
				t.Errorf("observed %+v", last)
			}
			for _, text := range append(slices.Clone(test.warnings), test.message) {
				if !strings.Contains(log.String(), text) {
					t.Errorf("%q is not in the log:\n%s", text, log)
				}
			}
			if strings.Contains(log.String(), "1234567890") {
				t.Error("the log has the token")
			}
		})
	}
}
