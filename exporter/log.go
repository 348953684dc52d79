package exporter

import (
	"fmt"
	"log/slog"
	"strings"
)

// errorLog lets promhttp report to our logger.
type errorLog struct{ log *slog.Logger }

// Println implements promhttp.Logger.
func (l errorLog) Println(v ...any) {
	l.log.Error("Exposition failed", "err", strings.TrimSpace(fmt.Sprintln(v...)))
}
