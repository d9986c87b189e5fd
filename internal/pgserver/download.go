//go:build unix

package pgserver

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/das-local/das-local/internal/progress"
)

// The programs that are fetched where nothing is installed: the archives that
// zonky.io builds and Maven Central keeps, which the Go and Java packages named
// embedded-postgres use too. A version is the major one that Aurora's newest
// clusters and the SQL parser have in common.
// https://github.com/zonkyio/embedded-postgres-binaries
const (
	downloadURL     = "https://repo1.maven.org/maven2/io/zonky/test/postgres"
	downloadVersion = "17.11.0"
)

// downloadSums are the SHA-256 of the archives by platform: what is fetched is
// run, so it must be what was looked at.
var downloadSums = map[string]string{
	"linux-amd64":        "0dd7b72b6f335b8ecfb355fa24c5781e8a93edd09880bb77eb52ebbf29b3e96d",
	"linux-arm64v8":      "8b042e0ea418b1927d95399207950da0734d27fe01e29503ade3bdc464ad4c2b",
	"linux-amd64-alpine": "ace9a6f95b1c98ce84c9841267cd04ebee5d7de5dc7b8fea148ead44f145afbd",
	"darwin-amd64":       "d464ff178e9860ba204662ac23fa547504b7fd392392ff2fb92e3fd73b5bdb64",
	"darwin-arm64v8":     "a1c2786acb0c398f9b2d76806fc52f5dc8b222cbc8e9383a9b9702084daaf3a5",
}

// systemCache is where root keeps what other users must be able to run.
const systemCache = "/var/cache/das-local"

// maxDownload bounds an archive; they have about 15 MB.
const maxDownload = 128 << 20

// release is one archive.
type release struct {
	baseURL, version, platform, sum string
}

// currentRelease is the release for this machine.
func currentRelease() (release, error) {
	arch := map[string]string{"amd64": "amd64", "arm64": "arm64v8"}[runtime.GOARCH]
	platform := runtime.GOOS + "-" + arch
	if musl, _ := filepath.Glob("/lib/ld-musl-*"); len(musl) > 0 {
		platform += "-alpine"
	}
	sum, ok := downloadSums[platform]
	if !ok {
		return release{}, fmt.Errorf("there is no download for %s", platform)
	}
	return release{downloadURL, downloadVersion, platform, sum}, nil
}

func (r release) url() string {
	name := "embedded-postgres-binaries-" + r.platform
	return fmt.Sprintf("%s/%s/%s/%s-%s.jar", r.baseURL, name, r.version, name, r.version)
}

// download returns the installation that an archive unpacks to, and fetches it
// if it is not there yet.
func (c Config) download(ctx context.Context, r release, acct *account) (Installation, error) {
	dir, err := c.binariesDir(acct)
	if err != nil {
		return Installation{}, err
	}
	home := filepath.Join(dir, "postgresql-"+r.version+"-"+r.platform)
	bin := filepath.Join(home, "bin")
	if inst, err := inspect(ctx, bin, acct); err == nil {
		return inst, nil
	}
	version := strings.TrimSuffix(r.version, ".0")
	step := progress.Begin(ctx, c.Logger, "no PostgreSQL is installed: downloading version "+version+", once")
	archive, err := r.fetch(ctx, step)
	step.End(err)
	if err != nil {
		return Installation{}, err
	}
	tmp, err := os.MkdirTemp(dir, ".postgresql-")
	if err != nil {
		return Installation{}, err
	}
	defer os.RemoveAll(tmp)
	made := filepath.Join(tmp, "home")
	step = progress.Begin(ctx, c.Logger, "unpacking PostgreSQL "+version)
	err = unpackJar(made, archive)
	step.End(err)
	if err != nil {
		return Installation{}, fmt.Errorf("unpack PostgreSQL: %w", err)
	}
	// A rename, so that others see all of it or nothing. One who was faster
	// has put the same there, unless it is of no use: then it goes.
	if err := os.Rename(made, home); err != nil {
		if _, broken := inspect(ctx, bin, acct); broken != nil {
			err = errors.Join(os.RemoveAll(home), os.Rename(made, home))
			if err != nil {
				return Installation{}, err
			}
		}
	}
	return inspect(ctx, bin, acct)
}

// binariesDir is a directory that the account can run programs from.
func (c Config) binariesDir(acct *account) (string, error) {
	var dirs []string
	switch c.CacheDir {
	case "none": // nothing prepared is kept, but 60 MB are not fetched each time
		fallthrough
	case "":
		if cache, err := os.UserCacheDir(); err == nil {
			dirs = append(dirs, filepath.Join(cache, "das-local"))
		}
		if acct.foreign {
			dirs = append(dirs, systemCache)
		}
	default:
		dirs = append(dirs, c.CacheDir)
	}
	var errs []error
	for _, dir := range dirs {
		err := os.MkdirAll(dir, 0o755)
		if err == nil && acct.foreign {
			err = os.Chmod(dir, 0o755)
		}
		if err == nil {
			err = acct.canReach(dir)
		}
		if err == nil {
			return dir, nil
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("find a place for the download: %w", errors.Join(errs...))
}

// fetch gets the archive into memory and checks it. step is told how far it is.
func (r release) fetch(ctx context.Context, step *progress.Step) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url(), nil)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: 30 * time.Second}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil, fmt.Errorf("download PostgreSQL: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("download PostgreSQL: %s says %s", r.url(), resp.Status)
	}
	b, err := io.ReadAll(io.LimitReader(&counted{resp.Body, step, 0, resp.ContentLength}, maxDownload+1))
	if err != nil {
		return nil, fmt.Errorf("download PostgreSQL: %w", err)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != r.sum {
		return nil, fmt.Errorf("download PostgreSQL: %s has another checksum than expected", r.url())
	}
	return b, nil
}

// counted tells a step how much of it has been read.
type counted struct {
	io.Reader
	step        *progress.Step
	done, total int64 // total is below 0 if it is not known
}

// Read implements io.Reader.
func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.done += int64(n)
	c.step.Bytes(c.done, c.total)
	return n, err
}

// unpackJar unpacks the one .txz that an archive has.
func unpackJar(dst string, archive []byte) error {
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return err
	}
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, ".txz") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return err
		}
		return errors.Join(unpackTxz(dst, r), r.Close())
	}
	return errors.New("the archive has no .txz")
}
