package doctor

import (
	"net/http"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/recording"
)

// Subject is a console that is looked at as the exporter looks at it, while all that passes is remembered.
type Subject struct {
	*findings.Console
	recorder   *recording.Recorder
	options    console.Options
	transports []http.RoundTripper // of the accounts, without the recorder
}

// Open returns the console of o. It sends nothing. Close ends its sessions.
func Open(o console.Options) (*Subject, error) {
	s := &Subject{recorder: &recording.Recorder{}, options: o}
	accounts := make([]console.AccountOptions, len(o.Accounts))
	for i, a := range o.Accounts {
		s.transports = append(s.transports, a.Transport)
		a.Transport = s.recorder.Transport(a.Name, a.Transport)
		accounts[i] = a
	}
	o.Accounts = accounts
	c, err := console.New(o)
	if err != nil {
		return nil, err
	}
	s.Console = findings.New(c)
	return s, nil
}
