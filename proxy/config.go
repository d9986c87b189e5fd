package proxy

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/das-local/das-local/internal/activity"
)

// Config configures the proxy of one instance.
type Config struct {
	// Upstream is the real server. Required.
	Upstream Upstream

	// Listeners accept clients; the proxy closes them. Unix-domain listeners
	// get no TLS. If there are none, New listens on Listen.
	Listeners []net.Listener
	// Listen is a TCP address. Empty means 127.0.0.1 and a free port.
	Listen string
	// SocketDir is where a Unix-domain socket named .s.PGSQL.PORT, and its lock
	// file, are made as well, PORT being that of the first TCP listener. Empty
	// means none.
	SocketDir string

	// TLS is what clients are offered. Nil means a certificate made at start
	// for localhost. Give the upstream's own certificate and key to let clients
	// insist on channel binding, with Upstream.TLS set.
	TLS *tls.Config
	// NoTLS answers every SSLRequest with no.
	NoTLS bool

	// Recorder takes the events. Nil records nothing.
	Recorder Recorder
	// Instance is what events say about the server.
	Instance InstanceInfo
	// Audit says how statements become events.
	Audit AuditConfig
	// MaxText is how much of a statement's text, and of each parameter, is kept, in bytes. 0 means 1 MiB.
	MaxText int

	// NoEventLoop relays every session by goroutines of its own. Otherwise, on
	// Linux, one thread with an event loop relays the sessions, for half the
	// processor time. Sync mode, and Upstream.TLS, do not use it.
	NoEventLoop bool

	// Logger gets the proxy's own troubles. Nil discards them.
	Logger *slog.Logger
	// StartupTimeout bounds TLS, start-up and authentication, as
	// authentication_timeout does. 0 means 1 minute.
	StartupTimeout time.Duration
	lastCall       time.Duration // tests need not wait for this one; 0: the constant
	onIntend       func()        // tests hold here a session that is about to call Recorder.Intend

	// Grace is how long busy sessions may go on once Run's context has ended.
	// 0 means 5 seconds; negative means not at all.
	Grace time.Duration
}

// InstanceInfo is what events say about the server. Empty fields are left out.
type InstanceInfo struct {
	ServerHost    string // the instance's IP address
	ServerVersion string // Aurora's version
}

// Upstream says how to reach the real server.
type Upstream struct {
	// Address is "host:port", or the path of a Unix-domain socket such as
	// /var/run/postgresql/.s.PGSQL.5432.
	Address string
	// TLS, if set, encrypts this leg, and the server must agree to it. A server
	// that sees TLS offers SCRAM-SHA-256-PLUS, which binds the client to the
	// certificate it sees: so then Config.TLS must hold the server's own for
	// clients that use TLS.
	TLS *tls.Config
	// DialTimeout bounds the connection. 0 means 10 seconds.
	DialTimeout time.Duration
}

func (u Upstream) network() string {
	if strings.HasPrefix(u.Address, "/") {
		return "unix"
	}
	return "tcp"
}

// withDefaults validates c and fills in what it leaves open.
func (c Config) withDefaults() (Config, error) {
	if c.Upstream.Address == "" {
		return c, errors.New("no upstream address")
	}
	if c.Upstream.DialTimeout <= 0 {
		c.Upstream.DialTimeout = 10 * time.Second
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.StartupTimeout <= 0 {
		c.StartupTimeout = time.Minute
	}
	if c.Grace == 0 {
		c.Grace = 5 * time.Second
	}
	if c.lastCall == 0 {
		c.lastCall = lastCall
	}
	if c.Recorder == nil {
		c.Recorder = noRecorder{}
	}
	return c, nil
}

// noRecorder wants nothing.
type noRecorder struct{}

func (noRecorder) Recording() bool { return false }

func (noRecorder) Record([]activity.Event) <-chan struct{} { return nil }

// offerTLS is the configuration for a client leg, with the ALPN name that
// direct TLS needs.
func (c Config) offerTLS() (*tls.Config, error) {
	if c.NoTLS {
		return nil, nil
	}
	conf := &tls.Config{}
	if c.TLS != nil {
		conf = c.TLS.Clone()
	} else {
		cert, err := selfSigned(time.Now())
		if err != nil {
			return nil, err
		}
		conf.Certificates = []tls.Certificate{cert}
	}
	conf.NextProtos = []string{alpn}
	conf.DynamicRecordSizingDisabled = true // one write a chunk, not one a packet
	return conf, nil
}
