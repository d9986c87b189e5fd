package e2e

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
)

// kinesaliteDir has kinesalite, another's implementation of Kinesis in JavaScript. Its
// database of compiled code is not needed: state is in memory.
var kinesaliteDir = sync.OnceValues(func() (string, error) {
	return install("kinesalite", []string{"package.json", "package-lock.json"}, func(src, dst string) [][]string {
		return [][]string{
			{"cp", filepath.Join(src, "package.json"), filepath.Join(src, "package-lock.json"), dst},
			{"npm", "--prefix", dst, "ci", "--ignore-scripts", "--no-audit", "--no-fund"},
		}
	})
})

// startKinesalite runs kinesalite until the test's end.
func startKinesalite(t *testing.T) (url string) {
	t.Helper()
	dir, err := kinesaliteDir()
	if err != nil {
		t.Fatal(err)
	}
	ports, err := testbed.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "node", filepath.Join(dir, "node_modules", "kinesalite", "cli.js"),
		"--port", fmt.Sprint(ports[0]), "--createStreamMs", "50", "--shardLimit", "100")
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
	t.Cleanup(func() { cancel(); <-ended })
	address := fmt.Sprintf("127.0.0.1:%d", ports[0])
	await.Seen(t, "kinesalite", func() (any, bool) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return fmt.Sprint(err, "\n", log.String()), err == nil
	})
	return "http://" + address
}
