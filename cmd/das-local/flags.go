package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// envName is the environment variable that stands for a flag.
func envName(flagName string) string {
	return "DAS_LOCAL_" + strings.ToUpper(strings.ReplaceAll(flagName, "-", "_"))
}

// flagSet is a command's flags. -h prints its help; an error prints nothing
// but its own sentence.
type flagSet struct {
	*flag.FlagSet
	help func()
}

// newFlags makes a flag set that prints help (with its examples) on -h.
func newFlags(name, help string, out io.Writer) flagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {} // flag calls it for errors too
	return flagSet{fs, func() {
		fmt.Fprint(out, help)
		head := "\nFlags (each also as an environment variable, --aws-listen as DAS_LOCAL_AWS_LISTEN):\n\n"
		fs.VisitAll(func(f *flag.Flag) {
			value, text := flag.UnquoteUsage(f)
			name := "  --" + f.Name
			if value != "" {
				name += " " + value
			}
			if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != "0s" {
				text += " (default " + f.DefValue + ")"
			}
			fmt.Fprintf(out, "%s%s\n        %s\n", head, name, text)
			head = ""
		})
	}}
}

// aboveZero has flags that are defined already refuse zero, which to the emulator is the
// default, and less.
func aboveZero(fs flagSet, names ...string) {
	for _, name := range names {
		f := fs.Lookup(name)
		f.Value = positive{f.Value.(flag.Getter)}
	}
}

// positive is a number or a duration above zero.
type positive struct{ flag.Getter }

func (p positive) Set(s string) error {
	if err := p.Getter.Set(s); err != nil {
		return err
	}
	above := true
	switch v := p.Get().(type) {
	case int:
		above = v > 0
	case int64:
		above = v > 0
	case time.Duration:
		above = v > 0
	}
	if !above {
		return errors.New("it must be above 0")
	}
	return nil
}

// given reports whether the environment or the command line has set a flag.
func given(fs flagSet, name string) (set bool) {
	fs.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

// parse reads the environment, then the command line, which wins. Arguments
// that are no flags are refused unless the command takes some.
func parse(fs flagSet, args []string, takesArguments bool) error {
	var errs []error
	fs.VisitAll(func(f *flag.Flag) {
		v, ok := os.LookupEnv(envName(f.Name))
		if !ok || v == "" {
			return
		}
		if err := fs.Set(f.Name, v); err != nil {
			errs = append(errs, fmt.Errorf("%w: %w", badValue(envName(f.Name), f, v, err), errUsage))
		}
	})
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fs.help()
			return err
		}
		return fmt.Errorf("%w; \"das-local %s -h\" lists the flags: %w", explainFlag(fs, err), fs.Name(), errUsage)
	}
	if fs.NArg() > 0 && !takesArguments {
		return fmt.Errorf("unexpected argument %q; \"das-local %s -h\" has the usage: %w", fs.Arg(0), fs.Name(), errUsage)
	}
	return nil
}
