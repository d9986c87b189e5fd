package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// faultLedger is what the sessions did, and when.
type faultLedger struct {
	mu    sync.Mutex
	acked map[writer][]span // by number
}

// span is a time, both ends included.
type span struct{ from, to time.Time }

func (s span) meets(o span) bool { return !s.to.Before(o.from) && !o.to.Before(s.from) }

// next is the number of a writer's next statement.
func (l *faultLedger) next(w writer) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked[w])
}

// acknowledge notes that the writer's next statement, sent at a time, was answered.
func (l *faultLedger) acknowledge(w writer, sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.acked == nil {
		l.acked = make(map[writer][]span)
	}
	l.acked[w] = append(l.acked[w], span{sent, time.Now()})
}

// told is what RDS events say of losses.
type told struct {
	begun, ended int
	lost         int
	windows      []span // of the logTimes of what was lost
}

// faultVerdict is what the stream has, and what was told of the rest.
type faultVerdict struct {
	statements int
	missing    int // acknowledged, and not in the stream
	untold     int // of these, outside of all windows
	duplicated int
	disordered int
	corrupt    int
	told       told
}

func (v faultVerdict) String() string {
	return fmt.Sprintf("%d statements, %d of them not in the stream; %d windows of loss told, with %d events lost; outside of the windows %d, duplicated %d, out of order %d, corrupt %d",
		v.statements, v.missing, v.told.ended, v.told.lost, v.untold, v.duplicated, v.disordered, v.corrupt)
}

// wrong counts what no waiting mends.
func (v faultVerdict) wrong() int { return v.duplicated + v.disordered + v.corrupt }

// err is what is wrong.
func (v faultVerdict) err() error {
	var errs []error
	bad := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	bad(v.missing != v.told.lost, "%d events are missing, and RDS events tell of %d", v.missing, v.told.lost)
	bad(v.told.begun != v.told.ended, "%d windows of loss have begun and %d have ended", v.told.begun, v.told.ended)
	bad(v.untold+v.wrong() > 0, "the stream is wrong")
	if len(errs) > 0 {
		errs = append(errs, errors.New(v.String()))
	}
	return errors.Join(errs...)
}

// compare compares what the stream has, in order for each writer, with what was
// acknowledged and what was told to be lost.
func (l *faultLedger) compare(seen map[writer][]int, t told) faultVerdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := faultVerdict{told: t}
	for w, spans := range l.acked {
		v.statements += len(spans)
		there, last := make(map[int]bool), -1
		for _, n := range seen[w] {
			switch {
			case there[n]:
				v.duplicated++
			case n < last:
				v.disordered++
			}
			there[n], last = true, max(last, n)
		}
		for n, at := range spans {
			if there[n] {
				continue
			}
			v.missing++
			inside := false
			for _, window := range t.windows {
				inside = inside || at.meets(window)
			}
			if !inside {
				v.untold++
			}
		}
	}
	return v
}

// judge looks until all that was acknowledged is in the stream or told to be lost: in
// async mode the events of long texts are made well after the answers, and may fill
// the queue once more. When the numbers agree nothing is on its way any more, for that
// would be missing and not told.
func (m *faultMachine) judge(ctx context.Context) (v faultVerdict, err error) {
	waiting := m.until(ctx, "the numbers to agree", func() (bool, error) {
		v, err = m.look(ctx)
		return err == nil || v.wrong() > 0, err
	})
	return v, cmp.Or(err, waiting)
}

// look reads the stream as a consumer does, and the RDS events.
func (m *faultMachine) look(ctx context.Context) (v faultVerdict, err error) {
	mark := fmt.Sprintf("select 'read up to here %d'", time.Now().UnixNano())
	if err := m.statement(ctx, mark); err != nil {
		return v, err
	}
	seen, corrupt, err := m.read(ctx, mark)
	if err != nil {
		return v, err
	}
	t, err := m.told(ctx)
	if err != nil {
		return v, err
	}
	v = m.ledger.compare(seen, t)
	v.corrupt = corrupt
	return v, v.err()
}

var lossMessage = regexp.MustCompile(`Events lost: (\d+)(?:, logTime (\S+ \S+)\+00 to (\S+ \S+)\+00)?$`)

// told reads the RDS events about losses.
func (m *faultMachine) told(ctx context.Context) (t told, err error) {
	pages := rds.NewDescribeEventsPaginator(rds.NewFromConfig(m.aws()), &rds.DescribeEventsInput{
		SourceType: types.SourceTypeDbCluster, Duration: aws.Int32(14 * 24 * 60)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return t, err
		}
		for _, e := range page.Events {
			if err := t.add(aws.ToString(e.Message)); err != nil {
				return t, err
			}
		}
	}
	return t, nil
}

var lossBegins = regexp.MustCompile(`activity events might be lost from now on`)

// add takes an RDS event.
func (t *told) add(message string) error {
	if lossBegins.MatchString(message) {
		t.begun++
		return nil
	}
	found := lossMessage.FindStringSubmatch(message)
	if found == nil {
		return nil
	}
	t.ended++
	n, err := strconv.Atoi(found[1])
	if err != nil || n == 0 {
		return err
	}
	t.lost += n
	var window span
	if window.from, err = time.Parse("2006-01-02 15:04:05.999999", found[2]); err != nil {
		return fmt.Errorf("%q: %w", message, err)
	}
	if window.to, err = time.Parse("2006-01-02 15:04:05.999999", found[3]); err != nil {
		return fmt.Errorf("%q: %w", message, err)
	}
	window.to = window.to.Add(time.Microsecond) // the message cuts the rest off
	t.windows = append(t.windows, window)
	return nil
}
