package emulator

import (
	"crypto/tls"
	"fmt"
)

// loadTLS reads the certificate that PostgreSQL clients are shown: the given
// one or the upstream's own. nil leaves it to the proxy to make one.
func loadTLS(o Options) (*tls.Config, error) {
	cert, key := o.TLSCert, o.TLSKey
	if o.UpstreamCert != "" {
		cert, key = o.UpstreamCert, o.UpstreamKey
	}
	if cert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("load the TLS certificate %s: %w", cert, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}
