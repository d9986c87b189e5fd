package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// words are the outcomes of go test.
var words = map[string]string{"pass": "passed", "fail": "failed", "skip": "skipped"}

// temporary matches a directory that a test makes for itself: some tests have
// its name, which is another each time, in theirs.
var temporary = regexp.MustCompile(regexp.QuoteMeta(os.TempDir()) + `/\w+/`)

// readGoTests reads what go test -json prints of pgx's packages. A test is named
// by its package's directory and its own name.
func readGoTests(out []byte) (outcomes, error) {
	o, logs := make(outcomes), make(map[string]string)
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e struct{ Action, Package, Test, Output string }
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("read %.100q: %w", lines.Text(), err)
		}
		if e.Action == "build-fail" {
			return nil, fmt.Errorf("%s does not compile", e.Package)
		}
		if e.Test == "" {
			continue
		}
		name := "." + strings.TrimPrefix(e.Package, pgxModule) + "/" + temporary.ReplaceAllString(e.Test, "TMP/")
		logs[name] += e.Output
		if word := words[e.Action]; word != "" {
			o[name] = outcome{text: word, log: logs[name]}
			delete(logs, name)
		}
	}
	for name, log := range logs { // a panic ended the package
		o[name] = outcome{text: "failed", log: log}
	}
	return o, lines.Err()
}

// selectTests is the -run expression for tests with such names: their
// top-level functions.
func selectTests(names []string) string {
	var functions []string
	for _, name := range names {
		_, test, _ := strings.Cut(name, "/Test")
		function, _, _ := strings.Cut("Test"+test, "/")
		functions = append(functions, function)
	}
	slices.Sort(functions)
	return "^(" + strings.Join(slices.Compact(functions), "|") + ")$"
}
