// Command das-local emulates Amazon Aurora's Database Activity Streams.
//
// Data goes to standard output, logs to standard error. Exit codes: 0 done,
// 1 failed, 2 wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// usage is what "das-local help" prints.
func usage() string {
	var b strings.Builder
	b.WriteString("das-local emulates Amazon Aurora's Database Activity Streams on this machine.\n\nUsage:\n\n")
	for _, c := range commands() {
		name := c.name
		if name == "up" {
			name = "[up]"
		}
		fmt.Fprintf(&b, "    das-local %-22s %s\n", name, c.what)
	}
	b.WriteString(`
"das-local COMMAND -h" has a command's flags and examples. Every flag can be
given in the environment: --aws-listen is DAS_LOCAL_AWS_LISTEN. Commands that
print results take --format json (one object a line), text or table.

Exit codes: 0 done, 1 failed (the last line on standard error says why), 2 wrong
usage.
`)
	return b.String()
}

// command is one sub-command. Its run returns nil when it did
// what was asked.
type command struct {
	name, what string
	run        func(ctx context.Context, args []string, std streams) error
}

// commands are all there are, in the order of the help.
func commands() []command {
	return []command{
		{"up", "run the emulator (the default command)", up},
		{"tail", "print decrypted activity events, one a line", tail},
		{"decrypt", "decrypt captured records from files or standard input", decrypt},
		{"lambda", "hand a stream's records to a Lambda function on this machine", runLambda},
		{"start-activity-stream", "start a cluster's activity stream", startActivityStream},
		{"stop-activity-stream", "stop it", stopActivityStream},
		{"status", "show clusters, their streams and their instances", status},
		{"events", "print RDS events: starts, stops, windows of loss", rdsEvents},
		{"demo", "run the user guide's session and print its events", demo},
		{"fault", "have a running das-local fail on purpose", fault},
		{"clock", "print a running das-local's time, or put it forward", clock},
		{"reset", "have a running das-local begin anew, for test suites", reset},
		{"doctor", "find what is missing on this machine, and say the fix", runDoctor},
		{"health", "say whether a das-local is ready, by the exit code", health},
		{"completion", "print a completion script for bash, zsh or fish", completion},
		{"reference", "print the reference of the configuration", reference},
		{"version", "print the version", version},
		{"help", "print this, or a command's help", help},
	}
}

// help prints what there is, or the help of one command.
func help(ctx context.Context, args []string, std streams) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		_, err := io.WriteString(std.out, usage())
		return err
	}
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == args[0] })
	if i < 0 {
		return fmt.Errorf("there is no command %q; \"das-local help\" lists them: %w", args[0], errUsage)
	}
	if args[0] == "help" {
		return help(ctx, nil, std)
	}
	return all[i].run(ctx, []string{"-h"}, std)
}

// streams are the process's standard streams.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// errUsage is wrapped by errors that a wrong command line causes.
var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, std streams) int {
	name := "up"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	} else if len(args) > 0 && (args[0] == "-h" || args[0] == "--help") {
		name = "help"
	} else if len(args) == 1 && args[0] == "--version" {
		name, args = "version", nil
	}
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
	if i < 0 {
		fmt.Fprintf(std.err, "das-local: there is no command %q; \"das-local help\" lists them\n", name)
		return 2
	}
	err := all[i].run(ctx, args, std)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintf(std.err, "das-local %s: %v\n", name, strings.TrimSuffix(err.Error(), ": "+errUsage.Error()))
		return 2
	default:
		fmt.Fprintf(std.err, "das-local %s: %v\n", name, err)
		return 1
	}
}
