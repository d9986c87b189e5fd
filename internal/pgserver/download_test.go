//go:build unix

package pgserver

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/ulikunitz/xz"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/progress"
)

// jar builds an archive as the download has it.
func jar(t *testing.T, entries ...tar.Header) []byte {
	t.Helper()
	var packed bytes.Buffer
	x, err := xz.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(x)
	for _, h := range entries {
		content := h.Linkname
		if h.Typeflag == tar.TypeReg {
			h.Linkname, h.Size = "", int64(len(content))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write([]byte(content)); err != nil {
				t.Fatal(err)
			}
		}
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, close := range []func() error{w.Close, x.Close} {
		if err := close(); err != nil {
			t.Fatal(err)
		}
	}
	f, err := z.Create("postgres-test.txz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(packed.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// file is a tar entry; its content travels in Linkname.
func file(name, content string, mode int64) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Linkname: content, Mode: mode}
}

func script(version string) string {
	return "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
}

func TestDownload(t *testing.T) {
	archive := jar(t,
		tar.Header{Typeflag: tar.TypeDir, Name: "lib/", Mode: 0o700},
		file("bin/postgres", script("17.11"), 0o700),
		file("bin/initdb", script("17.11"), 0o700),
		file("share/postgresql/x.sql", "select 1", 0o600),
		tar.Header{Typeflag: tar.TypeSymlink, Name: "lib/libpq.so", Linkname: "libpq.so.5"},
	)
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		if r.URL.Path != "/embedded-postgres-binaries-test/17.11.0/embedded-postgres-binaries-test-17.11.0.jar" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(archive) // a broken connection shows in the answer
	}))
	defer server.Close()
	acct, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	cache := testDir(t)
	if err := os.Chmod(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	c := Config{CacheDir: cache, Logger: slog.New(slog.DiscardHandler)}
	sum := sha256.Sum256(archive)
	r := release{server.URL, "17.11.0", "test", hex.EncodeToString(sum[:])}

	wrong := r
	wrong.sum = strings.Repeat("0", 64)
	if _, err := c.download(t.Context(), wrong, acct); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("wrong checksum: %v", err)
	}
	other := r
	other.version = "1"
	if _, err := c.download(t.Context(), other, acct); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("missing: %v", err)
	}
	assertEmpty(t, cache)
	for range 2 {
		inst, err := c.download(t.Context(), r, acct)
		if err != nil {
			t.Fatal(err)
		}
		if inst.Version != "17.11" || inst.Major != 17 || !strings.HasPrefix(inst.BinDir, cache) {
			t.Errorf("%+v", inst)
		}
	}
	home := filepath.Join(cache, "postgresql-17.11.0-test")
	if got, err := os.Readlink(filepath.Join(home, "lib", "libpq.so")); err != nil || got != "libpq.so.5" {
		t.Error(got, err)
	}
	if requests != 3 {
		t.Errorf("%d requests", requests)
	}
	// One that is of no use is replaced.
	if err := os.Remove(filepath.Join(home, "bin", "initdb")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.download(t.Context(), r, acct); err != nil {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(cache); len(entries) != 1 {
		t.Errorf("left in the cache: %v", entries)
	}
}

// screen is a terminal that tells when it shows a text.
type screen struct {
	text string
	seen chan struct{}
	once sync.Once
}

func (s *screen) Write(b []byte) (int, error) {
	if strings.Contains(string(b), s.text) {
		s.once.Do(func() { close(s.seen) })
	}
	return len(b), nil
}

// TestDownloadProgress: who waits for a download sees how much of it is there.
func TestDownloadProgress(t *testing.T) {
	archive := make([]byte, 2_000_000)
	s := &screen{text: "0.5 of 2.0 MB (25 %)", seen: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "2000000")
		_, _ = w.Write(archive[:500_000]) // a broken connection shows in the answer
		w.(http.Flusher).Flush()
		select {
		case <-s.seen:
			_, _ = w.Write(archive[500_000:])
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	ctx := progress.With(await.Context(t), progress.New(progress.Config{W: s, Terminal: true}))
	step := progress.Begin(ctx, nil, "downloading")
	sum := sha256.Sum256(archive)
	got, err := release{server.URL, "17", "test", hex.EncodeToString(sum[:])}.fetch(ctx, step)
	step.End(err)
	if err != nil || !bytes.Equal(got, archive) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestUnpackStaysInside(t *testing.T) {
	for name, entry := range map[string]tar.Header{
		"up":            file("../out", "x", 0o600),
		"absolute":      file("/tmp/das-local-out", "x", 0o600),
		"link up":       {Typeflag: tar.TypeSymlink, Name: "a", Linkname: "../x"},
		"absolute link": {Typeflag: tar.TypeSymlink, Name: "a", Linkname: "/etc"},
		"device":        {Typeflag: tar.TypeChar, Name: "a"},
		"hard link":     {Typeflag: tar.TypeLink, Name: "a", Linkname: "b"},
	} {
		if err := unpackJar(filepath.Join(t.TempDir(), "home"), jar(t, entry)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := unpackJar(filepath.Join(t.TempDir(), "home"), []byte("no zip")); err == nil {
		t.Error("no zip: accepted")
	}
}

func TestCurrentRelease(t *testing.T) {
	r, err := currentRelease()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(r.platform, runtime.GOOS) || len(r.sum) != 64 {
		t.Errorf("%+v", r)
	}
}
