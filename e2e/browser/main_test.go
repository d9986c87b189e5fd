package browser

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/leakcheck"
)

var screenshots = flag.String("screenshots", "", "`DIR` for pictures of all pages; empty makes none")

// bed is what all tests share. It is set once by TestMain, before any test.
var bed struct {
	dir     string
	bin     string
	env     []string // of das-local
	pg      *testbed.Postgres
	proc    *testbed.Process // das-local in front of pg, stream on (async)
	browser context.Context  // of a running Chromium
	quit    func()           // ends it, and returns when it has ended
}

func TestMain(m *testing.M) {
	leakcheck.Main(m, func() (func() error, error) { return tearDown, setUp(context.Background()) })
}

func setUp(ctx context.Context) (err error) {
	if bed.dir, err = testbed.TempDir("browser-"); err != nil {
		return err
	}
	if err := startBrowser(ctx); err != nil {
		return err
	}
	bed.env = []string{"HOME=" + bed.dir, "XDG_CACHE_HOME=" + filepath.Join(bed.dir, "cache"), "TMPDIR=" + bed.dir}
	if bed.bin, err = testbed.Build(ctx, bed.dir); err != nil {
		return err
	}
	if bed.pg, err = testbed.StartPostgres(ctx, testbed.PostgresConfig{Settings: map[string]string{"timezone": "UTC"}}); err != nil {
		return err
	}
	bed.proc, err = testbed.Start(ctx, testbed.Config{Bin: bed.bin, Env: bed.env,
		Args: []string{"--upstream=" + bed.pg.URL("postgres"), "--data-dir=" + filepath.Join(bed.dir, "data")}})
	return err
}

// startBrowser runs one Chromium; tabs are opened in it.
func startBrowser(ctx context.Context) error {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return errors.New("Chromium is needed: install it, for example with `apt-get install chromium`")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("force-color-profile", "srgb"), chromedp.WSURLReadTimeout(patience))
	allocator, end := chromedp.NewExecAllocator(ctx, options...)
	browser, _ := chromedp.NewContext(allocator)
	bed.browser = browser
	bed.quit = func() {
		_ = chromedp.Cancel(browser) // a browser that is gone needs no end
		end()
	}
	if err := chromedp.Do(browser); err != nil {
		return fmt.Errorf("start %s: %w", path, err)
	}
	return nil
}

func tearDown() error {
	var errs []error
	if bed.quit != nil {
		bed.quit()
	}
	if bed.proc != nil {
		errs = append(errs, bed.proc.Stop())
	}
	if bed.pg != nil {
		errs = append(errs, bed.pg.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(bed.dir))...)
}
