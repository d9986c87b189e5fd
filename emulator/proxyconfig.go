package emulator

import (
	"net"
	"strconv"
	"strings"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/proxy"
)

// proxyConfig is the configuration of an instance's proxy.
func (e *Emulator) proxyConfig(ln net.Listener, i *instance) proxy.Config {
	return proxy.Config{
		Upstream:  e.proxyUpstream(),
		Listeners: []net.Listener{ln},
		SocketDir: e.opts.SocketDir,
		TLS:       e.tls,
		NoTLS:     e.upstreamTLSOnly(),
		Recorder:  counting{i.source, &i.counts},
		Instance: proxy.InstanceInfo{
			ServerHost:    serverHost(ln),
			ServerVersion: auroraVersion(e.engineVersion),
		},
		Audit: proxy.AuditConfig{
			Catalog:       e.catalog,
			ConnectClass:  activity.Class(e.opts.ConnectClass),
			SingleText:    e.opts.CommandText == "single",
			RolePasswords: e.opts.Redaction == "pgaudit",
			Assisted:      e.upstream.assist.on,
		},
		MaxText: e.opts.MaxCommandText,
		Logger:  e.log,
		Grace:   e.opts.Grace,
	}
}

// proxyUpstream says how sessions reach the upstream: in the clear over
// loopback or a socket, unless the URL demands TLS (sslmode=require and up) or
// the upstream's own certificate is given.
func (e *Emulator) proxyUpstream() proxy.Upstream {
	c := e.upstream.config
	u := proxy.Upstream{Address: net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port)))}
	if strings.HasPrefix(c.Host, "/") {
		u.Address = c.Host + "/.s.PGSQL." + strconv.Itoa(int(c.Port))
	}
	if e.upstream.demandsTLS() || e.opts.UpstreamCert != "" && c.TLSConfig != nil {
		u.TLS = c.TLSConfig
	}
	return u
}

// upstreamTLSOnly reports that the upstream leg has TLS while clients cannot be
// shown the upstream's certificate. Then clients are offered none: with it,
// SCRAM would bind them to a certificate that the server does not know.
func (e *Emulator) upstreamTLSOnly() bool {
	return e.upstream.demandsTLS() && e.opts.UpstreamCert == ""
}

// demandsTLS reports whether the URL refuses a connection in the clear.
func (u *upstream) demandsTLS() bool {
	if u.config.TLSConfig == nil {
		return false
	}
	for _, f := range u.config.Fallbacks {
		if f.TLSConfig == nil {
			return false
		}
	}
	return true
}

// serverHost is the address in the events' serverHost: the listener's own, or
// the machine's first address when it listens on all.
func serverHost(ln net.Listener) string {
	tcp, ok := ln.Addr().(*net.TCPAddr)
	if !ok {
		return ""
	}
	if !tcp.IP.IsUnspecified() {
		return tcp.IP.String()
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "127.0.0.1"
	}
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() {
			return ip.IP.String()
		}
	}
	return "127.0.0.1"
}
