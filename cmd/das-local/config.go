package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/das-local/das-local/emulator"
	"github.com/das-local/das-local/internal/faults"
)

// fileKey is a KMS key in a configuration file.
type fileKey struct {
	ID          string `yaml:"id"`
	Alias       string `yaml:"alias"`
	Description string `yaml:"description"`
	Material    string `yaml:"material"` // 64 hex digits, or @FILE
}

// fileCluster is a cluster in a configuration file.
type fileCluster struct {
	ID            string            `yaml:"id"`
	EngineVersion string            `yaml:"engine-version"`
	Instances     []string          `yaml:"instances"`
	InstanceClass string            `yaml:"instance-class"`
	Tags          map[string]string `yaml:"tags"`
	Stream        string            `yaml:"stream"`
	Key           string            `yaml:"key"`
}

// maxConfig bounds a configuration file.
const maxConfig = 1 << 20

// configFlag defines --config on fs; load reads the file after the command line.
func configFlag(fs flagSet) *string {
	return fs.String("config", "", "`FILE` (YAML) with flags by their names, and with clusters, keys and faults to make at start; the environment and the command line win over it")
}

// loadConfig sets the flags of fs that neither the environment nor the command line has
// set, and the lists of o, as the file says. What the file has that das-local does not
// know is an error that names its line.
func loadConfig(path string, fs flagSet, o *emulator.Options) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read --config: %w: %w", err, errUsage)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return fmt.Errorf("read --config: %w", err)
	}
	if len(text) > maxConfig {
		return fmt.Errorf("%s is larger than %d bytes: %w", path, maxConfig, errUsage)
	}
	var doc, more yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(text))
	if err := documents.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w: %w", path, err, errUsage)
	}
	if len(doc.Content) == 0 {
		return nil // an empty file
	}
	if err := documents.Decode(&more); err == nil {
		return fmt.Errorf("%s:%d: a second document begins; a configuration is one: %w", path, more.Line, errUsage)
	} else if !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w: %w", path, err, errUsage)
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return fmt.Errorf("%s:%d: a configuration is a list of NAME: VALUE: %w", path, root.Line, errUsage)
	}
	given, said := map[string]bool{}, map[string]int{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var errs []error
	for i := 0; i+1 < len(root.Content); i += 2 {
		name, value := root.Content[i], root.Content[i+1]
		if line := said[name.Value]; line != 0 {
			errs = append(errs, fmt.Errorf("%s:%d: %s is there already, in line %d", path, name.Line, name.Value, line))
			continue
		}
		said[name.Value] = name.Line
		if err := setFromFile(fs, o, given, name.Value, value); err != nil {
			errs = append(errs, atLine(path, name.Line, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%w: %w", err, errUsage)
	}
	return nil
}

// unknownField is how the YAML library tells of a key that a list's elements do not
// have: with a line of its own, and the name of a Go type.
var unknownField = regexp.MustCompile(`line (\d+): field (\S+) not found in type \S+`)

// wrongType is how it tells of a value of another kind than is wanted, which may be
// secret.
var wrongType = regexp.MustCompile(`line (\d+): cannot (?:construct|unmarshal)`)

// goType is what it says of the Go value that something does not fit.
var goType = regexp.MustCompile(` into \[?\]?\S*main\.\S+`)

// lineError is an error of a line of its own.
type lineError struct {
	line int
	error
}

// atLine says where in the file the error is.
func atLine(path string, line int, err error) error {
	var own lineError
	if errors.As(err, &own) {
		line = own.line
	}
	if m := unknownField.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%s:%s: there is no setting %q here", path, m[1], m[2])
	}
	if m := wrongType.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%s:%s: a value of this kind does not fit here", path, m[1])
	}
	return fmt.Errorf("%s:%d: %s", path, line, goType.ReplaceAllString(err.Error(), ""))
}

// checkList refuses what is no list of settings.
func checkList(name string, value *yaml.Node) error {
	if value.Kind != yaml.SequenceNode {
		return lineError{value.Line, fmt.Errorf("%s is a list: each element begins with a dash", name)}
	}
	for _, one := range value.Content {
		if one.Kind != yaml.MappingNode {
			return lineError{one.Line, fmt.Errorf("an element of %s is of the form NAME: VALUE", name)}
		}
	}
	return nil
}

// faultLine is the line of what an error about a fault names first, or of the fault.
func faultLine(fault *yaml.Node, err error) int {
	line, first := fault.Line, len(err.Error())
	for i := 0; i+1 < len(fault.Content); i += 2 {
		if at := strings.Index(err.Error(), fault.Content[i].Value); at >= 0 && at < first {
			line, first = fault.Content[i].Line, at
		}
	}
	return line
}

func setFromFile(fs flagSet, o *emulator.Options, given map[string]bool, name string, value *yaml.Node) error {
	if name == "clusters" || name == "keys" || name == "faults" {
		if err := checkList(name, value); err != nil {
			return err
		}
	}
	switch name {
	case "clusters":
		var list []fileCluster
		if err := value.Load(&list, yaml.WithKnownFields()); err != nil {
			return fmt.Errorf("clusters: %w", err)
		}
		for _, c := range list {
			o.Clusters = append(o.Clusters, emulator.Cluster{ID: c.ID, EngineVersion: c.EngineVersion, Instances: c.Instances,
				InstanceClass: c.InstanceClass, Tags: c.Tags, Stream: emulator.Mode(c.Stream), Key: c.Key})
		}
		return nil
	case "keys":
		var list []fileKey
		if err := value.Load(&list, yaml.WithKnownFields()); err != nil {
			return fmt.Errorf("keys: %w", err)
		}
		for i, k := range list {
			key := emulator.Key{ID: k.ID, Alias: k.Alias, Description: k.Description}
			if k.Material != "" {
				var err error
				if key.Material, err = parseMaterial(k.Material); err != nil {
					return lineError{value.Content[i].Line, fmt.Errorf("the key %s%s: %w", k.ID, k.Alias, err)}
				}
			}
			o.Keys = append(o.Keys, key)
		}
		return nil
	case "faults":
		var list []map[string]any
		if err := value.Load(&list); err != nil {
			return fmt.Errorf("faults: %w", err)
		}
		for i, f := range list {
			text, err := json.Marshal(f)
			if err != nil {
				return lineError{value.Content[i].Line, fmt.Errorf("the fault: %w", err)}
			}
			fault, err := faults.Parse(text)
			if err == nil && !slices.Contains(faults.Kinds(), string(fault.Kind)) {
				err = fmt.Errorf("kind is %q; it must be one of %s", fault.Kind, strings.Join(faults.Kinds(), ", "))
			}
			if err != nil {
				return lineError{faultLine(value.Content[i], err), fmt.Errorf("the fault: %w", err)}
			}
			o.Faults = append(o.Faults, fault)
		}
		return nil
	}
	if fs.Lookup(name) == nil || name == "config" {
		return fmt.Errorf("there is no setting %q; \"das-local up -h\" lists them, and clusters, keys and faults are lists", name)
	}
	values := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		values = value.Content
	}
	if given[name] {
		return nil
	}
	for _, v := range values {
		if v.Kind != yaml.ScalarNode {
			return fmt.Errorf("%s takes a value or a list of values", name)
		}
		if err := fs.Set(name, v.Value); err != nil {
			return badValue(name, fs.Lookup(name), v.Value, err)
		}
	}
	return nil
}

// fileReference is what the reference says of the lists that only the file has.
const fileReference = "`keys` are KMS keys to make at start, `clusters` clusters besides the first one. What a\n" +
	"data directory has of them already is left as it is. `faults` are injected at each start:\n" +
	"see [faults](faults.md).\n\n" +
	"```text\n" + `keys:
  - alias: alias/audit            # this or id
    description: activity streams
    id: 7d6779b2-2de5-48ed-834f-a3009d2c2228   # random
    material: "@key.hex"          # 32 bytes as hex digits, or of a file; random
clusters:
  - id: orders                    # required
    engine-version: "15.4"        # the first cluster's
    instances: [orders-1]         # the writer first; ID-instance-1
    instance-class: db.r5.large
    stream: async                 # sync or async; not started
    key: alias/audit              # of the stream: id, ARN or alias; the first cluster's
    tags:
      das-local:on-stream-failure: stop-instance
faults:
  - kind: throttle                # required; the rest as in POST /_das/faults
    caller: clients
    probability: 0.1
    duration: 5m
` + "```\n"
