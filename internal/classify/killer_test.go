package classify

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// chain repeats a step that adds one level to the tree.
func chain(head, step string, n int, tail string) string {
	return head + strings.Repeat(step, n) + tail
}

// killers are texts that overflow the parser's stack, or its memory, at some n.
var killers = map[string]func(n int) string{
	"plus":         func(n int) string { return chain("SELECT 1", "+1", n, "") },
	"plus columns": func(n int) string { return chain("SELECT a", "+a", n, " FROM t") },
	"or":           func(n int) string { return chain("SELECT 1 WHERE a=1", " OR a=1", n, "") },
	"concat":       func(n int) string { return chain("SELECT 'a'", "||'a'", n, "") },
	"cast":         func(n int) string { return chain("SELECT 1", "::int", n, "") },
	"collate":      func(n int) string { return chain("SELECT a", ` COLLATE "C"`, n, " FROM t") },
	"union":        func(n int) string { return chain("SELECT", " UNION SELECT", n, "") },
	"union all":    func(n int) string { return chain("SELECT 1", " UNION ALL SELECT 1", n, "") },
	"cross join":   func(n int) string { return chain("SELECT * FROM t", " CROSS JOIN t", n, "") },
	"natural join": func(n int) string { return chain("SELECT * FROM t", " NATURAL JOIN t", n, "") },
	"subselect":    func(n int) string { return chain("", "SELECT (", n, "SELECT 1") + strings.Repeat(")", n) },
	"parens":       func(n int) string { return chain("SELECT ", "(", n, "1") + strings.Repeat(")", n) },
	"from parens":  func(n int) string { return chain("SELECT * FROM ", "(", n, "t") + strings.Repeat(")", n) },
	"not":          func(n int) string { return chain("SELECT ", "NOT ", n, "true") },
	"minus":        func(n int) string { return chain("SELECT ", "- ", n, "1") },
	"case":         func(n int) string { return chain("SELECT ", "CASE WHEN ", n, "true") },
	"array":        func(n int) string { return chain("SELECT ", "ARRAY[", n, "1") + strings.Repeat("]", n) },
	"calls":        func(n int) string { return chain("SELECT ", "f(", n, "1") + strings.Repeat(")", n) },
	"cte":          func(n int) string { return chain("", "WITH a AS (", n, "SELECT 1") + strings.Repeat(")SELECT 1", n) },
	"rows":         func(n int) string { return chain("INSERT INTO t VALUES (1)", ",(1)", n, "") },
	"in":           func(n int) string { return chain("SELECT 1 WHERE a IN (1", ",1", n, ")") },
	"statements":   func(n int) string { return chain("SELECT 1", ";SELECT 1", n, "") },
	"explain":      func(n int) string { return chain("EXPLAIN SELECT 1", "+1", n, "") },
	"policy":       func(n int) string { return chain("CREATE POLICY p ON t USING (1", "+1", n, "=1)") },
	"indirection":  func(n int) string { return chain("SELECT a", "[1]", n, " FROM t") },
	"literal":      func(n int) string { return "SELECT '" + strings.Repeat("x", n) + "'" },
	"comment":      func(n int) string { return strings.Repeat("/*", n) + "SELECT 1" + strings.Repeat("*/", n) },
	"open quote":   func(n int) string { return "SELECT '" + strings.Repeat("''", n) },
	"dollars":      func(n int) string { return chain("SELECT ", "$a", n, "$") },
	"set":          func(n int) string { return chain("SET search_path = a", ",a", n, "") },
	"grant":        func(n int) string { return chain("GRANT SELECT ON t TO a", ",a", n, "") },
}

const killersEnv = "DAS_LOCAL_KILLERS"

// TestKillers runs texts of every size around the limits; the process must live.
func TestKillers(t *testing.T) {
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for name, make := range killers {
		for _, n := range []int{300, 490, 740, 1490, 2990, 24000, 100000} {
			text := make(n)
			r := c.Classify(text)
			if len(r.Statements) == 0 && name != "comment" && name != "dollars" {
				t.Errorf("%s %d: no statement", name, n)
			}
			Redact(text)
			Redact(text + " password")
		}
	}
}

// TestKillersSmallStack does the same where a thread has 2 MB of stack, a quarter of what
// Linux gives.
func TestKillersSmallStack(t *testing.T) {
	if os.Getenv(killersEnv) != "" {
		t.Skip("this is the small process")
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c",
		fmt.Sprintf("ulimit -s 2048 && exec %s -test.run='^TestKillers$'", os.Args[0]))
	cmd.Env = append(os.Environ(), killersEnv+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%.2000s", err, out)
	}
}

// TestKillerAnswers checks what is said of texts that are too large to parse.
func TestKillerAnswers(t *testing.T) {
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"plus": "SELECT", "rows": "INSERT", "in": "SELECT", "explain": "EXPLAIN", "policy": "CREATE POLICY",
		"union": "SELECT", "set": "SET",
	} {
		r := c.Classify(killers[name](200000))
		if got := r.Statements[0].Command; got != want {
			t.Errorf("%s: command %q, want %q", name, got, want)
		}
	}
	r := c.Classify(killers["rows"](200000))
	if got := r.Statements[0].Relations; len(got) != 1 || got[0] != (Relation{Name: "t", Access: Insert}) {
		t.Errorf("bulk insert: relations %v", got)
	}
	if !c.Classify(killers["in"](200000)).Parsed() {
		t.Error("a long IN list is not parsed")
	}
}
