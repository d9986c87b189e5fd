package doctor

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/leakcheck"
	"github.com/das-local/das-local/internal/pgserver"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func findings(t *testing.T, c Config) map[string]Finding {
	t.Helper()
	all := map[string]Finding{}
	Run(t.Context(), c, func(f Finding) {
		if (f.Fix == "") != (f.Level == OK) || f.Detail == "" {
			t.Errorf("%+v", f)
		}
		all[f.Check] = f
	})
	return all
}

func (f Finding) want(t *testing.T, level Level, detail string) {
	t.Helper()
	if f.Level != level || !strings.Contains(f.Detail, detail) {
		t.Errorf("%+v; want %s, %q", f, level, detail)
	}
}

// TestHealthy: where tests run, everything that das-local needs is there.
func TestHealthy(t *testing.T) {
	all := findings(t, Config{Listen: "127.0.0.1:0", AWSListen: "127.0.0.1:0", DataDir: filepath.Join(t.TempDir(), "made", "later")})
	for _, check := range []string{"PostgreSQL", "embedded server", "pgaudit", "PostgreSQL address", "AWS address", "data directory"} {
		all[check].want(t, OK, "")
	}
}

func TestUpstream(t *testing.T) {
	s, err := pgserver.Start(context.Background(), pgserver.Config{Preload: []string{pgaudit}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	c := Config{Upstream: s.URL(), Listen: "127.0.0.1:0", AWSListen: "127.0.0.1:0"}
	all := findings(t, c)
	all["upstream PostgreSQL"].want(t, OK, s.Installation().Version)
	all["upstream's user"].want(t, OK, "superuser")
	all["pgaudit"].want(t, OK, "preloaded")

	c.Upstream = strings.Replace(s.URL(), "//"+pgserver.Superuser, "//nobody_of_that_name", 1)
	findings(t, c)["upstream PostgreSQL"].want(t, Fail, "28000")
	c.Upstream = "mysql://x"
	findings(t, c)["upstream PostgreSQL"].want(t, Fail, "not a PostgreSQL URL")
	c.Upstream = "postgres://postgres:geheim@127.0.0.1:1/postgres"
	f := findings(t, c)["upstream PostgreSQL"]
	f.want(t, Fail, "connection refused")
	if strings.Contains(fmt.Sprint(f), "geheim") {
		t.Errorf("the password is shown: %+v", f)
	}
}

func TestAddresses(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	address("x", ln.Addr().String(), "--listen").want(t, Fail, "taken")
	address("x", "192.0.2.1:1", "--listen").want(t, Fail, "")

	das := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"status":"ready","postgres":"127.0.0.1:15432"}`)
	}))
	f, postgres := awsAddress(t.Context(), das.Listener.Addr().String())
	das.Close()
	http.DefaultClient.CloseIdleConnections()
	if f.want(t, OK, "das-local runs"); postgres != "127.0.0.1:15432" {
		t.Errorf("PostgreSQL at %q", postgres)
	}
	other := httptest.NewServer(http.NotFoundHandler())
	f, _ = awsAddress(t.Context(), other.Listener.Addr().String())
	other.Close()
	http.DefaultClient.CloseIdleConnections()
	f.want(t, Fail, "another process")
}

func TestDataDir(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dataDir(filepath.Join(file, "x")).want(t, Fail, "cannot write")
}

func TestEnvironment(t *testing.T) {
	t.Setenv("AWS_PROFILE", "prod")
	t.Setenv("HTTP_PROXY", "http://proxy:3128")
	t.Setenv("NO_PROXY", "")
	t.Setenv("no_proxy", "")
	f := environment()
	f.want(t, Warn, "AWS_PROFILE")
	f.want(t, Warn, "NO_PROXY")
}
