package history

import (
	"fmt"
	"io"
	"time"
)

// progress tells how far the steps of a console are.
type progress struct {
	r     *rebuilding
	all   int
	began time.Time
	shown int // tenths
}

func (r *rebuilding) progress(all int) *progress {
	return &progress{r: r, all: all, began: time.Now()}
}

// done tells that so many are: on a terminal always, else by every tenth.
func (p *progress) done(n int) {
	left := time.Since(p.began) / time.Duration(n) * time.Duration(p.all-n)
	text := fmt.Sprintf("%s: %d of %d steps, %s to go", p.r.console.Name(), n, p.all, roughly(left))
	switch tenths := n * 10 / p.all; {
	case p.r.o.Terminal:
		_, _ = fmt.Fprintf(p.r.o.Out, "\r%-70s", text)
	case tenths > p.shown:
		p.shown = tenths
		p.r.say("%s", text)
	}
}

// end ends the line that changes.
func (p *progress) end() {
	if p.r.o.Terminal {
		_, _ = io.WriteString(p.r.o.Out, "\n")
	}
}
