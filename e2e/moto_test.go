package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/das-local/das-local/e2e/testbed"
)

// motoDir is the virtual environment with moto's server, another's emulator of many
// AWS services.
var motoDir = sync.OnceValues(func() (string, error) {
	return install("moto", []string{"requirements.txt"}, func(src, dst string) [][]string {
		return [][]string{
			{"python3", "-m", "venv", dst},
			{filepath.Join(dst, "bin", "pip"), "install", "-q", "--disable-pip-version-check", "-r", filepath.Join(src, "requirements.txt")},
		}
	})
})

// startMoto runs moto's server until stop, or the test's end.
func startMoto(t *testing.T) (url string, stop func()) {
	t.Helper()
	dir, err := motoDir()
	if err != nil {
		t.Fatal(err)
	}
	ports, err := testbed.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "bin", "moto_server"), "-H", "127.0.0.1", "-p", fmt.Sprint(ports[0]))
	cmd.Env = testbed.CleanEnv()
	var log testbed.Log
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { // ends with the process
		_ = cmd.Wait() // it is killed
		close(ended)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	t.Cleanup(stop)
	url = fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	for wait := within(t); ; {
		if res, err := http.Get(url + "/moto-api/"); err == nil {
			res.Body.Close()
			return url, stop
		}
		select {
		case <-ended:
			t.Fatalf("moto has ended:\n%s", log.String())
		case <-wait.Done():
			t.Fatalf("moto does not answer:\n%s", log.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
