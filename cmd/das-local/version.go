package main

import (
	"context"
	"runtime/debug"
)

const versionHelp = `das-local version prints the version, and the revision that it was built from.

    $ das-local version
    $ das-local version --format json
`

// build is what the program was built from.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of Git; empty outside a checkout
	Go       string `json:"go"`
}

var buildShape = shape[build]{
	text: func(_ painter, b build) string {
		if b.Revision == "" {
			return "das-local " + b.Version
		}
		return "das-local " + b.Version + " " + b.Revision
	},
	columns: columns("VERSION", "REVISION", "GO"),
	rows:    func(b build, add func(...cell)) { add(cells(b.Version, orDash(b.Revision), b.Go)...) },
}

// version prints the module's version and the revision it was built from.
func version(_ context.Context, args []string, std streams) error {
	fs := newFlags("version", versionHelp, std.out)
	format := formatFlag(fs, formatText)
	if err := parse(fs, args, false); err != nil {
		return err
	}
	b := build{Version: "(devel)"}
	if info, ok := debug.ReadBuildInfo(); ok {
		b.Go = info.GoVersion
		if info.Main.Version != "" {
			b.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Revision = s.Value
			}
		}
	}
	return printAll(buildShape, format, std.out, b)
}
