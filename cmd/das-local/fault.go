package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
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
	c := control{out: std.out}
	fs.StringVar(&c.endpoint, "endpoint", cmp.Or(os.Getenv("AWS_ENDPOINT_URL"), defaultEndpoint), "`URL` of das-local")
	format := fs.String("format", "text", "`FORMAT` of what is printed: text or json")
	rule := func() any { return nil }
	if what == "add" || what == "" {
		rule = ruleFlags(fs, with)
	}
	if err := parse(fs, args, false); err != nil {
		return err
	}
	if *format != "text" && *format != "json" {
		return fmt.Errorf("--format is %q; it must be text or json: %w", *format, errUsage)
	}
	c.json = *format == "json"
	switch {
	case words[2] != "":
	case what == "add" && with != "":
		return c.add(ctx, rule())
	case what == "list" && with == "":
		return c.list(ctx)
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

// control calls the control API of a running das-local.
type control struct {
	endpoint string
	json     bool
	out      io.Writer
}

func (c control) add(ctx context.Context, rule any) error {
	var state json.RawMessage
	if err := c.call(ctx, http.MethodPost, "/_das/faults", rule, &state); err != nil {
		return err
	}
	return c.print(state, state)
}

func (c control) list(ctx context.Context) error {
	var answer struct{ Faults []json.RawMessage }
	if err := c.call(ctx, http.MethodGet, "/_das/faults", nil, &answer); err != nil {
		return err
	}
	whole, err := json.Marshal(answer.Faults)
	if err != nil {
		return err
	}
	return c.print(whole, answer.Faults...)
}

// print prints JSON as it is, or faults as a table.
func (c control) print(whole []byte, states ...json.RawMessage) error {
	if c.json {
		_, err := fmt.Fprintf(c.out, "%s\n", whole)
		return err
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NUMBER\tKIND\tSTATE\tHITS\tOPERATIONS\tCALLER\tENDS")
	for _, text := range states {
		var s faults.State
		if err := json.Unmarshal(text, &s); err != nil {
			return fmt.Errorf("read the answer of das-local: %w", err)
		}
		state, ends := "active", "when cleared"
		switch {
		case !s.Ended.IsZero():
			state, ends = "ended", s.Why
		case !s.Ends.IsZero():
			ends = s.Ends.UTC().Format(time.RFC3339)
		case s.Count > 0:
			ends = fmt.Sprintf("after %d hits", s.Count)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%s\t%s\t%s\n", s.ID, s.Kind, state, s.Hits,
			cmp.Or(strings.Join(s.Operations, ","), "-"), cmp.Or(string(s.Caller), "-"), ends)
	}
	return w.Flush()
}

// call sends and receives JSON. An error of the server is the error.
func (c control) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.endpoint, "/")+path, body)
	if err != nil {
		return fmt.Errorf("--endpoint is %q: %w: %w", c.endpoint, err, errUsage)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("reach das-local at %s: %w; is \"das-local up\" running there?", c.endpoint, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return fmt.Errorf("read the answer of das-local: %w", err)
	}
	if resp.StatusCode >= 300 {
		var told struct{ Error string }
		if json.Unmarshal(answer, &told) != nil || told.Error == "" {
			told.Error = fmt.Sprintf("%s answers %s; is it das-local?", c.endpoint, resp.Status)
		}
		return errors.New(told.Error)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("read the answer of das-local: %w", err)
	}
	return nil
}
