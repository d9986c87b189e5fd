package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/das-local/das-local/emulator"
)

const referenceHelp = `das-local reference prints the reference of the configuration, in Markdown. The copy
in docs/configuration.md is made by it.

    $ das-local reference > docs/configuration.md
`

// reference prints what can be configured, from the flags themselves.
func reference(_ context.Context, args []string, std streams) error {
	if err := parse(newFlags("reference", referenceHelp, std.out), args, false); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("# Configuration\n\n" +
		"Made by `das-local reference` from the program itself.\n\n" +
		"`das-local up` takes each setting as a flag, as an environment variable, or in a YAML file\n" +
		"(`--config`). The command line wins over the environment, which wins over the file.\n\n" +
		"| flag | environment | default | meaning |\n|---|---|---|---|\n")
	fs := newFlags("up", "", io.Discard)
	var o emulator.Options
	upFlags(fs, &o)
	fs.VisitAll(func(f *flag.Flag) {
		value, text := flag.UnquoteUsage(f)
		head := "--" + f.Name
		if value != "" && value != "value" {
			head += " " + value
		}
		def := f.DefValue
		if text2, d, ok := strings.Cut(text, " (default "); ok {
			text, def = text2, strings.TrimSuffix(d, ")")
		}
		if def != "" {
			def = "`" + def + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", head, envName(f.Name), def, strings.ReplaceAll(text, "|", `\|`))
	})
	b.WriteString("\n## In the file alone\n\n")
	b.WriteString(fileReference)
	b.WriteString("\n## Forms of what is printed\n\n" +
		"All commands that print results have `--format` (`DAS_LOCAL_FORMAT`), and mean the same by it:\n\n" +
		"| form | what is printed |\n|---|---|\n" +
		"| `json` | one object a line for each result, no line for none |\n" +
		"| `text` | lines to read |\n" +
		"| `table` | aligned columns under a line with their names |\n\n" +
		"`tail` and `decrypt` print `json` unless told otherwise, `status` and `fault` a `table`, `demo` the\n" +
		"records in the form of the user guide (`guide`), the others `text`.\n")
	b.WriteString("\n## Exit codes\n\n| code | meaning |\n|---|---|\n" +
		"| 0 | done; `up` was told to end and has published what was queued |\n" +
		"| 1 | failed, or refused by the das-local or AWS that was asked: the last line on standard error says why and what to do |\n" +
		"| 2 | wrong usage: an unknown flag, a value that it cannot have, a wrong configuration file |\n")
	_, err := io.WriteString(std.out, b.String())
	return err
}
