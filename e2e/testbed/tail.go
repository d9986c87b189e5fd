package testbed

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Tail is a running `das-local tail`: it collects the decrypted events of a
// stream from its beginning.
type Tail struct {
	cmd    *exec.Cmd
	stderr Log
	done   chan struct{} // closed when the process has ended

	mu     sync.Mutex // guards events, fail and grew
	events []Event
	fail   error
	grew   chan struct{} // closed and replaced whenever events grows or fail is set
}

// Tail follows the process's activity stream from its first record. args are
// added to the command's own.
func (p *Process) Tail(args ...string) (*Tail, error) {
	t := &Tail{done: make(chan struct{}), grew: make(chan struct{})}
	t.cmd = exec.Command(p.bin, append([]string{"tail", "--endpoint=" + p.Endpoint, "--from=trim-horizon"}, args...)...)
	t.cmd.Env, t.cmd.Stderr = CleanEnv(), &t.stderr
	out, err := t.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("tail: %w", err)
	}
	err = startOwned(t.cmd, nil, func() {
		defer close(t.done)
		r := bufio.NewReaderSize(out, 1<<16)
		for {
			line, err := r.ReadBytes('\n')
			if line = bytes.TrimSpace(line); len(line) > 0 {
				t.add(ParseEvent(line))
			}
			if err != nil {
				break
			}
		}
		err := t.cmd.Wait()
		t.add(Event{}, errors.Join(fmt.Errorf("tail ended: %s", t.stderr.String()), err))
	})
	if err != nil {
		return nil, fmt.Errorf("start tail: %w", err)
	}
	return t, nil
}

func (t *Tail) add(e Event, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		t.events = append(t.events, e)
	} else if t.fail == nil {
		t.fail = err
	}
	close(t.grew)
	t.grew = make(chan struct{})
}

// Events returns what has been read so far, in the order of reading.
func (t *Tail) Events() []Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.events)
}

// Await waits until ok holds for the events read so far and returns them.
func (t *Tail) Await(ctx context.Context, ok func([]Event) bool) ([]Event, error) {
	for {
		t.mu.Lock()
		events, fail, grew := t.events[:len(t.events):len(t.events)], t.fail, t.grew
		t.mu.Unlock()
		if ok(events) {
			return events, nil
		}
		if fail != nil {
			return events, fail
		}
		select {
		case <-ctx.Done():
			return events, fmt.Errorf("the awaited events are not in the stream: %w", ctx.Err())
		case <-grew:
		}
	}
}

// AwaitSession waits for the whole session of the application with that name
// (CONNECT to DISCONNECT) and returns its events, in the order of reading.
func (t *Tail) AwaitSession(ctx context.Context, application string) ([]Event, error) {
	var session []Event
	seen, id, ended := 0, "", false
	_, err := t.Await(ctx, func(all []Event) bool {
		for _, e := range all[seen:] {
			if id == "" && e.Command == "CONNECT" && e.Application() == application {
				id = e.SessionID
			}
			if id != "" && e.SessionID == id {
				session = append(session, e)
				ended = ended || e.Command == "DISCONNECT"
			}
		}
		seen = len(all)
		return ended
	})
	if err != nil {
		return session, fmt.Errorf("session of %q: %w (%d of its events came)", application, err, len(session))
	}
	return session, nil
}

// Stop ends the tail as ^C does.
func (t *Tail) Stop() error {
	_ = t.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-t.done:
		return nil
	case <-time.After(time.Minute):
		_ = t.cmd.Process.Kill()
		<-t.done
		return errors.New("tail did not end on SIGINT")
	}
}
