package emulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/das-local/das-local/internal/awsclient"
)

// openAWSTLS reads or makes the certificate of the AWS address.
func (e *Emulator) openAWSTLS() error {
	o, i := e.opts, &e.identity
	if !o.AWSTLS && o.AWSCert == "" {
		return nil
	}
	if o.AWSCert != "" {
		i.file = o.AWSCert
		return i.loadTLS(o.AWSCert, o.AWSKey)
	}
	dir := o.DataDir
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "das-local-"); err != nil {
			return fmt.Errorf("make a directory for the certificate: %w", err)
		}
		i.temp = dir
	}
	cert, key := filepath.Join(dir, "aws-cert.pem"), filepath.Join(dir, "aws-key.pem")
	i.file = cert
	// A client that has come to trust the certificate of a data directory goes on to.
	if i.loadTLS(cert, key) == nil && i.fresh(o.AWSListen) {
		return nil
	}
	if err := writeCertificate(cert, key, o.AWSListen); err != nil {
		return fmt.Errorf("make the certificate of the AWS address: %w", err)
	}
	return i.loadTLS(cert, key)
}

func (i *identity) loadTLS(cert, key string) error {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("load the TLS certificate %s of the AWS address: %w", cert, err)
	}
	if i.cert, err = os.ReadFile(cert); err != nil {
		return fmt.Errorf("load the TLS certificate of the AWS address: %w", err)
	}
	i.tls = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	return nil
}

// fresh reports whether the certificate is good for a month and for the address.
func (i *identity) fresh(address string) bool {
	leaf := i.tls.Certificates[0].Leaf
	host, _, err := net.SplitHostPort(address)
	return err == nil && leaf != nil && time.Until(leaf.NotAfter) > 30*24*time.Hour && leaf.VerifyHostname(reachable(host)) == nil
}

// writeCertificate makes a self-signed certificate, which is its own authority:
// clients that are told to trust its file need nothing else.
func writeCertificate(certFile, keyFile, address string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "das-local", Organization: []string{"das-local"}},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:        true, BasicConstraintsValid: true,
		DNSNames:    []string{"localhost", "*.localhost", "das-local", "host.docker.internal"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip != nil {
		c.IPAddresses = append(c.IPAddresses, ip)
	} else if host != "" {
		c.DNSNames = append(c.DNSNames, host)
	}
	if name, err := os.Hostname(); err == nil {
		c.DNSNames = append(c.DNSNames, name)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		return err
	}
	return os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

// listener puts TLS on the AWS address, with HTTP/2 by ALPN.
func (i *identity) listener(ln net.Listener) net.Listener {
	if i.tls == nil {
		return ln
	}
	return tls.NewListener(ln, i.tls)
}

func (i *identity) scheme() string {
	if i.tls == nil {
		return "http://"
	}
	return "https://"
}

// httpClient trusts the certificate.
func (i *identity) httpClient() aws.HTTPClient {
	client := awshttp.NewBuildableClient()
	if i.tls == nil {
		return awsclient.Whole(client)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(i.cert)
	return awsclient.Whole(client.WithTransportOptions(func(t *http.Transport) { t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12} }))
}

// serveCertificate answers with the certificate.
func (i *identity) serveCertificate(w http.ResponseWriter, r *http.Request) {
	if i.cert == nil {
		http.Error(w, "das-local: this address does not speak TLS; start it with --aws-tls", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	_, _ = w.Write(i.cert) // the client may be gone
}

// CertificateFile is the PEM file with the certificate of the AWS address, for
// AWS_CA_BUNDLE; empty without TLS. One that was made for an emulator without a data
// directory is gone when it is closed.
func (e *Emulator) CertificateFile() string {
	if e.identity.tls == nil {
		return ""
	}
	return e.identity.file
}
