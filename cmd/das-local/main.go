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
	"strings"
	"syscall"
)

const usage = `das-local emulates Amazon Aurora's Database Activity Streams on this machine.

Usage:

    das-local [up]      run the emulator (the default command)
    das-local tail      print decrypted activity events, one a line
    das-local decrypt   decrypt captured records from standard input
    das-local demo      run the user guide's session and print its events
    das-local fault     have a running das-local fail on purpose
    das-local version   print the version

"das-local COMMAND -h" has a command's flags and examples. Every flag can be
given in the environment: --aws-listen is DAS_LOCAL_AWS_LISTEN.
`

// command is one sub-command. It returns nil when it did what was asked.
type command func(ctx context.Context, args []string, std streams) error

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
	}
	commands := map[string]command{
		"up": up, "tail": tail, "decrypt": decrypt, "demo": demo, "fault": fault, "version": version,
		"help": func(_ context.Context, _ []string, std streams) error {
			_, err := io.WriteString(std.out, usage)
			return err
		},
	}
	cmd, ok := commands[name]
	if !ok {
		fmt.Fprintf(std.err, "das-local: there is no command %q; \"das-local help\" lists them\n", name)
		return 2
	}
	err := cmd(ctx, args, std)
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
