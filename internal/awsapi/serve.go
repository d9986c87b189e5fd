package awsapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// The patience of the server.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute // SDKs keep idle connections for 60 to 90 s
	maxHeader     = 64 << 10

	// When the server ends, calls get drainTime to finish before their
	// contexts end, which is the sign for those that wait for events, and
	// stopTime before their connections are closed.
	drainTime = 300 * time.Millisecond
	stopTime  = 5 * time.Second
)

// Serve answers on ln until ctx ends, then lets calls finish and returns nil. It
// closes ln. It speaks HTTP/1 and HTTP/2, also in the clear with prior
// knowledge: that is what the JavaScript SDK's Kinesis client does.
func Serve(ctx context.Context, ln net.Listener, h http.Handler) error {
	base, endCalls := context.WithCancel(context.WithoutCancel(ctx))
	defer endCalls()
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	srv := &http.Server{
		Handler:           pace(h),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		Protocols:         &protocols,
		BaseContext:       func(net.Listener) context.Context { return base },
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }() // joined below in either case

	select {
	case err := <-served:
		_ = srv.Close() // the reason is err
		return fmt.Errorf("serve AWS APIs: %w", err)
	case <-ctx.Done():
	}
	drained := time.AfterFunc(drainTime, endCalls)
	defer drained.Stop()
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err := srv.Shutdown(patience)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close() // whoever still talks is cut off
	}
	<-served
	if err != nil {
		return fmt.Errorf("stop serving AWS APIs: %w", err)
	}
	return nil
}
