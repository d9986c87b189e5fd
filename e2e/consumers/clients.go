package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

const region = "us-east-1"

// program is a client that runs in a process of its own.
type program struct {
	name, reads string // for the table
	command     []string
}

// startClients starts tail and the clients that read the stream from its beginning,
// and, from LATEST on, the guide's Java consumer.
func (b *bed) startClients(ctx context.Context, leases *database) (err error) {
	b.tail, err = b.command(program{"tail", "das-local's own consumer, polls", []string{b.bin,
		"tail", "--endpoint", b.server.Endpoint, "--region", region, "--stream", b.stream, "--from", "trim-horizon"}})
	if err != nil {
		return err
	}
	for _, p := range []program{
		b.kcl("KCL 1 (Java), Encryption SDK 1", "GetRecords, HTTP/1.1, CBOR", "kcl1", leases),
		b.kcl("KCL 3 (Java), Encryption SDK 3", "SubscribeToShard, h2c, CBOR", "kcl3", leases),
		b.kcl("today's guide (Java), KCL 1, Encryption SDK 3", "GetRecords from LATEST, CBOR", "guide", leases),
		b.javascript("AWS SDK for JavaScript 3, Encryption SDK 5", "SubscribeToShard, h2c, JSON", "fanout.mjs"),
		b.javascript("AWS SDK for JavaScript 3, Encryption SDK 5", "GetRecords, h2c, JSON", "poll.mjs", "@aws-crypto/client-node"),
		b.javascript("AWS SDK for JavaScript 3, Encryption SDK 1", "GetRecords, h2c, JSON", "poll.mjs", "client-node-1"),
		{"AWS CLI and das-local decrypt", "GetRecords, HTTP/1.1, JSON", []string{"sh", b.source("cli", "consumer.sh"), b.stream, b.bin}},
	} {
		if err := b.add(p); err != nil {
			return err
		}
	}
	var one, two http.Protocols
	one.SetHTTP1(true)
	two.SetUnencryptedHTTP2(true)
	b.clients = append(b.clients, b.subscriber(ctx, "go-http1", "SubscribeToShard, HTTP/1.1, JSON", &one),
		b.subscriber(ctx, "go-h2c", "SubscribeToShard, h2c, JSON", &two))
	return nil
}

// startLatecomers starts the guides' Python consumers, which list the shards once and
// read from LATEST on. They miss what has been there before, and only that.
func (b *bed) startLatecomers(ctx context.Context) error {
	id := strings.TrimPrefix(b.stream, "aws-rds-das-")
	seed, err := os.ReadFile(b.source("python", "seed_consumer.py"))
	if err != nil {
		return err
	}
	filled := filepath.Join(b.dir, "seed_consumer.py")
	text := strings.NewReplacer("<region>", region, "<external-resource-id>", id).Replace(string(seed))
	if err := os.WriteFile(filled, []byte(text), 0o600); err != nil {
		return err
	}
	const reads = "GetRecords from LATEST, after the resharding"
	before := b.tail.events()
	for _, p := range []program{
		{"guide of 2019 (Python), Encryption SDK 4", reads, []string{b.python("4"), "-u", filled}},
		{"today's guide (Python), Encryption SDK 4", reads, []string{b.python("4"), b.source("python", "guide_consumer.py"), region, id}},
		{"today's guide (Python), Encryption SDK 1", reads, []string{b.python("1"), b.source("python", "guide_consumer.py"), region, id}},
	} {
		if err := b.add(p); err != nil {
			return err
		}
		b.clients[len(b.clients)-1].before = before
	}
	return b.awaitLatest(ctx)
}

// awaitLatest waits until each client that reads from LATEST has printed a heartbeat:
// it misses nothing that is written from now on.
func (b *bed) awaitLatest(ctx context.Context) error {
	for _, c := range b.clients {
		if strings.Contains(c.reads, "LATEST") {
			if err := c.awaitHeartbeat(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bed) kcl(name, reads, dir string, leases *database) program {
	jars := filepath.Join(b.installed, "java", dir)
	return program{name, reads, []string{"java", "-XX:TieredStopAtLevel=1", "-Xmx256m",
		"-cp", filepath.Join(jars, "classes") + ":" + filepath.Join(jars, "*"), "Consumer", b.server.Endpoint, leases.endpoint, region, b.stream}}
}

func (b *bed) javascript(name, reads, file string, args ...string) program {
	return program{name, reads, append([]string{"node", filepath.Join(b.installed, "javascript", file), b.server.Endpoint, region, b.stream}, args...)}
}

// python is an interpreter that has one major version of the Encryption SDK.
func (b *bed) python(version string) string {
	return filepath.Join(b.root, "conformance", ".venv", "v"+version, "bin", "python")
}

func (b *bed) source(path ...string) string {
	return filepath.Join(append([]string{b.root, "testdata", "consumers"}, path...)...)
}

// add starts one more client.
func (b *bed) add(p program) error {
	c, err := b.command(p)
	if err == nil {
		b.clients = append(b.clients, c)
	}
	return err
}
