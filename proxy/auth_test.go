package proxy

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/pgserver"
	"github.com/das-local/das-local/proxy/internal/track"
)

const password = "correct horse"

// scramServer runs a server that wants SCRAM and offers TLS with the
// certificate that is returned.
func scramServer(t *testing.T) (*pgserver.Server, tls.Certificate) {
	t.Helper()
	s, err := pgserver.Start(t.Context(), pgserver.Config{Password: password})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop() })
	cert, err := selfSigned(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalECPrivateKey(cert.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(s.DataDir())
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	for name, block := range map[string]*pem.Block{
		"server.crt": {Type: "CERTIFICATE", Bytes: cert.Certificate[0]}, "server.key": {Type: "EC PRIVATE KEY", Bytes: key},
	} {
		path := filepath.Join(s.DataDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	execSQL(t, conn, "alter system set ssl = on")
	execSQL(t, conn, "select pg_reload_conf()")
	await.Equal(t, "the server's TLS", "on", func() (on string) {
		if err := conn.QueryRow(t.Context(), "show ssl").Scan(&on); err != nil {
			t.Fatal(err)
		}
		return on
	})
	return s, cert
}

// psqlAuth logs in with psql and returns what it printed.
func psqlAuth(t *testing.T, p *Proxy, pass string, env ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(filepath.Join(server.Installation().BinDir, "psql"), "-XAtc", "select 'in'",
		"-h", "localhost", "-p", port(p), "-U", pgserver.Superuser, "-d", "postgres")
	cmd.Env = append(cmd.Environ(), "PGPASSWORD="+pass, "LC_ALL=C", "PGCONNECT_TIMEOUT=120")
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestChannelBinding: with a plaintext leg to the server, "prefer" works; with
// the server's own certificate and TLS on both legs, "require" too.
func TestChannelBinding(t *testing.T) {
	s, cert := scramServer(t)
	plain := func(c *Config) { c.Upstream.Address = s.Addr() }
	unix := func(c *Config) {
		c.Upstream.Address = filepath.Join(s.SocketDir(), ".s.PGSQL."+portOf(s.Addr()))
	}
	same := func(c *Config) {
		pool := x509.NewCertPool()
		leaf, err := x509.ParseCertificate(cert.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		pool.AddCert(leaf)
		c.Upstream = Upstream{Address: s.Addr(), TLS: &tls.Config{RootCAs: pool}}
		c.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	}
	for _, tt := range []struct {
		name    string
		change  func(*Config)
		binding string
		mode    string
		ok      bool
	}{
		{"plain leg", plain, "prefer", "require", true},
		{"plain leg", plain, "disable", "require", true},
		{"plain leg", plain, "require", "require", false}, // libpq refuses
		{"plain leg, no TLS", plain, "prefer", "disable", true},
		{"unix leg", unix, "prefer", "require", true},
		{"own certificate", same, "prefer", "require", true},
		{"own certificate", same, "require", "require", true},
		{"own certificate, no TLS", same, "prefer", "disable", true},
	} {
		t.Run(tt.name+"/"+tt.binding, func(t *testing.T) {
			rec := newRecording()
			p := startProxy(t, rec, tt.change)
			out, err := psqlAuth(t, p, password, "PGCHANNELBINDING="+tt.binding, "PGSSLMODE="+tt.mode)
			if (err == nil && out == "in\n") != tt.ok {
				t.Errorf("%v %s", err, out)
			}
			if tt.ok {
				rec.ended(t, 1)
			}
		})
	}
}

func TestWrongPassword(t *testing.T) {
	s, _ := scramServer(t)
	for _, mode := range []string{"disable", "require"} {
		rec := newRecording()
		p := startProxy(t, rec, func(c *Config) { c.Upstream.Address = s.Addr() })
		out, err := psqlAuth(t, p, "wrong", "PGSSLMODE="+mode)
		if err == nil || !strings.Contains(out, "password authentication failed") {
			t.Error(err, out)
		}
		got := rec.ended(t, 1)[0]
		if items := got.of(track.AuthFailed, track.Connected, track.Disconnected); len(items) != 1 || items[0].Err.SQLState != "28P01" {
			t.Errorf("%+v", items)
		}
		if got.about.UserName != pgserver.Superuser || got.about.DatabaseName != "postgres" {
			t.Errorf("%+v", got.about)
		}
	}
}
