package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/das-local/das-local/internal/consumer"
)

// event makes a consumer's event of some members.
func event(t *testing.T, members map[string]any) consumer.Event {
	t.Helper()
	raw, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return consumer.Event{JSON: raw}
}

func all(*entry) bool { return true }

// TestFeedKeepsTheLast and forgets the oldest, by number and by size.
func TestFeedKeepsTheLast(t *testing.T) {
	f := newFeed(1, nil)
	for i := range keepEvents + 10 {
		f.add(event(t, map[string]any{"statementId": i}), nil)
	}
	p, _ := f.after(0, 3, all)
	if p.seen != keepEvents+10 || p.matched != keepEvents || len(p.entries) != 3 || number(p.entries[2].StatementID) != keepEvents+9 {
		t.Errorf("seen %d, matched %d, %d rows", p.seen, p.matched, len(p.entries))
	}
	if _, ok := f.find(10); ok {
		t.Error("the oldest event is still there")
	}
	if e, ok := f.find(11); !ok || number(e.StatementID) != 10 {
		t.Error("the oldest event that is kept is not found")
	}
	big := make([]byte, keepBytes/2)
	for i := range big {
		big[i] = 'x'
	}
	for range 3 {
		f.add(event(t, map[string]any{"commandText": string(big)}), nil)
	}
	if p, _ := f.after(0, 10, all); p.matched > 2 {
		t.Errorf("%d events of half of the bound each are kept", p.matched)
	}
}

// TestFeedTellsOfRecordsThatCannotBeRead and goes on behind them.
func TestFeedTellsOfRecordsThatCannotBeRead(t *testing.T) {
	f := newFeed(1, nil)
	f.add(consumer.Event{}, &consumer.RecordError{ShardID: "s", SequenceNumber: "1", Err: errors.New("broken")})
	f.add(event(t, map[string]any{"statementId": 1}), nil)
	f.add(consumer.Event{JSON: []byte("{")}, nil)
	f.add(consumer.Event{Heartbeat: true}, nil)
	if p, _ := f.after(0, 10, all); p.unreadable != 1 || p.err == nil || p.matched != 1 {
		t.Errorf("%+v", p)
	}
}

// TestFeedsAreReadWhileSomebodyLooks and a while longer.
func TestFeedsAreReadWhileSomebodyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		reading := 0
		read := func(string) func(context.Context, time.Time, func(consumer.Event, error)) error {
			return func(ctx context.Context, _ time.Time, _ func(consumer.Event, error)) error {
				reading++
				<-ctx.Done()
				reading--
				return ctx.Err()
			}
		}
		f := &feeds{ctx: ctx, now: time.Now, read: read, open: map[string]*openFeed{}}
		first, leave, err := f.look("a")
		if err != nil {
			t.Fatal(err)
		}
		again, leaveAgain, _ := f.look("a")
		if first != again {
			t.Error("two who look at one stream read it twice")
		}
		leave()
		leaveAgain()
		leaveAgain() // counts once
		time.Sleep(linger - time.Second)
		synctest.Wait()
		if third, leave, _ := f.look("a"); third != first {
			t.Error("who comes back soon reads anew")
		} else {
			leave()
		}
		time.Sleep(linger + time.Second)
		synctest.Wait()
		if reading != 0 || len(f.open) != 0 {
			t.Errorf("%d still read", reading)
		}
		for i := range maxFeeds {
			if _, _, err := f.look(fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := f.look("one more"); err == nil {
			t.Error("there is no bound")
		}
		cancel()
		f.close()
		if _, _, err := f.look("a"); err == nil {
			t.Error("a closed console reads")
		}
	})
}

// TestSampling spreads rows over the updates of a busy second, and shows all of a quiet
// one.
func TestSampling(t *testing.T) {
	var s sampler
	now := time.Unix(0, 0)
	for second := range 3 {
		shown := 0
		for range 4 {
			limit := s.limit(now)
			shown += limit
			s.sent(limit, 2500)
			now = now.Add(feedPause)
			if second > 0 && limit != perSecond/4 {
				t.Errorf("second %d: %d rows at once", second, limit)
			}
		}
		if shown > perSecond {
			t.Errorf("second %d: %d rows", second, shown)
		}
		if s.matched != 10_000 || s.shown != shown {
			t.Errorf("tells %d of %d", s.shown, s.matched)
		}
	}
	now = now.Add(time.Second)
	s.limit(now)
	s.sent(3, 3)
	if limit := s.limit(now.Add(time.Second)); limit != perSecond {
		t.Errorf("after a quiet second %d rows", limit)
	}
}

// TestSeen: an id of another feed begins anew.
func TestSeen(t *testing.T) {
	for id, want := range map[string]uint64{"7.12": 12, "8.12": 0, "": 0, "7.x": 0, "x": 0, "7.-1": 0} {
		if got := seen(id, 7); got != want {
			t.Errorf("%q: %d, want %d", id, got, want)
		}
	}
}

func TestFilter(t *testing.T) {
	f := newFeed(1, nil)
	f.add(event(t, map[string]any{"class": "READ", "command": "SELECT", "dbUserName": "ann", "databaseName": "shop", "objectName": "public.Orders",
		"commandText": "select * from Orders", "sessionId": "6b.1"}), nil)
	f.add(event(t, map[string]any{"class": "MISC", "command": "CONNECT", "dbUserName": "bob", "databaseName": "shop", "sessionId": "6b.2", "errorMessage": "Denied"}), nil)
	for query, want := range map[string]int{
		"": 2, "class=read": 1, "class=DDL": 0, "command=sel": 1, "user=ANN": 1, "user=an": 0, "database=shop": 2, "object=orders": 1,
		"text=FROM": 1, "text=denied": 1, "session=6b.2": 1, "failed=1": 1, "class=READ&failed=1": 0, "text=%27": 0,
	} {
		p, _ := f.after(0, 10, filterOf(parseQuery(t, query)).match)
		if p.matched != want {
			t.Errorf("%q matches %d, want %d", query, p.matched, want)
		}
	}
}
