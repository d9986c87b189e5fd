// The test of this directory keeps the picture in ARCHITECTURE.md true.
package das_local_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/das-local/das-local/"

// allowed says which packages of the module each package may import: downward
// only. A package that is not named may be imported by nobody and import none.
var allowed = map[string][]string{
	"cmd/das-local": {"emulator", "internal/activity", "internal/awsclient", "internal/consumer", "internal/doctor", "internal/envelope", "internal/esdk", "internal/faults", "internal/lambda", "internal/progress", "internal/stream"},
	"emulator": {"proxy", "rdsapi", "kinesisfake", "kmsfake", "internal/access", "internal/activity", "internal/awsapi", "internal/awsclient", "internal/catalog", "internal/clock",
		"internal/console", "internal/consumer", "internal/external", "internal/faults", "internal/iam", "internal/origin", "internal/passthrough", "internal/pgserver", "internal/store", "internal/stream"},

	"proxy":                {"internal/activity", "internal/classify", "proxy/internal/audit", "proxy/internal/track"},
	"proxy/internal/audit": {"internal/activity", "internal/catalog", "internal/classify", "internal/pgtext", "proxy/internal/track"},
	"proxy/internal/track": nil,
	"internal/catalog":     {"internal/classify", "internal/querytree"},
	"internal/querytree":   nil,
	"internal/classify":    {"internal/activity"},
	"internal/pgtext":      nil,

	"internal/stream":   {"internal/activity", "internal/envelope"},
	"internal/console":  {"internal/activity", "internal/consumer", "internal/envelope", "internal/esdk", "internal/origin"},
	"internal/consumer": {"internal/activity", "internal/envelope"},
	"internal/external": {"internal/awsclient"},
	"internal/lambda":   nil,
	"internal/envelope": {"internal/activity", "internal/esdk"},
	"internal/esdk":     nil,
	"internal/activity": nil,

	"kinesisfake":              {"internal/awsapi", "internal/clock", "internal/store"},
	"kmsfake":                  {"internal/awsapi", "internal/store"},
	"rdsapi":                   {"internal/awsapi", "internal/clock", "internal/store"},
	"internal/awsclient":       nil,
	"internal/awsapi":          nil,
	"internal/awsapi/contract": nil,
	"internal/clock":           nil,

	"internal/access":      {"internal/awsapi", "internal/iam", "internal/sigv4"},
	"internal/iam":         nil,
	"internal/sigv4":       nil,
	"internal/origin":      nil,
	"internal/passthrough": nil,

	"internal/faults":   nil,
	"internal/doctor":   {"internal/pgserver"},
	"internal/pgserver": {"internal/progress"},
	"internal/progress": nil,
	"internal/store":    nil,

	"internal/await":     nil, // these three are for tests
	"internal/leakcheck": nil,
	"internal/pgtest":    {"internal/leakcheck", "internal/pgserver"},
}

// onlyImporter are libraries that one package keeps to itself.
var onlyImporter = map[string]string{
	"github.com/pganalyze/pg_query_go/v6":     "internal/classify",
	"github.com/cockroachdb/pebble/v2":        "internal/store",
	"github.com/cockroachdb/pebble/v2/record": "internal/store",
	"github.com/cockroachdb/pebble/v2/vfs":    "internal/store",
}

func TestImportsGoDownward(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case "testdata", "conformance", "e2e", "oracle", "bench", "regress", "differential", "crash", "soak", ".git", "node_modules", ".cache":
				return filepath.SkipDir // they stand outside: they drive the product as users do
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		seen++
		pkg := filepath.ToSlash(filepath.Dir(path))
		may, known := allowed[pkg]
		if !known {
			t.Errorf("%s: package %s is not in the picture; add it to ARCHITECTURE.md and here", path, pkg)
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imp := range file.Imports {
			name, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			if owner, ok := onlyImporter[name]; ok && owner != pkg {
				t.Errorf("%s imports %s, which is for %s alone", path, name, owner)
			}
			rest, ours := strings.CutPrefix(name, module)
			if ours && !slices.Contains(may, rest) {
				t.Errorf("%s: %s must not import %s", path, pkg, rest)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 20 {
		t.Fatalf("only %d source files were seen: the test runs in the wrong directory", seen)
	}
}
