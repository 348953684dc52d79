package main

import (
	"io"
	"log/slog"

	"github.com/go-kit/log"
	sloggokit "github.com/tjhop/slog-gokit"
)

// newLogger returns a logger that writes through go-kit/log. The bridge writes
// time and caller itself.
func newLogger(w io.Writer, level, format string) *slog.Logger {
	w = log.NewSyncWriter(w)
	var sink log.Logger
	if format == "json" {
		sink = log.NewJSONLogger(w)
	} else {
		sink = log.NewLogfmtLogger(w)
	}
	threshold := new(slog.LevelVar)
	if err := threshold.UnmarshalText([]byte(level)); err != nil {
		threshold.Set(slog.LevelInfo)
	}
	return slog.New(sloggokit.NewGoKitHandler(unwrap(sink), threshold))
}

// unwrap hands the values of slog to go-kit/log as what they are: its JSON
// logger would write a slog.Value as a string.
func unwrap(next log.Logger) log.Logger {
	return log.LoggerFunc(func(keyvals ...any) error {
		for i, v := range keyvals {
			if value, ok := v.(slog.Value); ok {
				keyvals[i] = value.Resolve().Any()
			}
		}
		return next.Log(keyvals...)
	})
}
