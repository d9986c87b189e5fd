package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/das-local/das-local/e2e/testbed"
)

// runner runs suites and prints what came of them.
type runner struct {
	bin      string // das-local
	audit    string
	settings map[string]string
	stream   string // the only mode of the stream to run in; empty: the suite's
	ways     []way  // instead of audit and stream; may be empty
	quick    bool   // a second direct run only if something differs
}

// suite runs one suite directly and through das-local and says whether it gave
// the same.
func (r *runner) suite(ctx context.Context, s suite) (same bool, err error) {
	if err := s.open(ctx); err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var alone []outcomes
	again := func() error {
		begin := time.Now()
		o, err := r.direct(ctx, s, around{})
		if err != nil {
			return err
		}
		fmt.Printf("%s directly (%.0f s): %d tests\n", s.name(), time.Since(begin).Seconds(), len(o))
		alone = append(alone, o)
		return nil
	}
	if err := again(); err != nil {
		return false, err
	}
	if !r.quick {
		if err := again(); err != nil {
			return false, err
		}
	}
	same = true
	for _, w := range r.waysOf(s) {
		r := *r
		r.audit = w.audit
		begin := time.Now()
		through, lost, err := r.through(ctx, s, w.stream, nil)
		if err != nil {
			return false, err
		}
		took := time.Since(begin)
		v := judge(alone, through)
		if len(v.different) > 0 && len(alone) == 1 {
			if err := again(); err != nil {
				return false, err
			}
			v = judge(alone, through)
		}
		if err := r.settle(ctx, s, w.stream, &v, through); err != nil {
			return false, err
		}
		fmt.Printf("%s through das-local, %s (%.0f s): %s\n  stream: %s\n", s.name(), w, took.Seconds(), v, lost)
		if len(v.same) == 0 {
			return false, errors.New("no test ran")
		}
		same = same && len(v.different) == 0 && lost.ok()
		if err := explain(s.name()+"-"+cmp.Or(w.audit, "default")+"-"+w.stream, v, alone[0], through); err != nil {
			return false, err
		}
	}
	return same, nil
}

// waysOf are the ways in which to send a suite through das-local.
func (r *runner) waysOf(s suite) []way {
	if len(r.ways) > 0 {
		return r.ways
	}
	if r.stream != "" {
		return []way{{r.audit, r.stream}}
	}
	var ways []way
	for _, mode := range s.modes() {
		ways = append(ways, way{r.audit, mode})
	}
	return ways
}

func (w way) String() string {
	s := "stream in " + w.stream + " mode"
	if w.audit != "" {
		s += ", audit mode " + w.audit
	}
	return s
}

// start makes a server for one run.
func (r *runner) start(ctx context.Context, s suite) (pg *testbed.Postgres, upstream []string, err error) {
	conf := s.server()
	conf.Settings = maps.Clone(conf.Settings)
	if conf.Settings == nil {
		conf.Settings = make(map[string]string)
	}
	maps.Copy(conf.Settings, r.settings)
	if pg, err = testbed.StartPostgres(ctx, conf); err != nil {
		return nil, nil, err
	}
	if upstream, err = s.setUp(ctx, pg); err != nil {
		return nil, nil, errors.Join(err, pg.Stop())
	}
	return pg, upstream, nil
}

// around is what a direct run has around it, and which tests it runs.
type around struct {
	neighbour string // a database to have a session in beside the suite
	hop       bool   // go through a relay that knows nothing of PostgreSQL
	only      []string
}

// direct runs a suite against the server itself.
func (r *runner) direct(ctx context.Context, s suite, a around) (_ outcomes, err error) {
	pg, _, err := r.start(ctx, s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pg.Stop()) }()
	if a.neighbour != "" {
		leave, err := readBeside(ctx, pg.URL(a.neighbour))
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, leave()) }()
	}
	at := place{port: pg.Port(), socketDir: pg.SocketDir(), files: pg.DataDir()}
	if a.hop {
		hop, err := startRelay(pg.Addr())
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, hop.stop()) }()
		at.port = hop.port()
	}
	return s.run(ctx, at, a.only)
}

// through runs a suite through das-local and looks at the stream's end.
func (r *runner) through(ctx context.Context, s suite, mode string, only []string) (_ outcomes, lost account, err error) {
	pg, args, err := r.start(ctx, s)
	if err != nil {
		return nil, lost, err
	}
	defer func() { err = errors.Join(err, pg.Stop()) }()
	sockets, err := testbed.TempDir("regress-")
	if err != nil {
		return nil, lost, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(sockets)) }()
	args = append(args, "--start-stream="+mode, "--heartbeat=0", "--socket-dir="+sockets)
	if r.audit != "" {
		args = append(args, "--audit="+r.audit)
	}
	p, err := testbed.Start(ctx, testbed.Config{Bin: r.bin, Args: args})
	if err != nil {
		return nil, lost, err
	}
	stopped := false
	defer func() {
		if !stopped {
			err = errors.Join(err, p.Stop())
		}
	}()
	o, err := s.run(ctx, place{port: p.PGPort, socketDir: sockets, files: pg.DataDir()}, only)
	if err != nil {
		return nil, lost, errors.Join(err, fmt.Errorf("das-local said:\n%s", p.Stderr))
	}
	if lost, err = reckon(ctx, p); err != nil {
		return nil, lost, err
	}
	stopped = true
	if err := p.Stop(); err != nil {
		return nil, lost, err
	}
	lost.complaints = complaints(p.Stderr.String())
	return o, lost, nil
}

// explain prints where tests part, and keeps both outcomes under .cache/ for
// whoever wants to see all.
func explain(run string, v verdict, direct, through outcomes) error {
	root, err := testbed.ModuleRoot()
	if err != nil {
		return err
	}
	dir := filepath.Join(root, ".cache", "regress", "different", run)
	if err := os.RemoveAll(dir); err != nil || len(v.different) == 0 {
		return err
	}
	for _, test := range v.different {
		want, got := direct[test], through[test]
		fmt.Printf("  %s, %s\n", test, firstDifference(want.text, got.text))
		file := filepath.Join(dir, strings.ReplaceAll(test, "/", "_"))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		err1 := os.WriteFile(file+".direct", []byte(want.text+"\n"+want.log), 0o644)
		err2 := os.WriteFile(file+".through", []byte(got.text+"\n"+got.log), 0o644)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
	}
	fmt.Printf("  all of it is in %s\n", dir)
	return nil
}
