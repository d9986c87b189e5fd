package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// TestToken: the commands of the control API log in, and say how.
func TestToken(t *testing.T) {
	var said string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if said = r.Header.Get("Authorization"); said == "" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error":"a token is needed here"}`)
			return
		}
		_, _ = io.WriteString(w, `{"milliseconds":1}`)
	}))
	defer server.Close()
	run := func(args ...string) error {
		var out bytes.Buffer
		return reset(t.Context(), append(args, "--endpoint", server.URL), streams{nil, &out, os.Stderr})
	}
	if err := run(); err == nil || !strings.Contains(err.Error(), "a token is needed") || said != "" {
		t.Errorf("without a token: %v, %q", err, said)
	}
	if err := run("--token", "of-the-flag"); err != nil || said != "Bearer of-the-flag" {
		t.Errorf("%v, %q", err, said)
	}
	t.Setenv("DAS_LOCAL_TOKEN", "of-the-environment")
	if err := run(); err != nil || said != "Bearer of-the-environment" {
		t.Errorf("%v, %q", err, said)
	}
}
