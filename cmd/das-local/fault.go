package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/das-local/das-local/internal/faults"
)

const faultHelp = `das-local fault has a running das-local fail on purpose.

    $ das-local fault add throttle --duration 30s
    $ das-local fault add throttle --operations kinesis:PutRecords --caller clients --share 0.3
    $ das-local fault add slow-consumer --delay 5s --probability 0.5
    $ das-local fault add kms-denied --operations kms:Decrypt --count 3
    $ das-local fault add fsync-error --count 1
    $ das-local fault add clock-jump --advance 169h
    $ das-local fault list
    $ das-local fault clear 2
    $ das-local fault clear

Kinds: throttle, error, delay, slow-consumer, kms-denied and duplicate hit calls of
AWS operations; disk-full, fsync-error and short-write hit the files of --data-dir;
reshard, clock-jump and upstream-crash happen once, at once.
`

// fault adds, lists and clears faults of a running das-local.
func fault(ctx context.Context, args []string, std streams) error {
	words := []string{"", "", ""} // in front of the flags: what to do, and with what
	for i := 0; i < len(words) && len(args) > 0 && !strings.HasPrefix(args[0], "-"); i++ {
		words[i], args = args[0], args[1:]
	}
	what, with := words[0], words[1]
	fs := newFlags("fault", faultHelp, std.out)
	var c control
	c.define(fs)
	format := formatFlag(fs, formatTable)
	rule := func() any { return nil }
	if what == "add" || what == "" {
		rule = ruleFlags(fs, with)
	}
	if err := parse(fs, args, false); err != nil {
		return err
	}
	switch {
	case words[2] != "":
	case what == "add" && with != "":
		return addFault(ctx, c, format, std.out, rule())
	case what == "list" && with == "":
		return listFaults(ctx, c, format, std.out)
	case what == "clear":
		path := "/_das/faults"
		if with != "" {
			id, err := strconv.Atoi(with)
			if err != nil || id < 1 {
				return fmt.Errorf("%q is not the number of a fault; \"das-local fault list\" lists them: %w", with, errUsage)
			}
			path += "/" + with
		}
		return c.call(ctx, http.MethodDelete, path, nil, nil)
	}
	return fmt.Errorf("it takes \"add KIND\", \"list\" or \"clear [NUMBER]\"; \"das-local fault -h\" has examples: %w", errUsage)
}

// ruleFlags defines the members of a fault as flags. The function it returns gives
// what was said, for the server to judge.
func ruleFlags(fs flagSet, kind string) func() any {
	said := map[string]any{}
	text := func(name, usage string) {
		fs.Func(name, usage, func(s string) error {
			said[name] = s
			return nil
		})
	}
	number := func(name, usage string) {
		fs.Func(name, usage, func(s string) error {
			if _, err := strconv.ParseFloat(s, 64); err != nil {
				return fmt.Errorf("%q is not a number", s)
			}
			said[name] = json.Number(s)
			return nil
		})
	}
	fs.Func("operations", "`LIST` of operations that are hit, comma-separated: kinesis:PutRecords, kms:*, GetRecords; empty is what the kind is about", func(s string) error {
		said["operations"] = strings.Split(s, ",")
		return nil
	})
	text("caller", "`WHO` is hit: das-local (its own publishing), clients, or both (the default)")
	number("probability", "`P` of a hit for each call, above 0 up to 1 (default 1)")
	number("count", "`N` hits end the fault")
	text("duration", "`TIME` after which the fault ends, on the emulator's clock; of upstream-crash how long the server is down, of reshard how long the stream is UPDATING")
	text("delay", "`TIME` by which answers are delayed (delay, slow-consumer)")
	number("share", "`P` of each record of a PutRecords call to be refused, the others being stored (throttle, error)")
	text("error", "`CODE` of kms-denied: AccessDeniedException (the default), DisabledException, KMSInvalidStateException or NotFoundException")
	text("advance", "`TIME` by which the clock is put forward (clock-jump)")
	text("stream", "`NAME` of the Kinesis stream (reshard); empty is the first cluster's")
	return func() any {
		said["kind"] = kind
		return said
	}
}

// addFault injects a fault and prints it.
func addFault(ctx context.Context, c control, f *format, out io.Writer, rule any) error {
	var state json.RawMessage
	if err := c.call(ctx, http.MethodPost, "/_das/faults", rule, &state); err != nil {
		return err
	}
	return printAll(faultShape, f, out, state)
}

func listFaults(ctx context.Context, c control, f *format, out io.Writer) error {
	var answer struct{ Faults []json.RawMessage }
	if err := c.call(ctx, http.MethodGet, "/_das/faults", nil, &answer); err != nil {
		return err
	}
	return printAll(faultShape, f, out, answer.Faults...)
}

// faultShape is what faults look like. As JSON they are as the server sent them.
var faultShape = shape[json.RawMessage]{
	text: func(paint painter, raw json.RawMessage) string {
		s, state, ends := faultState(raw)
		text := fmt.Sprintf("fault %d: %s, %s, hits: %d", s.ID, s.Kind, paint(faultColours[state], state), s.Hits)
		if len(s.Operations) > 0 {
			text += fmt.Sprintf(", operations: %s, caller: %s", strings.Join(s.Operations, ","), orDash(string(s.Caller)))
		}
		if state == "active" {
			ends = "ends " + ends
		}
		return text + "; " + ends
	},
	columns: columns("NUMBER", "KIND", "STATE", "HITS", "OPERATIONS", "CALLER", "ENDS"),
	rows: func(raw json.RawMessage, add func(...cell)) {
		s, state, ends := faultState(raw)
		row := append(cells(strconv.Itoa(s.ID), string(s.Kind)), cell{state, faultColours[state]}, cell{text: strconv.Itoa(s.Hits)})
		add(append(row, cells(orDash(strings.Join(s.Operations, ",")), orDash(string(s.Caller)), ends)...)...)
	},
}

// faultColours are those of the states on a terminal.
var faultColours = map[string]string{"active": red, "ended": grey}

// faultState reads a fault that das-local has sent, and says whether it acts and when it
// ends or why it has ended.
func faultState(raw json.RawMessage) (s faults.State, state, ends string) {
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, "unreadable", err.Error()
	}
	switch {
	case !s.Ended.IsZero():
		return s, "ended", s.Why
	case !s.Ends.IsZero():
		return s, "active", s.Ends.UTC().Format(time.RFC3339)
	case s.Count > 0:
		return s, "active", fmt.Sprintf("after %d hits", s.Count)
	}
	return s, "active", "when cleared"
}
