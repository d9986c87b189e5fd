package testbed

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/leakcheck"
)

// ownerEnv makes the test binary launch the program that it names, and stay.
const ownerEnv = "DAS_E2E_OWNER"

func TestMain(m *testing.M) {
	if bin := os.Getenv(ownerEnv); bin != "" {
		p, err := Launch(Config{Bin: bin, Addrs: true})
		if err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		fmt.Println("pid:", p.PID())
		select {}
	}
	leakcheck.Main(m)
}

// TestKilledOwner: what a test has started ends with the test, however that ends.
func TestKilledOwner(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "das-local")
	if err := os.WriteFile(bin, []byte("#!/bin/sh\nexec sleep 3600\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	owner := exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), ownerEnv+"="+bin)
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscanf(line, "pid: %d", &pid); err != nil {
		t.Fatalf("the owner says %q", line)
	}
	if gone(pid) {
		t.Fatal("the program has ended by itself")
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // it was killed
	await.True(t, fmt.Sprintf("the end of process %d", pid), func() bool { return gone(pid) })
}

// gone says whether a process has ended, even if nobody has taken note yet.
func gone(pid int) bool {
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(state), ") Z ") || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
