package emulator

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/store"
)

// spoil changes the entries of a data directory that nobody uses, in their order: f gives
// the new value of one, or nil for the old one.
func spoil(t *testing.T, dir string, prefix []byte, f func(n int, key, value []byte) []byte) {
	t.Helper()
	disk, err := store.Open(store.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	var b store.Batch
	n := 0
	err = disk.Scan(prefix, store.After(prefix), func(key, value []byte) bool {
		if bad := f(n, key, slices.Clone(value)); bad != nil {
			b.Set(slices.Clone(key), bad)
		}
		n++
		return true
	})
	if err == nil {
		err = disk.Commit(t.Context(), &b)
	}
	if err != nil || b.Len() == 0 {
		t.Fatalf("%d of %d entries are spoilt: %v", b.Len(), n, err)
	}
}

// aside are the files of damaged entries, by what their names begin with.
func aside(t *testing.T, dir, prefix string) (contents []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "damaged", "*", prefix+"*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		contents = append(contents, string(content))
	}
	return contents
}

// queuedInFive leaves a queue of five batches with a session's statements, since the key
// is disabled.
func queuedInFive(t *testing.T, o Options) {
	t.Helper()
	b := newBed(t, o)
	b.key(false)
	conn := b.connect()
	for n := range 5 {
		if _, err := conn.Exec(t.Context(), fmt.Sprintf("select 'queued %d'", n), pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
		spooled(t, b.Emulator, n+2) // and the CONNECT
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestADamagedQueue starts on a queue of which entries are damaged: they are kept for
// inspection, what they held is told, and the rest is published.
func TestADamagedQueue(t *testing.T) {
	t.Parallel()
	o := Options{DataDir: dataDir(t), StartStream: "async", Heartbeat: -1, KeyReuse: -1, SyncTimeout: time.Hour, Audit: "catalog"}
	queuedInFive(t, o)
	var bad [3]string
	spoil(t, o.DataDir, store.Key(store.KindSpool), func(n int, _, value []byte) []byte {
		switch {
		case !bytes.Contains(value, []byte("'queued ")):
			return nil
		case bytes.Contains(value, []byte("'queued 1'")):
			value = value[:spoolHead+7] // torn: its number of events is there
			bad[0] = string(value)
		case bytes.Contains(value, []byte("'queued 2'")):
			value = []byte("garbage")
			bad[1] = string(value)
		case bytes.Contains(value, []byte("'queued 3'")):
			value[len(value)-1] ^= 4 // found when it is to be published
			bad[2] = string(value)
		default:
			return nil
		}
		return value
	})
	b := newBed(t, o)
	b.awaitMessage("activity events might be lost from now on: 2 damaged entries of its queue on disk were set aside in " + filepath.Join(o.DataDir, "damaged"))
	told := b.awaitMessage("activity events are durable again. Events lost: 1, logTime ")
	if !strings.HasSuffix(told, "; and those of 1 damaged entries, which cannot be counted") {
		t.Error(told)
	}
	b.key(true)
	run(t, b.Emulator, "select 'end'")
	if got, want := b.texts("select 'end'", "queued"), []string{"select 'queued 0'", "select 'queued 4'"}; !slices.Equal(got, want) {
		t.Errorf("the stream has %q, want %q", got, want)
	}
	await.True(t, "all windows end", func() bool { return b.windows() == [2]int{2, 2} })
	if got, want := aside(t, o.DataDir, "q"), bad[:]; !slices.Equal(got, want) {
		t.Errorf("kept are %q, want %q", got, want)
	}
	before := b.windows()
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	b = newBed(t, o)
	run(t, b.Emulator, "select 'again'")
	b.texts("select 'again'", "again")
	if now := b.windows(); now != before {
		t.Errorf("the loss is told again: %v, were %v", now, before)
	}
}

// windows counts the RDS events at the beginnings and the ends of loss windows.
func (b *bed) windows() (count [2]int) {
	b.t.Helper()
	all, err := b.listMessages("db-cluster")
	if err != nil {
		b.t.Fatal(err)
	}
	for _, m := range all {
		if strings.Contains(m, "might be lost from now on") {
			count[0]++
		}
		if strings.Contains(m, "are durable again. Events lost: ") {
			count[1]++
		}
	}
	return count
}

// TestDamagedIntents kills an emulator while statements run and damages an intent: the
// other one becomes an event of unknown outcome.
func TestDamagedIntents(t *testing.T) {
	t.Parallel()
	b := newBed(t, executedOptions(dataDir(t)))
	release := b.locked()
	done := make(chan error, 2)
	for n := range 2 {
		conn := b.connect()
		go func() {
			_, err := conn.Exec(t.Context(), fmt.Sprintf("select 'hit %d' from pg_advisory_lock_shared(1)", n), pgx.QueryExecModeSimpleProtocol)
			done <- err
		}()
	}
	b.awaitBlocked(2)
	dir := killed(t, b.Emulator)
	release()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	var bad string
	spoil(t, dir, store.Key(store.KindIntent), func(n int, _, value []byte) []byte {
		if !bytes.Contains(value, []byte("hit 0")) {
			return nil
		}
		value = value[:len(value)-10]
		bad = string(value)
		return value
	})
	again := newBed(t, executedOptions(dir))
	told := again.awaitMessage("activity events are durable again. Events lost: 0")
	if !strings.HasSuffix(told, "; and those of 1 damaged entries, which cannot be counted") {
		t.Error(told)
	}
	if got := aside(t, dir, "n"); !slices.Equal(got, []string{bad}) {
		t.Errorf("kept is %q, want %q", got, bad)
	}
	if err := again.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	restarted(t, dir, "hit", []string{"select 'hit 1' from pg_advisory_lock_shared(1) ?"})
}

// TestADamagedEntry starts on a directory of which one entry is damaged, of each kind: the
// start fails, since the state would else be another one, and the error says which entry it
// is and what to do.
func TestADamagedEntry(t *testing.T) {
	t.Parallel()
	o := Options{DataDir: dataDir(t), StartStream: "sync", Heartbeat: -1, Logger: slog.New(slog.DiscardHandler), SNSTopics: map[string]string{"told": "http://127.0.0.1:1/"}}
	b := newBed(t, o)
	topic := "arn:aws:sns:us-east-1:000000000000:told"
	_, grantErr := b.kms.CreateGrant(t.Context(), &kms.CreateGrantInput{KeyId: aws.String(b.KeyARN()), GranteePrincipal: aws.String("arn:aws:iam::000000000000:user/u"),
		Operations: []kmstypes.GrantOperation{kmstypes.GrantOperationDecrypt}})
	_, subscribeErr := b.rds.CreateEventSubscription(t.Context(), &rds.CreateEventSubscriptionInput{SubscriptionName: aws.String("s"), SnsTopicArn: &topic})
	if err := errors.Join(grantErr, subscribeErr, b.Clock().Advance(time.Second)); err != nil {
		t.Fatal(err)
	}
	run(t, b.Emulator, "select 'recorded'")
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		prefix []byte
		is     string
	}{
		{metaOwner, `"owner" (fact of the directory)`}, {metaStarts, `"starts" (fact of the directory)`}, {metaAhead, `"ahead" (fact of the directory)`},
		{store.Key(store.KindKey), "(KMS key)"}, {store.Key(store.KindAlias), `"alias/`}, {store.Key(store.KindGrant), "(KMS grant)"},
		{store.Key(store.KindStream), "1 (Kinesis stream)"}, {store.Key(store.KindRecord), "(Kinesis record)"},
		{store.Key(store.KindCluster), "(DB cluster)"}, {store.Key(store.KindInstance), "(DB instance)"},
		{store.Key(store.KindSubscription), `"s" (event subscription)`},
	} {
		old := map[string][]byte{}
		spoil(t, o.DataDir, test.prefix, func(_ int, key, value []byte) []byte {
			old[string(key)] = value
			return []byte("garbage")
		})
		e, err := Start(t.Context(), o)
		if err == nil {
			t.Errorf("%q: it starts", test.prefix)
			e.Close(t.Context())
		} else if what := err.Error(); !strings.Contains(what, "the data directory "+o.DataDir+" is damaged: its entry ") ||
			!strings.Contains(what, test.is) || !strings.Contains(what, "put a copy of the directory in its place") {
			t.Errorf("%q: %v", test.prefix, err)
		}
		spoil(t, o.DataDir, test.prefix, func(_ int, key, _ []byte) []byte { return old[string(key)] })
	}
	b = newBed(t, o)
	run(t, b.Emulator, "select 'still there'")
	if got := b.texts("select 'still there'", "recorded"); len(got) != 1 {
		t.Errorf("the stream has %q", got)
	}
}

// TestDamagedRDSEvents: they might have told a loss, so an event tells that they are gone.
func TestDamagedRDSEvents(t *testing.T) {
	t.Parallel()
	o := Options{DataDir: dataDir(t)}
	b := newBed(t, o)
	was, err := b.listMessages("db-cluster")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := 0
	spoil(t, o.DataDir, store.Key(store.KindEvent), func(i int, _, value []byte) []byte { n++; return value[:len(value)/2] })
	for range 2 {
		b = newBed(t, o)
		now, err := b.listMessages("db-cluster")
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("The emulator has found %d RDS events damaged in its data directory. They were set aside in %s", n, filepath.Join(o.DataDir, "damaged"))
		if len(was) == 0 || len(now) != 1 || !strings.HasPrefix(now[0], want) {
			t.Errorf("the events are %q, were %q", now, was)
		}
		if kept := aside(t, o.DataDir, "e"); len(kept) != n {
			t.Errorf("%d are kept of %d", len(kept), n)
		}
		if err := b.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestADamagedLogIsTold: what a sync stream had acknowledged is lost with the log, and the RDS event
// does not say that it were there.
func TestADamagedLogIsTold(t *testing.T) {
	t.Parallel()
	b := newBed(t, Options{DataDir: dataDir(t), StartStream: Sync, Heartbeat: -1, Logger: slog.New(slog.DiscardHandler)})
	for n := range 20 {
		run(t, b.Emulator, fmt.Sprintf("select 'statement %d'", n))
	}
	dir := killed(t, b.Emulator)
	logs, err := filepath.Glob(filepath.Join(dir, "state", "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatal(logs, err)
	}
	last := slices.Max(logs)
	data, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	data[len(bytes.TrimRight(data, "\x00"))*3/4] ^= 4
	if err := os.WriteFile(last, data, 0o600); err != nil {
		t.Fatal(err)
	}
	// A start that comes no further than to open the directory tells nobody.
	if _, err := Start(t.Context(), Options{DataDir: dir, Region: "eu-west-1", Logger: slog.New(slog.DiscardHandler)}); err == nil {
		t.Fatal("the directory of another Region was taken")
	}
	again := newBed(t, Options{DataDir: dir, Heartbeat: -1, Logger: slog.New(slog.DiscardHandler)})
	if m := again.awaitMessage("the log of the emulator's data directory was damaged"); !strings.Contains(m, filepath.Join(dir, "damaged")) {
		t.Error(m)
	}
	run(t, again.Emulator, "select 'end'")
	if got := again.texts("select 'end'", "statement"); len(got) == 20 {
		t.Error("nothing is lost: the test shows nothing")
	}
}
