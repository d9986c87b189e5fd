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
	"github.com/das-local/das-local/internal/await"
)

// motoDir is the virtual environment with moto's server, another's emulator of many
// AWS services.
var motoDir = installed("moto", venv, "requirements.txt")

// startMoto runs moto's server until stop, or the test's end.
func startMoto(t *testing.T) (url string, stop func()) {
	t.Helper()
	dir, err := motoDir()
	if err != nil {
		t.Fatal(err)
	}
	url, _, stop = serveOther(t, nil, func(port string) []string {
		return []string{filepath.Join(dir, "bin", "moto_server"), "-H", "127.0.0.1", "-p", port}
	})
	return url, stop
}

// kinesaliteDir has kinesalite, another's implementation of Kinesis in JavaScript. Its
// database of compiled code is not needed: state is in memory.
var kinesaliteDir = installed("kinesalite", npm, "package.json", "package-lock.json")

// startKinesalite runs kinesalite until the test's end.
func startKinesalite(t *testing.T) (url string) {
	t.Helper()
	dir, err := kinesaliteDir()
	if err != nil {
		t.Fatal(err)
	}
	url, _, _ = serveOther(t, nil, func(port string) []string {
		return []string{"node", filepath.Join(dir, "node_modules", "kinesalite", "cli.js"), "--port", port, "--createStreamMs", "50", "--shardLimit", "100"}
	})
	return url
}

// serveOther runs another's HTTP server on a free port until stop, or the test's end, and
// returns when it answers. What it prints goes to the log.
func serveOther(t *testing.T, env []string, command func(port string) []string) (url string, log *testbed.Log, stop func()) {
	t.Helper()
	ports, err := testbed.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	args := command(fmt.Sprint(ports[0]))
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(testbed.CleanEnv(), env...)
	cmd.WaitDelay = 5 * time.Second // a child of its own may have its output
	log = new(testbed.Log)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { // ends with the process
		_ = cmd.Wait() // it is killed
		close(ended)
	}()
	stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(stop)
	url = fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	await.Seen(t, args[0]+" to answer", func() (any, bool) {
		select {
		case <-ended:
			t.Fatalf("%s has ended:\n%s", args[0], log)
		default:
		}
		res, err := http.Get(url)
		if err == nil {
			res.Body.Close()
		}
		return fmt.Sprint(err, "\n", log), err == nil
	})
	return url, log, stop
}
