package main

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReach: who asks at the wrong address, or in the wrong way, is told so and what
// to do.
func TestReach(t *testing.T) {
	for _, name := range []string{"AWS_CA_BUNDLE", "AWS_PROFILE", "HTTP_PROXY", "HTTPS_PROXY"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	starting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `{"status":"starting"}`)
	}))
	defer starting.Close()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"status":"ready"}`) }))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // who does not trust it is no news
	secure.StartTLS()
	defer secure.Close()
	trusted := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(trusted, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := strings.Replace(secure.URL, "https", "http", 1)
	const nobody = "http://127.0.0.1:1"
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"health --endpoint " + starting.URL, 1, "is starting: try again"},
		{"health --endpoint " + other.URL, 1, "answers 404 Not Found, as das-local does not; give das-local's address with --endpoint"},
		{"health --endpoint " + nobody, 1, `nothing answers at http://127.0.0.1:1; run "das-local up" or give its address with --endpoint`},
		{"status --endpoint " + nobody, 1, `nothing answers at http://127.0.0.1:1; run "das-local up" or give its address with --endpoint`},
		{"decrypt --cluster-resource-id cluster-X --endpoint " + nobody, 1, `record 1: neither JSON nor base64`},
		{"health --endpoint localhost:4566", 2, `--endpoint is "localhost:4566"; it must be das-local's address, such as http://127.0.0.1:4566`},
		{"status --endpoint localhost:4566", 2, `--endpoint is "localhost:4566"; it must be das-local's address`},
		{"tail --kms-endpoint x --endpoint " + nobody, 2, `--kms-endpoint is "x"; it must be`},
		{"health --endpoint " + plain, 1, "speaks TLS; begin --endpoint with https://"},
		{"health --endpoint " + strings.Replace(other.URL, "http", "https", 1), 1, "does not speak TLS; begin --endpoint with http://"},
		{"status --endpoint " + strings.Replace(other.URL, "http", "https", 1), 1, "does not speak TLS; begin --endpoint with http://"},
		{"health --endpoint " + secure.URL, 1, "is not trusted"},
		{"status --endpoint " + secure.URL, 1, "with --ca"},
		{"health --endpoint " + secure.URL + " --ca " + trusted, 0, ""},
		{"health --endpoint " + secure.URL + " --ca /nonexistent.pem", 1, "read the certificates to trust: open /nonexistent.pem"},
		{"help nosuch", 2, `there is no command "nosuch"`},
		{"help help", 0, ""},
		{"help status", 0, ""},
		{"nosuch", 2, `there is no command "nosuch"; "das-local help" lists them`},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), strings.Fields(c.args), streams{strings.NewReader("%%"), &out, &errs})
		if code != c.code || !strings.Contains(errs.String(), c.want) || c.code == 0 && out.Len() == 0 {
			t.Errorf("%s: exit code %d, %q; want %d, %q", c.args, code, &errs, c.code, c.want)
		}
	}
}
