package sctest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// TB is the part of testing.TB that Start needs.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Server is a console that listens.
type Server struct {
	*Console
	URL string // http://127.0.0.1:port, https://127.0.0.1:port, or http://console.example over a pipe

	listener  net.Listener
	server    *http.Server
	transport *http.Transport
	authority *authority // of a TLS server
	serving   sync.WaitGroup
	once      sync.Once
}

// Listen starts a console on a free port of 127.0.0.1, over plain HTTP.
func Listen(o Options) (*Server, error) {
	l, err := listen()
	if err != nil {
		return nil, fmt.Errorf("start simulated console: %w", err)
	}
	return serve(o, l, "http://"+l.Addr().String(), &http.Transport{}), nil
}

func listen() (net.Listener, error) {
	return new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
}

// ListenTLS starts a console on a free port of 127.0.0.1, over HTTPS with a certificate of its own authority. It asks
// for a client certificate and accepts those of ClientCertificate.
func ListenTLS(o Options) (*Server, error) {
	ca, err := newAuthority()
	if err != nil {
		return nil, fmt.Errorf("start simulated console: %w", err)
	}
	certificate, err := ca.issue("127.0.0.1")
	if err != nil {
		return nil, fmt.Errorf("start simulated console: %w", err)
	}
	l, err := listen()
	if err != nil {
		return nil, fmt.Errorf("start simulated console: %w", err)
	}
	secure := tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate}, ClientAuth: tls.VerifyClientCertIfGiven,
		ClientCAs: ca.pool(), MinVersion: tls.VersionTLS12})
	s := serve(o, secure, "https://"+l.Addr().String(), &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.pool()}})
	s.authority = ca
	return s, nil
}

// Start is Listen for a test, which closes the server at its end.
func Start(tb TB, o Options) *Server {
	tb.Helper()
	s, err := Listen(o)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(s.Close)
	return s
}

// StartTLS is ListenTLS for a test, which closes the server at its end.
func StartTLS(tb TB, o Options) *Server {
	tb.Helper()
	s, err := ListenTLS(o)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(s.Close)
	return s
}

// StartPipe starts a console that is reached in memory, through Transport only. Inside a testing/synctest bubble all
// its goroutines are durably blocked while it is idle, and gone after Close, which the end of the test calls.
func StartPipe(tb TB, o Options) *Server {
	tb.Helper()
	l := newPipeListener()
	s := serve(o, l, "http://console.example", &http.Transport{DialContext: l.dial})
	tb.Cleanup(s.Close)
	return s
}

func serve(o Options, l net.Listener, url string, transport *http.Transport) *Server {
	s := &Server{Console: New(o), URL: url, listener: l, transport: transport}
	s.server = &http.Server{
		Handler:           s.Console,
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	s.serving.Go(func() {
		if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			_ = l.Close()
		}
	})
	return s
}

// Transport reaches the server, however it listens. It is shared, keeps connections alive and has no cookies.
func (s *Server) Transport() http.RoundTripper { return s.transport }

// ClientTransport is a new transport that presents a client certificate of that common name; close its idle
// connections when done. Only TLS servers have one.
func (s *Server) ClientTransport(commonName string) (*http.Transport, error) {
	certificate, err := s.ClientCertificate(commonName)
	if err != nil {
		return nil, err
	}
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.authority.pool(), Certificates: []tls.Certificate{certificate}}}, nil
}

// Close ends the server and its connections at once.
func (s *Server) Close() {
	s.once.Do(func() {
		_ = s.server.Close()
		s.transport.CloseIdleConnections()
		s.serving.Wait()
	})
}
