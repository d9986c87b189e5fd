package main

import (
	"context"
	"fmt"
	"runtime/debug"
)

// version prints the module's version and the revision it was built from.
func version(_ context.Context, args []string, std streams) error {
	fs := newFlags("version", "das-local version prints the version.\n", std.out)
	if err := parse(fs, args, false); err != nil {
		return err
	}
	v, revision := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
	}
	_, err := fmt.Fprintf(std.out, "das-local %s%s\n", v, revision)
	return err
}
