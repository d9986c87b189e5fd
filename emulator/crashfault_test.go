package emulator

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/stream"
)

// TestUpstreamCrash: sessions break off, the server recovers, and its sessions are
// audited again.
func TestUpstreamCrash(t *testing.T) {
	b := newBed(t, Options{Heartbeat: -1, StartStream: stream.Sync})
	conn := b.connect()
	b.exec(conn, "create table kept (n int)")
	b.add(Fault{Kind: "upstream-crash"})
	if _, err := conn.Exec(b.within(), "select 1"); err == nil {
		t.Error("a session has survived")
	}
	b.exec(b.connect(), "insert into kept values (1)")
	f := b.add(Fault{Kind: "upstream-crash", Duration: time.Hour})
	_, err := pgx.Connect(b.within(), b.PostgresURL())
	b.wantSQLState(err, "57P03", "the upstream server is not accepting connections")
	b.clear(f.ID)
	b.exec(b.connect(), "insert into kept values (2)")
	f = b.add(Fault{Kind: "upstream-crash", Duration: time.Hour})
	if err := b.Clock().Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	await.True(t, "the server to come back", func() bool {
		conn, err := pgx.Connect(b.within(), b.PostgresURL())
		if err == nil {
			conn.Close(context.Background())
		}
		return err == nil
	})
	b.exec(b.connect(), "insert into kept values (3)")
	if got := b.texts("insert into kept values (3)", "insert into kept"); len(got) != 3 {
		t.Errorf("events %q", got)
	}
	b.add(Fault{Kind: "upstream-crash", Duration: time.Hour}) // the emulator ends without its server
}

// TestCrashIsTold: while the server is down its instances send no heartbeats, and RDS
// events tell when that begins and ends.
func TestCrashIsTold(t *testing.T) {
	b := newBed(t, Options{Heartbeat: time.Millisecond, StartStream: stream.Async})
	heartbeats := func() int64 {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.streams[b.first.ResourceID].stream.Stats().Heartbeats
	}
	begun := []string{"Recovery of the DB instance has started. Recovery time will vary with the amount of data to be recovered."}
	over := append(begun, "DB instance restarted", "Recovery of the DB instance is complete.")
	told := b.messages(types.SourceTypeDbInstance)
	wantTold := func(more []string) {
		t.Helper()
		told = append(told, more...)
		if got := b.messages(types.SourceTypeDbInstance); !slices.Equal(got, told) {
			t.Errorf("events of the instance: %q", got)
		}
	}
	await.True(t, "heartbeats", func() bool { return heartbeats() > 0 })
	f := b.add(Fault{Kind: "upstream-crash", Duration: time.Hour})
	if !b.down.Load() { // the stream asks before each; that none go out then is tested there
		t.Error("heartbeats go on while the instance is down")
	}
	wantTold(begun)
	b.clear(f.ID)
	before := heartbeats()
	await.True(t, "heartbeats again", func() bool { return heartbeats() > before+1 })
	wantTold(over[1:])
	b.add(Fault{Kind: "upstream-crash"})
	wantTold(over)
}

// TestCrashesDoNotOverlap: what ends one of them would end the other, or kill a
// server that is up again. One that is cleared while it happens has an end too.
func TestCrashesDoNotOverlap(t *testing.T) {
	b := newBed(t, Options{Heartbeat: -1})
	f := b.add(Fault{Kind: "upstream-crash", Duration: time.Hour})
	for _, again := range []Fault{{Kind: "upstream-crash", Duration: 2 * time.Hour}, {Kind: "upstream-crash"}} {
		if _, err := b.Faults().Add(t.Context(), again); err == nil || !strings.Contains(err.Error(), "clear that first") {
			t.Errorf("another crash meanwhile: %v", err)
		}
	}
	_, err := pgx.Connect(b.within(), b.PostgresURL())
	b.wantSQLState(err, "57P03", "the upstream server is not accepting connections")
	b.clear(f.ID)
	cleared := make(chan error, 1)
	go func() {
		var err error
		for range 1000 { // some of them while the server is being killed
			err = errors.Join(err, b.Faults().Clear(0))
		}
		cleared <- err
	}()
	if f, err = b.Faults().Add(t.Context(), Fault{Kind: "upstream-crash", Duration: time.Hour}); err != nil || f.Hits != 1 {
		t.Errorf("%+v, %v", f, err)
	}
	if err := await.Receive(t, "the clearing", cleared); err != nil {
		t.Error(err)
	}
	b.clear(0)
	b.exec(b.connect(), "select 1")
}

// TestGivenUpstreamIsCut: it is not killed, but its sessions end.
func TestGivenUpstreamIsCut(t *testing.T) {
	owner := newBed(t, Options{Heartbeat: -1, Audit: auditCatalog})
	b := newBed(t, Options{Heartbeat: -1, Upstream: owner.upstream.server.URL()})
	direct, err := pgx.Connect(b.within(), owner.upstream.server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close(context.Background())
	busy, idle := b.connect(), b.connect()
	b.exec(idle, "select 1")
	ended := make(chan error, 1)
	go func() { _, err := busy.Exec(b.within(), "select 'busy', pg_sleep(60)"); ended <- err }()
	await.True(t, "the statement to run", func() bool {
		var n int
		if err := direct.QueryRow(b.within(), "select count(*) from pg_stat_activity where query like 'select ''busy''%'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n == 1
	})
	if _, err := b.Faults().Add(t.Context(), Fault{Kind: "upstream-crash", Duration: time.Hour}); err == nil || !strings.Contains(err.Error(), "embedded PostgreSQL") {
		t.Errorf("with a duration: %v", err)
	}
	b.add(Fault{Kind: "upstream-crash"})
	if err := await.Receive(t, "the end of the statement", ended); err == nil {
		t.Error("the busy session has survived")
	}
	if _, err := idle.Exec(b.within(), "select 1"); err == nil {
		t.Error("the idle session has survived")
	}
	b.exec(b.connect(), "select 1")
	b.exec(direct, "select 1")
}
