package contract

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Model is what a service model says, as far as it is used here.
type Model struct {
	Metadata struct {
		Protocol     string `json:"protocol"`
		JSONVersion  string `json:"jsonVersion"`
		APIVersion   string `json:"apiVersion"`
		TargetPrefix string `json:"targetPrefix"`
	} `json:"metadata"`
	Operations map[string]struct {
		Input *ref `json:"input"`
	} `json:"operations"`
	Shapes map[string]*shape `json:"shapes"`
}

type ref struct {
	Shape        string `json:"shape"`
	LocationName string `json:"locationName"` // of a list's members in forms; empty: member
}

// shape is a type of the model. Which fields are set depends on Type.
type shape struct {
	Type     string         `json:"type"`
	Members  map[string]ref `json:"members"`  // structure
	Required []string       `json:"required"` // structure
	Member   ref            `json:"member"`   // list
	Value    ref            `json:"value"`    // map
	Key      ref            `json:"key"`      // map
	Min      *float64       `json:"min"`
	Max      *float64       `json:"max"`
	Pattern  string         `json:"pattern"`
	Enum     []string       `json:"enum"`
}

// Load reads the newest model of a service, "kinesis" say, that botocore has.
func Load(service string) (*Model, error) {
	path, err := locate(service)
	if err != nil {
		return nil, err
	}
	return read(path)
}

func locate(service string) (string, error) {
	out, err := exec.Command("python3", "-c", "import botocore; print(botocore.__path__[0])").Output()
	if err != nil {
		return "", fmt.Errorf("find AWS's service models: python3 with botocore is needed (pip install boto3): %w", err)
	}
	found, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "data", service, "*", "service-2.json*"))
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("botocore in %s has no model of %s", strings.TrimSpace(string(out)), service)
	}
	slices.Sort(found)
	return found[len(found)-1], nil
}

// read reads a model, which may be compressed.
func read(path string) (*Model, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
	}
	m := &Model{}
	if err := json.NewDecoder(r).Decode(m); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return m, nil
}

// Names are the operations, sorted.
func (m *Model) Names() []string { return slices.Sorted(maps.Keys(m.Operations)) }

// input is the shape of an operation's input; one without members if it has none.
func (m *Model) input(operation string) *shape {
	if in := m.Operations[operation].Input; in != nil {
		return m.Shapes[in.Shape]
	}
	return &shape{Type: "structure"}
}
