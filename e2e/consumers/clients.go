package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/das-local/das-local/e2e/testbed"
)

const region = "us-east-1"

// startClients starts tail and the clients; on an error those that were started are
// returned too.
func (b *bed) startClients(ctx context.Context, dir string, leases *database) (tail *collector, clients []*collector, err error) {
	tail, err = b.command("tail", "das-local's own consumer, polls", b.bin,
		"tail", "--endpoint", b.server.Endpoint, "--region", region, "--stream", b.stream, "--from", "trim-horizon")
	if err != nil {
		return nil, nil, err
	}
	for _, kcl := range []struct{ name, reads, dir string }{
		{"KCL 1 (Java), Encryption SDK 1", "GetRecords, HTTP/1.1, CBOR", "kcl1"},
		{"KCL 3 (Java), Encryption SDK 3", "SubscribeToShard, h2c, CBOR", "kcl3"},
	} {
		jars := filepath.Join(dir, "java", kcl.dir)
		c, err := b.command(kcl.name, kcl.reads, "java", "-XX:TieredStopAtLevel=1", "-Xmx256m",
			"-cp", filepath.Join(jars, "classes")+":"+filepath.Join(jars, "*"), "Consumer", b.server.Endpoint, leases.endpoint, region, b.stream)
		if err != nil {
			return tail, clients, err
		}
		clients = append(clients, c)
	}
	c, err := b.command("AWS SDK for JavaScript 3, Encryption SDK 5", "SubscribeToShard, h2c, JSON", "node",
		filepath.Join(dir, "fanout", "consumer.mjs"), b.server.Endpoint, region, b.stream)
	if err != nil {
		return tail, clients, err
	}
	clients = append(clients, c)
	var one, two http.Protocols
	one.SetHTTP1(true)
	two.SetUnencryptedHTTP2(true)
	clients = append(clients, b.subscriber(ctx, "go-http1", "SubscribeToShard, HTTP/1.1, JSON", &one),
		b.subscriber(ctx, "go-h2c", "SubscribeToShard, h2c, JSON", &two))
	return tail, clients, nil
}

// command starts a client that prints events, or, if it reads nothing, another
// program. What it says besides is in a log.
func (b *bed) command(name, reads, program string, args ...string) (*collector, error) {
	c := newCollector(name, reads)
	log, err := os.CreateTemp(b.dir, filepath.Base(program)+"-*.log")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(testbed.CleanEnv(), "HOME="+b.dir, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		log.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	done := make(chan struct{})
	go func() { // ends with the client's output
		defer close(done)
		defer log.Close()
		for r := bufio.NewReader(out); ; {
			line, err := r.ReadBytes('\n')
			if line = bytes.TrimSpace(line); len(line) > 0 && reads != "" {
				c.add(line)
			}
			if err != nil {
				break
			}
		}
		c.end(fmt.Errorf("%s has ended (%v); its log is %s", name, cmd.Wait(), log.Name()))
	}()
	c.stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill() // it may have ended
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
func (b *bed) startDynamoDB(ctx context.Context, dir string) (*database, error) {
	ports, err := testbed.FreePorts(1)
	if err != nil {
		return nil, err
	}
	port := strconv.Itoa(ports[0])
	jars := filepath.Join(dir, "java", "dynamodb")
	c, err := b.command("DynamoDB Local", "", "java", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-Djava.library.path="+jars,
		"-cp", filepath.Join(jars, "*"), "com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-inMemory", "-disableTelemetry", "-port", port)
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
