package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// progress is a line on a terminal that tells how far a long command is. A nil
// progress shows nothing.
type progress struct {
	out   io.Writer
	what  string // "rows"
	start time.Time
	now   func() time.Time
	drawn time.Time
	shown bool
}

// redraw is how often the line changes.
const redraw = 100 * time.Millisecond

// newProgress returns nil unless stderr is a terminal.
func (j *job) newProgress(what string) *progress {
	if !isTerminal(j.err) || !j.settings.progress {
		return nil
	}
	return &progress{out: j.err, what: what, start: time.Now(), now: time.Now}
}

// hide takes the line away, so that something else can be written.
func (p *progress) hide() {
	if p == nil || !p.shown {
		return
	}
	p.shown = false
	_, _ = io.WriteString(p.out, "\r\x1b[K") // a terminal that is gone needs no progress
}

// show draws the line: done of total, where total 0 is not known.
func (p *progress) show(done, total int64) {
	if p == nil {
		return
	}
	now := p.now()
	if now.Sub(p.drawn) < redraw {
		return
	}
	p.drawn, p.shown = now, true
	line := fmt.Sprintf("\r%d %s", done, p.what)
	if total > 0 {
		const width = 30
		part := min(float64(done)/float64(total), 1)
		filled := int(part * width)
		line = fmt.Sprintf("\r[%s%s] %3.0f%% %d of %d %s", strings.Repeat("#", filled), strings.Repeat(".", width-filled), part*100, done, total, p.what)
	}
	if elapsed := now.Sub(p.start).Seconds(); elapsed > 0 {
		line += fmt.Sprintf(", %.0f/s", float64(done)/elapsed)
	}
	_, _ = io.WriteString(p.out, line+"\x1b[K")
}
