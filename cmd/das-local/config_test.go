package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/das-local/das-local/emulator"
)

func configured(t *testing.T, text string, args ...string) (emulator.Options, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "das.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	fs := newFlags("up", "", io.Discard)
	var o emulator.Options
	given := upFlags(fs, &o)
	if err := parse(fs, append(args, "--config", path), false); err != nil {
		t.Fatal(err)
	}
	return o, loadConfig(*given.config, fs, &o)
}

func TestConfigFile(t *testing.T) {
	t.Setenv("DAS_LOCAL_REGION", "eu-west-1")
	o, err := configured(t, `
listen: 127.0.0.1:1
aws-listen: 127.0.0.1:2
region: us-west-2
seed: 42
heartbeat: 0
sns-topic: [a=http://x/1, b=http://x/2]
keys:
  - {alias: alias/a, description: d}
  - {id: k, material: 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f}
clusters:
  - id: orders
    instances: [o-1, o-2]
    stream: sync
    tags: {k: v}
faults:
  - {kind: throttle, caller: clients, probability: 0.5, duration: 5m}
`, "--listen", "127.0.0.1:9", "--key-reuse", "1s")
	if err != nil {
		t.Fatal(err)
	}
	if o.Listen != "127.0.0.1:9" || o.AWSListen != "127.0.0.1:2" || o.Region != "eu-west-1" || o.Seed != 42 || o.Heartbeat != -1 ||
		o.KeyReuse != time.Second || len(o.SNSTopics) != 2 || len(o.Keys) != 2 || o.Keys[0].Description != "d" || o.Keys[1].ID != "k" || len(o.Keys[1].Material) != 32 {
		t.Errorf("%+v", o)
	}
	if len(o.Faults) != 1 || o.Faults[0].Probability != 0.5 || o.Faults[0].Duration != 5*time.Minute || o.Faults[0].Caller != "clients" {
		t.Errorf("%+v", o.Faults)
	}
	if len(o.Clusters) != 1 || o.Clusters[0].ID != "orders" || len(o.Clusters[0].Instances) != 2 || o.Clusters[0].Stream != "sync" || o.Clusters[0].Tags["k"] != "v" {
		t.Errorf("%+v", o.Clusters)
	}
	if _, err := configured(t, "# nothing\n"); err != nil {
		t.Error(err)
	}
}

func TestConfigFileErrors(t *testing.T) {
	for text, want := range map[string]string{
		"listen: a\nlissten: b\n":                                       `das.yaml:2: there is no setting "lissten"`,
		"clusters:\n  - id: a\n    instance: b":                         `das.yaml:3: there is no setting "instance" here`,
		"faults:\n  - {kind: throttle}\n  - {kind: throttle, often: 7}": `das.yaml:3: the fault: unknown field "often"`,
		"faults: {a: b}":                                                `das.yaml:1: faults is a list`,
		"\nheartbeat: soon":                                             `das.yaml:2: heartbeat: "soon" is not a duration`,
		"listen: {a: b}":                                                `das.yaml:1: listen takes a value`,
		"config: other.yaml":                                            `das.yaml:1: there is no setting "config"`,
		"- a":                                                           `das.yaml:1: a configuration is`,
		"a: [":                                                          `das.yaml: `,
		"seed: 1\nlisten: a\nseed: 2\n":                                 `das.yaml:3: seed is there already, in line 1`,
		"seed: 1\n---\nseed: 2\n":                                       `das.yaml:2: a second document begins`,
		"seed: 1\n---\n[":                                               `das.yaml: `,
		"keys: 7":                                                       `das.yaml:1: keys is a list`,
		"keys:\n  - alias: a\n  - 7":                                    `das.yaml:3: an element of keys is of the form NAME: VALUE`,
		"keys:\n  - alias: a\n  - {id: k,\n     material: ab}": `das.yaml:3: the key k: its material is not 32 bytes`,
		"clusters:\n  - id: a\n    instances: 7":               `das.yaml:3: a value of this kind does not fit here`,
		"faults:\n  - kind: quake":                             `das.yaml:2: the fault: kind is "quake"; it must be one of clock-jump, `,
		"faults:\n  - kind: delay\n    delay: soon":            `das.yaml:3: the fault: delay is "soon"; `,
		"keys: [{id: k, material: abcd}]":                      `das.yaml:1: the key k: its material is not 32 bytes`,
	} {
		_, err := configured(t, text)
		if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, errUsage) || strings.Contains(err.Error(), "main.") {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
}

func FuzzConfigFile(f *testing.F) {
	f.Add("clusters: [{id: a, tags: {b: c}}]\nkeys: [{alias: d}]\nseed: 7")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) { _, _ = configured(t, text) })
}

// TestExampleFile: the README's example is one.
func TestExampleFile(t *testing.T) {
	text, err := os.ReadFile("../../testdata/config/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o, err := configured(t, string(text))
	if err != nil || len(o.Clusters) != 1 || len(o.Keys) != 1 || o.EngineVersion != "15.4" {
		t.Errorf("%+v: %v", o, err)
	}
}
