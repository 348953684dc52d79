package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func addReplay(t *tree) {
	var folder, listen string
	cmd := command(t.app, "replay", "Be the console of a recording until interrupted, for the exporter and scctl to ask. A configuration file for it is printed; what is asked and was not recorded is written to standard error at the end.",
		"scctl replay recording > config.yml",
		"scctl replay recording --listen 127.0.0.1:8834",
	)
	cmd.Arg("recording", "Folder that record made.").Required().StringVar(&folder)
	cmd.Flag("listen", "Address to listen on.").Default("127.0.0.1:0").StringVar(&listen)
	t.runners[cmd.FullCommand()] = func(ctx context.Context, _ *tree, s streams) error {
		console, err := sctest.Replay(folder)
		if err != nil {
			if errors.Is(err, os.ErrNotExist) {
				return wrongUsage("%w", err)
			}
			return err
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
		if err != nil {
			return err
		}
		server := &http.Server{Handler: console, ReadHeaderTimeout: time.Minute}
		ended := context.AfterFunc(ctx, func() { _ = server.Close() }) // what is under way is broken off
		defer ended()
		if _, err := fmt.Fprint(s.out, console.Config("recorded", &url.URL{Scheme: "http", Host: l.Addr().String()})); err != nil {
			return errors.Join(err, l.Close())
		}
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		for _, missing := range console.Missing() {
			fmt.Fprintln(s.err, "not recorded:", printable(missing))
		}
		return nil
	}
}
