package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// remarks are what consoles said beside a success, which is shown on standard
// error: each text once, however many answers repeat it.
type remarks struct {
	mu    sync.Mutex
	shown map[string]bool
}

// observer returns what a client is to call after every request. What a failed
// call says is in its error already.
func (r *remarks) observer(out io.Writer) func(context.Context, scapi.Exchange) {
	return func(_ context.Context, x scapi.Exchange) {
		for _, text := range x.Warnings {
			r.show(out, "warning: "+text)
		}
		if x.Message != "" && x.Err == nil {
			r.show(out, "the console says: "+x.Message)
		}
	}
}

func (r *remarks) show(out io.Writer, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shown[text] {
		return
	}
	if r.shown == nil {
		r.shown = map[string]bool{}
	}
	r.shown[text] = true
	_, _ = fmt.Fprintf(out, "%s: %s\n", program, text) // that nobody reads it changes nothing
}
