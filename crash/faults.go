package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/e2e/testbed"
)

// trial is one fault, and whether the sessions write so much meanwhile that the queue
// overflows: then events are lost, and must be counted.
type trial struct {
	kind  string
	lossy bool
}

// trials are in the order in which few rounds cover the most.
var trials = []trial{{"fsync-error", true}, {"disk-full", false}, {"short-write", true}, {"throttle", true},
	{"fsync-error", false}, {"disk-full", true}, {"short-write", false}, {"throttle", false}}

// The sizes of a lossy trial: texts of so many bytes, and how many of them are more
// than a queue holds (64 MiB in memory, --queue-bytes on disk).
const (
	largeText    = 300_000
	overflowing  = 400
	spoolBytes   = 2_000_000
	trialTime    = 2 * time.Second // at least, longer than the sync timeout
	faultPatient = 2 * time.Minute // for anything that must happen
)

// faultMachine runs das-local with faults on one data directory.
type faultMachine struct {
	*machine
	ledger faultLedger
	large  atomic.Int64 // large texts that were acknowledged
}

// runFaults injects one fault after the other into a das-local at work, checks after
// each that every event that is missing was told to be lost, and kills it.
func (m *faultMachine) runFaults(ctx context.Context) error {
	ports, err := testbed.FreePorts(2)
	if err != nil {
		return err
	}
	m.pgPort, m.awsPort = ports[0], ports[1]
	m.args = append([]string{"--sync-timeout", "1s", "--queue-bytes", fmt.Sprint(spoolBytes)}, m.args...)
	var v faultVerdict
	for round := range m.rounds {
		trial := trials[round%len(trials)]
		if v, err = m.trial(ctx, round, trial); err != nil {
			return fmt.Errorf("round %d, %s: %w", round, trial.kind, err)
		}
		fmt.Printf("%s: %s (lossy: %v): %v\n", m.mode, trial.kind, trial.lossy, v)
	}
	// What the last kill left.
	if v, err = m.afterwards(ctx); err != nil {
		return err
	}
	if v.told.lost == 0 && m.rounds > 0 {
		return errors.New("no event was lost at all: the queue did not overflow, and the counts prove nothing")
	}
	fmt.Printf("%s: %d rounds with faults, a kill after each: %v\n", m.mode, m.rounds, v)
	return nil
}

func (m *faultMachine) trial(ctx context.Context, round int, t trial) (v faultVerdict, err error) {
	ctx, cancel := context.WithTimeout(ctx, 4*faultPatient+m.throttle)
	defer cancel()
	p, err := m.start(ctx)
	if err != nil {
		return v, err
	}
	defer kill(p)
	sessions := make([]*pgx.Conn, m.sessions)
	for i := range sessions {
		if sessions[i], err = pgx.Connect(ctx, m.url()); err != nil {
			return v, err
		}
		defer sessions[i].Close(context.WithoutCancel(ctx))
	}
	if err := m.disturb(ctx, round, t, sessions); err != nil {
		return v, errors.Join(err, fmt.Errorf("the log ends:\n%s", tail(p.Stderr.String())))
	}
	for i, conn := range sessions { // the last one of each must be there
		if err := m.write(ctx, conn, round, i, ""); err != nil {
			return v, err
		}
	}
	return m.judge(ctx)
}

// afterwards starts das-local once more and judges.
func (m *faultMachine) afterwards(ctx context.Context) (v faultVerdict, err error) {
	ctx, cancel := context.WithTimeout(ctx, faultPatient)
	defer cancel()
	p, err := m.start(ctx)
	if err != nil {
		return v, err
	}
	defer kill(p)
	if v, err = m.judge(ctx); err != nil {
		return v, fmt.Errorf("after the last kill: %w", err)
	}
	return v, p.Stop()
}

func (m *faultMachine) start(ctx context.Context) (*testbed.Process, error) {
	p, err := m.launch()
	if err != nil {
		return nil, err
	}
	if err := m.awaitReady(ctx, p); err != nil {
		kill(p)
		return nil, err
	}
	return p, nil
}

// disturb has the sessions write while a fault lasts, and returns when the window of
// loss that it has caused, if it has, is over.
func (m *faultMachine) disturb(ctx context.Context, round int, t trial, sessions []*pgx.Conn) error {
	working, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	failed := make(chan error, len(sessions))
	for i, conn := range sessions {
		filler := ""
		if t.lossy && i%2 == 0 {
			filler = " /*" + strings.Repeat("x", largeText) + "*/"
		}
		wg.Go(func() {
			for working.Err() == nil {
				if err := m.write(ctx, conn, round, i, filler); err != nil {
					failed <- fmt.Errorf("session %d: %w", i, err)
					return
				}
				time.Sleep(2 * time.Millisecond) // so that a long fault does not fill the disk
			}
		})
	}
	err := m.inject(ctx, t)
	stop()
	wg.Wait()
	select {
	case failure := <-failed:
		return failure
	default:
	}
	if err != nil {
		return err
	}
	return m.until(ctx, "the window of loss to end", func() (bool, error) {
		told, err := m.told(ctx)
		return err == nil && told.begun == told.ended, err
	})
}

// inject has the fault for its time, and until enough was written for the trial.
func (m *faultMachine) inject(ctx context.Context, t trial) error {
	rule, atLeast := map[string]any{"kind": t.kind}, trialTime
	if t.kind == "throttle" {
		rule["caller"], atLeast = "das-local", max(atLeast, m.throttle)
	}
	expires := t.kind == "throttle" && !t.lossy // the others are cleared
	if expires {
		rule["duration"] = atLeast.String()
	}
	m.large.Store(0)
	if err := m.control(ctx, http.MethodPost, rule, nil); err != nil {
		return err
	}
	began := time.Now()
	err := m.until(ctx, "enough statements during the fault", func() (bool, error) {
		return time.Since(began) >= atLeast && (!t.lossy || m.large.Load() >= overflowing), nil
	})
	if err != nil {
		return err
	}
	if !expires {
		return m.control(ctx, http.MethodDelete, nil, nil)
	}
	return m.until(ctx, "the fault to end", func() (bool, error) {
		var list struct{ Faults []struct{ State string } }
		err := m.control(ctx, http.MethodGet, nil, &list)
		return err == nil && len(list.Faults) == 1 && list.Faults[0].State == "ended", err
	})
}

// until waits for a condition, which a fault or a load may delay.
func (m *faultMachine) until(ctx context.Context, what string, ok func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, faultPatient+m.throttle)
	defer cancel()
	for {
		done, err := ok()
		if done {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("waited in vain for %s", what), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// write runs a session's next statement.
func (m *faultMachine) write(ctx context.Context, conn *pgx.Conn, round, session int, filler string) error {
	w := writer{round, session}
	sent := time.Now()
	sql := fmt.Sprintf("insert into crash values (%d, %d, %d)%s", round, session, m.ledger.next(w), filler)
	if _, err := conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		return err
	}
	m.ledger.acknowledge(w, sent)
	if filler != "" {
		m.large.Add(1)
	}
	return nil
}

func (m *faultMachine) url() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", m.pgPort)
}

// control calls the control API of faults.
func (m *faultMachine) control(ctx context.Context, method string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, m.endpoint()+"/_das/faults", strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s /_das/faults: %s: %s", method, resp.Status, answer)
	}
	if err == nil && out != nil {
		err = json.Unmarshal(answer, out)
	}
	return err
}
