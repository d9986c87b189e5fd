package conformance

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/esdk"
)

// judge is one version of one of AWS's SDKs.
type judge interface {
	name() string
	ask(t *testing.T, r request) ([]byte, error)
}

// request asks a judge to encrypt or decrypt data under an AES-256 key that is
// called DataKey of provider BC.
type request struct {
	op      string
	policy  string // commitment policy; version 1 of Java has none
	suite   esdk.Suite
	frame   int // 0: not framed
	key     []byte
	context map[string]string
	data    []byte
}

const (
	opEncrypt = "encrypt"
	opDecrypt = "decrypt"
	// opTwoKeys encrypts under another key first. JavaScript can.
	opTwoKeys = "encrypt-two-keys"
)

// The commitment policies under which non-committing messages can be written
// and read, read, and neither.
const (
	policyForbid  = "FORBID_ENCRYPT_ALLOW_DECRYPT"
	policyAllow   = "REQUIRE_ENCRYPT_ALLOW_DECRYPT"
	policyRequire = "REQUIRE_ENCRYPT_REQUIRE_DECRYPT"
)

// process is a judge in a process of its own. A request is a line of
// tab-separated fields: operation, policy, suite, frame length, key, context
// as k=v,k=v, data; key and data in base64. The answer is a line "ok", tab,
// base64, or "error", tab, text.
type process struct {
	label string
	need  string // what must exist before it can start
	argv  []string

	in  io.WriteCloser
	out *bufio.Reader
}

// judges has them all. Each is started at its first use and ended by the test
// that used it.
func judges() []judge {
	python := func(major string) *process {
		bin := filepath.Join(".venv", "v"+major, "bin", "python")
		return &process{label: "python-" + major, need: bin, argv: []string{bin, "python/judge.py"}}
	}
	javascript := func(major string) *process {
		sdk := "client-node-" + major
		return &process{label: "javascript-" + major, need: filepath.Join("js/node_modules", sdk),
			argv: []string{"node", "--no-deprecation", "--no-warnings", "js/judge.js", sdk}}
	}
	java := func(major string) *process {
		jars := filepath.Join(".java", "v"+major)
		return &process{label: "java-" + major, need: jars,
			argv: []string{"java", "-XX:TieredStopAtLevel=1", "-cp", jars + "/*", "java/Judge.java"}}
	}
	return []judge{
		&goSDK{}, javascript("1"), javascript("5"), python("1"), python("3"), python("4"), java("1"), java("3"),
	}
}

// eachJudge runs a test for every judge.
func eachJudge(t *testing.T, run func(t *testing.T, j judge)) {
	for _, j := range judges() {
		t.Run(j.name(), func(t *testing.T) { run(t, j) })
	}
}

func (p *process) name() string { return p.label }

func (p *process) ask(t *testing.T, r request) ([]byte, error) {
	t.Helper()
	if p.in == nil {
		p.start(t)
	}
	var context []string
	for _, k := range slices.Sorted(maps.Keys(r.context)) {
		context = append(context, k+"="+r.context[k])
	}
	line := strings.Join([]string{
		r.op, r.policy, fmt.Sprintf("0x%04x", uint16(r.suite)), strconv.Itoa(r.frame),
		base64.StdEncoding.EncodeToString(r.key), strings.Join(context, ","), base64.StdEncoding.EncodeToString(r.data),
	}, "\t")
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		t.Fatalf("ask %s: %v", p.label, err)
	}
	answer, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("ask %s: it ended: %v", p.label, err)
	}
	kind, text, _ := strings.Cut(strings.TrimSuffix(answer, "\n"), "\t")
	if kind != "ok" {
		return nil, errors.New(text)
	}
	return base64.StdEncoding.DecodeString(text)
}

// start starts the process; it ends with the test.
func (p *process) start(t *testing.T) {
	t.Helper()
	if _, err := filepath.EvalSymlinks(p.need); err != nil {
		t.Fatalf("%s is missing: %v; conformance/run fetches it", p.label, err)
	}
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.label, err)
	}
	p.in, p.out = in, bufio.NewReaderSize(out, 1<<20)
	t.Cleanup(func() {
		_ = p.in.Close() // it ends at the end of its input
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("%s ended: %v\n%s", p.label, err, complaints.String())
		}
		p.in = nil
	})
}
