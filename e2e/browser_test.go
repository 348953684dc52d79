//go:build e2e

package e2e

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// browser is a headless Chromium with one page, led over a pair of pipes by the Chrome DevTools Protocol: messages are
// JSON, each ended by a zero byte.
type browser struct {
	t       *testing.T
	send    *os.File
	receive *bufio.Reader
	session string
	id      int
}

// findChromium returns the path of a Chromium. Where there is none the test is skipped, but not in CI.
func findChromium(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no chromium in PATH; set CHROMIUM to its path")
	}
	t.Skip("no chromium in PATH; set CHROMIUM to its path")
	return ""
}

// startBrowser starts a browser that lives until the test ends.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	commands, send, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	receive, answers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// No sandbox: it needs rights that containers lack, and the only page is ours.
	cmd := exec.Command(findChromium(t), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{commands, answers} // 3 and 4, as the browser expects them
	p := start(t, cmd)
	_ = commands.Close()
	_ = answers.Close()
	b := &browser{t: t, send: send, receive: bufio.NewReader(receive)}
	t.Cleanup(func() {
		b.session = ""
		_ = b.try("Browser.close", nil, nil)
		_ = send.Close()
		_ = receive.Close()
		select {
		case <-p.exited: // or its children would write to the folder while it is removed
		case <-time.After(10 * time.Second):
		}
	})
	if err := receive.SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	b.call("Page.enable", nil, nil)
	return b
}

// call sends a command and fills result, if not nil, with its answer.
func (b *browser) call(method string, params map[string]any, result any) {
	b.t.Helper()
	if err := b.try(method, params, result); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) try(method string, params map[string]any, result any) error {
	b.id++
	message, err := json.Marshal(struct {
		ID        int            `json:"id"`
		Method    string         `json:"method"`
		Params    map[string]any `json:"params,omitempty"`
		SessionID string         `json:"sessionId,omitempty"`
	}{b.id, method, params, b.session})
	if err != nil {
		return err
	}
	if _, err := b.send.Write(append(message, 0)); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	for {
		var answer struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := b.read(&answer); err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		switch {
		case answer.ID != b.id: // an event
			continue
		case answer.Error != nil:
			return fmt.Errorf("%s: %s", method, answer.Error.Message)
		case result == nil:
			return nil
		}
		return json.Unmarshal(answer.Result, result)
	}
}

func (b *browser) read(v any) error {
	message, err := b.receive.ReadBytes(0)
	if err != nil {
		return err
	}
	return json.Unmarshal(message[:len(message)-1], v)
}

// open shows a page in a window of that size and scheme ("light" or "dark"), and waits until it is loaded.
func (b *browser) open(url string, width, height int, scheme string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	var opened struct{ ErrorText string }
	b.call("Page.navigate", map[string]any{"url": url}, &opened)
	if opened.ErrorText != "" {
		b.t.Fatalf("open %s: %s", url, opened.ErrorText)
	}
	for {
		var event struct{ Method string }
		if err := b.read(&event); err != nil {
			b.t.Fatalf("open %s: %v", url, err)
		}
		if event.Method == "Page.loadEventFired" {
			return
		}
	}
}

// evaluate fills v with the value of an expression in the page.
func (b *browser) evaluate(expression string, v any) {
	b.t.Helper()
	var evaluated struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct{ Text string }
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &evaluated)
	if evaluated.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, evaluated.ExceptionDetails.Text)
	}
	if err := json.Unmarshal(evaluated.Result.Value, v); err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
}

// screenshot returns the page as PNG: what the window shows, or the whole of it.
func (b *browser) screenshot(whole bool) []byte {
	b.t.Helper()
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": whole}, &shot)
	picture, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	return picture
}
