package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// address checks that das-local could listen there.
func address(check, addr, flag string) Finding {
	ln, err := net.Listen("tcp", addr)
	if err == nil {
		ln.Close()
		return Finding{check, OK, addr + " is free", ""}
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return Finding{check, Fail, addr + " is taken by another process", "stop it (ss -ltnp shows it) or give another address with " + flag}
	case errors.Is(err, syscall.EACCES):
		return Finding{check, Fail, addr + " needs privileges", "give a port above 1023 with " + flag}
	}
	return Finding{check, Fail, err.Error(), "give another address with " + flag}
}

// awsAddress is address, but das-local itself may be what is there: then it also says
// where that serves PostgreSQL.
func awsAddress(ctx context.Context, addr string) (f Finding, postgres string) {
	const check = "AWS address"
	if f = address(check, addr, "--aws-listen"); f.Level == OK {
		return f, ""
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/_das/health", nil)
	if err != nil {
		return f, ""
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return f, ""
	}
	defer resp.Body.Close()
	var health struct {
		Status   string `json:"status"`
		Postgres string `json:"postgres"`
	}
	if json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&health) == nil && health.Status != "" {
		return Finding{check, OK, fmt.Sprintf("das-local runs at %s and is %s", addr, health.Status), ""}, health.Postgres
	}
	return f, ""
}

// lowSpace is what a data directory's disk should have free, in bytes.
const lowSpace = 1 << 30

// dataDir checks that state could be kept there.
func dataDir(dir string) Finding {
	const check = "data directory"
	at := dir
	for { // it is made at the first start: what is there of its path counts
		if _, err := os.Stat(at); err == nil || at == filepath.Dir(at) {
			break
		}
		at = filepath.Dir(at)
	}
	f, err := os.CreateTemp(at, ".das-local-doctor-")
	if err != nil {
		return Finding{check, Fail, fmt.Sprintf("cannot write in %s: %v", at, errors.Unwrap(err)), "give a directory that this user can write to with --data-dir"}
	}
	err = errors.Join(f.Close(), os.Remove(f.Name()))
	if err != nil {
		return Finding{check, Fail, err.Error(), "see the cause"}
	}
	var st syscall.Statfs_t
	if err := syscall.Statfs(at, &st); err == nil {
		free := uint64(st.Bavail) * uint64(st.Bsize)
		if free < lowSpace {
			return Finding{check, Warn, fmt.Sprintf("%s has %d MiB left", dir, free>>20), "records are kept on disk for a day or longer: make room"}
		}
		return Finding{check, OK, fmt.Sprintf("%s can be written to, %d GiB free", dir, free>>30), ""}
	}
	return Finding{check, OK, dir + " can be written to", ""}
}

// fewFiles is too small a limit for a few hundred sessions: each takes two.
const fewFiles = 1024

func openFiles() Finding {
	const check = "open files"
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return Finding{check, Warn, err.Error(), "see the cause"}
	}
	if limit.Cur <= fewFiles {
		return Finding{check, Warn, fmt.Sprintf("the limit is %d: enough for about %d sessions", limit.Cur, limit.Cur/2-50), "raise it: ulimit -n 65536"}
	}
	return Finding{check, OK, fmt.Sprintf("the limit is %d", limit.Cur), ""}
}

func program(name, fix string) Finding {
	path, err := exec.LookPath(name)
	if err != nil {
		return Finding{name, Warn, "not on PATH", fix}
	}
	return Finding{name, OK, path, ""}
}

// environment looks at what would lead AWS clients elsewhere.
func environment() Finding {
	const check = "environment"
	var wrong []string
	for _, name := range []string{"HTTP_PROXY", "http_proxy"} {
		if os.Getenv(name) != "" && !strings.Contains(os.Getenv("NO_PROXY")+os.Getenv("no_proxy"), "127.0.0.1") {
			wrong = append(wrong, name+" is set: clients may send calls for 127.0.0.1 to it; add 127.0.0.1,localhost to NO_PROXY")
		}
	}
	if os.Getenv("AWS_PROFILE") != "" {
		wrong = append(wrong, "AWS_PROFILE is set: its region and endpoint apply to AWS clients; unset it or give it das-local's")
	}
	if len(wrong) > 0 {
		return Finding{check, Warn, strings.Join(wrong, "; "), "see what it says"}
	}
	endpoint := os.Getenv("AWS_ENDPOINT_URL")
	if endpoint == "" {
		endpoint = "not set (export AWS_ENDPOINT_URL=http://127.0.0.1:4566 leads AWS clients to das-local)"
	}
	return Finding{check, OK, "AWS_ENDPOINT_URL is " + endpoint, ""}
}
