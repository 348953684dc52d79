package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestLogFormats(t *testing.T) {
	write := func(format string) string {
		var b bytes.Buffer
		log := newLogger(&b, "info", format).With("console", "hq").WithGroup("load")
		log.Info("Two words", "count", 42, "ratio", 0.5, "ok", true, "took", 1500*time.Millisecond, "err", errors.New(`quoted "text"`))
		return b.String()
	}

	t.Run("logfmt has one line of pairs, quoted where needed", func(t *testing.T) {
		line := write("logfmt")
		for _, pair := range []string{`level=info`, `msg="Two words"`, `console=hq`, `load.count=42`, `load.ratio=0.5`, `load.ok=true`, `load.took=1.5s`, `load.err="quoted \"text\""`} {
			if !strings.Contains(line, pair) {
				t.Errorf("no %s in %s", pair, line)
			}
		}
		if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
			t.Errorf("not one line: %q", line)
		}
	})

	t.Run("JSON keeps numbers and truth values as what they are", func(t *testing.T) {
		var got map[string]any
		if err := json.Unmarshal([]byte(write("json")), &got); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]any{
			"level": "info", "msg": "Two words", "console": "hq",
			"load.count": 42.0, "load.ratio": 0.5, "load.ok": true, "load.took": "1.5s", "load.err": `quoted "text"`,
		} {
			if got[key] != want {
				t.Errorf("%s is %#v, want %#v", key, got[key], want)
			}
		}
	})

	t.Run("every line says when and where", func(t *testing.T) {
		var got map[string]any
		if err := json.Unmarshal([]byte(write("json")), &got); err != nil {
			t.Fatal(err)
		}
		if _, err := time.Parse(time.RFC3339Nano, asText(got["ts"], got["time"])); err != nil {
			t.Errorf("the time: %v in %v", err, got)
		}
		if !strings.Contains(asText(got["caller"], got["source"]), "log_test.go:") {
			t.Errorf("the caller: %v", got)
		}
	})

	for _, test := range []struct {
		level string
		want  []slog.Level
	}{
		{"debug", []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}},
		{"info", []slog.Level{slog.LevelInfo, slog.LevelWarn, slog.LevelError}},
		{"warn", []slog.Level{slog.LevelWarn, slog.LevelError}},
		{"error", []slog.Level{slog.LevelError}},
	} {
		t.Run("the level "+test.level+" leaves out what is less severe", func(t *testing.T) {
			var b bytes.Buffer
			log := newLogger(&b, test.level, "logfmt")
			for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
				log.Log(t.Context(), level, "said")
			}
			if n := strings.Count(b.String(), "msg=said"); n != len(test.want) {
				t.Errorf("%d lines, want %d:\n%s", n, len(test.want), &b)
			}
			for _, level := range test.want {
				if !strings.Contains(b.String(), "level="+strings.ToLower(level.String())) {
					t.Errorf("no line of level %s:\n%s", level, &b)
				}
			}
		})
	}
}

// asText returns the first of the values that is a text.
func asText(values ...any) string {
	for _, v := range values {
		if s, is := v.(string); is {
			return s
		}
	}
	return ""
}
