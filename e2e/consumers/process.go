package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/das-local/das-local/e2e/testbed"
)

// command starts a client that prints events, or, if it reads nothing, another
// program. What it says besides is in a log.
func (b *bed) command(p program) (*collector, error) {
	c := newCollector(p.name, p.reads)
	log, err := os.CreateTemp(b.dir, filepath.Base(p.command[0])+"-*.log")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(p.command[0], p.command[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a script's programs end with it
	cmd.Env = append(testbed.CleanEnv(), "HOME="+b.dir, "AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL="+b.server.Endpoint, "AWS_REGION="+region, "AWS_DEFAULT_REGION="+region,
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		log.Close()
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	done := make(chan struct{})
	go func() { // ends with the client's output
		defer close(done)
		defer log.Close()
		for r := bufio.NewReader(out); ; {
			line, err := r.ReadBytes('\n')
			if line = bytes.TrimSpace(line); len(line) > 0 && p.reads != "" {
				c.print(line)
			}
			if err != nil {
				break
			}
		}
		c.end(fmt.Errorf("%s has ended (%v); its log is %s", p.name, cmd.Wait(), log.Name()))
	}()
	c.stop = sync.OnceFunc(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // they may have ended
		<-done
	})
	return c, nil
}

// database is a DynamoDB Local, for leases.
type database struct {
	endpoint string
	stop     func()
}

// startDynamoDB returns when it takes connections.
func (b *bed) startDynamoDB(ctx context.Context) (*database, error) {
	ports, err := testbed.FreePorts(1)
	if err != nil {
		return nil, err
	}
	port := strconv.Itoa(ports[0])
	jars := filepath.Join(b.installed, "java", "dynamodb")
	c, err := b.command(program{"DynamoDB Local", "", []string{"java", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-Djava.library.path=" + jars,
		"-cp", filepath.Join(jars, "*"), "com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-inMemory", "-disableTelemetry", "-port", port}})
	if err != nil {
		return nil, err
	}
	for {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
			return &database{"http://127.0.0.1:" + port, c.stop}, nil
		}
		if err := c.failed(); err != nil {
			return nil, err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			c.stop()
			return nil, fmt.Errorf("DynamoDB Local does not answer: %w", ctx.Err())
		}
	}
}
