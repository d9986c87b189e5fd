package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"
	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/awsclient"
	"github.com/das-local/das-local/internal/consumer"
)

// sharedCluster is the resource id of a cluster that several processes serve.
const sharedCluster = "cluster-EXTERNALKINESISANDKMS22222"

// elsewhere is a Kinesis of moto or kinesalite, which das-local reaches through what
// fails, and a KMS of moto.
type elsewhere struct {
	*testbed.Unreliable
	moto            string
	key             string     // alias of a key of the KMS
	kinesis, config aws.Config // of readers: of the Kinesis, and of moto
}

func newElsewhere(t *testing.T, kinesisURL string) *elsewhere {
	t.Helper()
	moto, _ := startMoto(t)
	if kinesisURL == "" {
		kinesisURL = moto
	}
	u, err := testbed.NewUnreliable(kinesisURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.Close)
	config := aws.Config{Region: "eu-west-1", BaseEndpoint: &moto, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient: awsclient.Whole(awshttp.NewBuildableClient())}
	x := &elsewhere{u, moto, "alias/audit", config, config}
	x.kinesis.BaseEndpoint = &kinesisURL
	keys := kms.NewFromConfig(x.config)
	made, err := keys.CreateKey(t.Context(), &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: &x.key, TargetKeyId: made.KeyMetadata.KeyId}); err != nil {
		t.Fatal(err)
	}
	return x
}

// args are the flags of a das-local that publishes there.
func (x *elsewhere) args(more ...string) []string {
	return append([]string{"--kinesis-endpoint=" + x.URL, "--kms-endpoint=" + x.moto, "--kms-key-id=" + x.key,
		"--cluster-resource-id=" + sharedCluster, "--region=eu-west-1"}, more...)
}

// change sets fields of Unreliable.
func (x *elsewhere) change(f func(u *testbed.Unreliable)) {
	x.Lock()
	defer x.Unlock()
	f(x.Unreliable)
}

// refuseEach has one of n records refused.
func (x *elsewhere) refuseEach(n int) {
	records := 0
	x.change(func(u *testbed.Unreliable) {
		u.Refuse = func(string) string {
			if records++; records%n > 0 {
				return ""
			}
			return "ProvisionedThroughputExceededException"
		}
	})
}

// sessions are the events of sessions by their application, in the order of reading.
type sessions map[string][]testbed.Event

// read reads the stream until each of the applications has disconnected.
func (x *elsewhere) read(t *testing.T, applications ...string) sessions {
	t.Helper()
	c, err := consumer.New(consumer.Config{Kinesis: kinesis.NewFromConfig(x.kinesis), KMS: kms.NewFromConfig(x.config),
		StreamName: "aws-rds-das-" + sharedCluster, Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	open, got, seen := map[string]bool{}, sessions{}, 0
	for _, a := range applications {
		open[a] = true
	}
	for event, err := range c.Events(within(t)) {
		if err != nil {
			t.Fatalf("%d events were read, and %d sessions have no end: %v", seen, len(open), err)
		}
		if event.Heartbeat {
			continue
		}
		e, err := testbed.ParseEvent(event.JSON)
		if err != nil {
			t.Fatal(err)
		}
		seen++
		got[e.Application()] = append(got[e.Application()], e)
		if e.Command == "DISCONNECT" {
			delete(open, e.Application())
		}
		if len(open) == 0 {
			break
		}
	}
	return got
}

// wantAll checks that a session's events are all there, once and in order: CONNECT,
// statements that begin with their number, DISCONNECT.
func (s sessions) wantAll(t *testing.T, application string, statements int) {
	t.Helper()
	events := s[application]
	if len(events) != statements+2 {
		t.Errorf("%s has %d events, want %d", application, len(events), statements+2)
	}
	for i, e := range events {
		if e.StatementID != int64(i+1) || i > 0 && i <= statements && !strings.HasPrefix(e.Text(), fmt.Sprintf("select %d ", i)) {
			t.Errorf("%s: event %d is %.120s", application, i, e)
			return
		}
	}
}

// work runs numbered statements in a session of its own; some are long, so that there
// is more than one record at a time.
func work(ctx context.Context, p *testbed.Process, application string, statements int) error {
	conn, err := pgx.Connect(ctx, p.URL("postgres", "postgres", application))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for i := range statements {
		size := 1
		if i%8 == 7 {
			size = 150_000
		}
		text := fmt.Sprintf("select %d /* %s */", i+1, strings.Repeat("x", size))
		if err := send(ctx, conn, "simple", text); err != nil {
			return fmt.Errorf("statement %d of %s: %w", i+1, application, err)
		}
	}
	return conn.Close(ctx)
}

// TestExternal: two processes in front of one server publish to one Kinesis that refuses
// records. No event is lost, there twice, or out of its session's order.
func TestExternal(t *testing.T) {
	for _, c := range []struct{ mode, kinesis string }{{"async", "moto"}, {"sync", "moto"}, {"async", "kinesalite"}} {
		t.Run(c.mode+" "+c.kinesis, func(t *testing.T) {
			mode, url := c.mode, ""
			if c.kinesis == "kinesalite" {
				url = startKinesalite(t)
			}
			ctx, x := within(t), newElsewhere(t, url)
			x.refuseEach(4)
			const each, statements = 3, 48
			var names []string
			done := make(chan error, 2*each)
			for i := range 2 {
				p := startDAS(t, x.args("--start-stream="+mode, "--shards=3")...)
				if i == 0 {
					x.closedHere(ctx, t, p)
				}
				for k := range each {
					name := fmt.Sprintf("external-%s-%s-%d-%d", c.kinesis, mode, i, k)
					names = append(names, name)
					go func() { done <- work(ctx, p, name, statements) }()
				}
			}
			for range names {
				if err := await.Receive(t, "the sessions' end", done); err != nil {
					t.Error(err)
				}
			}
			got := x.read(t, names...)
			for _, name := range names {
				got.wantAll(t, name, statements)
			}
			if c := x.Counts(); c.Refused == 0 {
				t.Errorf("%+v: the test shows nothing", c)
			} else {
				t.Logf("%+v", c)
			}
			streams, err := kinesis.NewFromConfig(x.kinesis).ListStreams(ctx, &kinesis.ListStreamsInput{})
			if err != nil || len(streams.StreamNames) != 1 {
				t.Errorf("streams %v, %v; want the one that both publish to", streams, err)
			}
		})
	}
}

// closedHere: the endpoint of das-local says where Kinesis and KMS are, and its
// start-up lines how to read the stream.
func (x *elsewhere) closedHere(ctx context.Context, t *testing.T, p *testbed.Process) {
	t.Helper()
	sdk := newCloud(p)
	_, err := sdk.kinesis.ListStreams(ctx, &kinesis.ListStreamsInput{})
	var api smithy.APIError
	if !errors.As(err, &api) || !strings.Contains(api.ErrorMessage(), x.URL) {
		t.Errorf("ListStreams of das-local: %v", err)
	}
	_, err = sdk.kms.ListKeys(ctx, &kms.ListKeysInput{})
	if !errors.As(err, &api) || api.ErrorCode() != "UnsupportedOperationException" || !strings.Contains(api.ErrorMessage(), x.moto) {
		t.Errorf("ListKeys of das-local: %v", err)
	}
	if cluster := sdk.cluster(ctx, t, "my-cluster"); aws.ToString(cluster.DbClusterResourceId) != sharedCluster {
		t.Errorf("resource id %s", aws.ToString(cluster.DbClusterResourceId))
	}
	var line string
	await.Seen(t, "the line that says how to read", func() (any, bool) {
		for l := range strings.Lines(p.Stdout.String()) {
			if rest, ok := strings.CutPrefix(l, "events"); ok && strings.HasSuffix(l, "\n") {
				line = strings.TrimSpace(rest)
			}
		}
		return p.Stdout.String(), line != ""
	})
	if err := work(ctx, p, "external-tail", 1); err != nil {
		t.Fatal(err)
	}
	x.read(t, "external-tail")
	cmd := das(t, append(strings.Fields(line)[1:], "--no-follow")...)
	if out := mustRun(t, cmd); !strings.Contains(out, `"select 1 /* x */"`) {
		t.Errorf("%s prints\n%s", line, out)
	}
}

// TestExternalOutage: while the external Kinesis is away, sessions go on in a window of
// loss; what they did is published when it is back, in order and once.
func TestExternalOutage(t *testing.T) {
	for _, mode := range []string{"async", "sync"} {
		t.Run(mode, func(t *testing.T) {
			ctx, x := within(t), newElsewhere(t, "")
			p := startDAS(t, x.args("--start-stream="+mode, "--sync-timeout=1s")...)
			name := "external-outage-" + mode
			x.change(func(u *testbed.Unreliable) { u.Down = true })
			if err := work(ctx, p, name, 20); err != nil {
				t.Fatal(err)
			}
			awaitRDSEvent(ctx, t, p, "activity events might be lost from now on")
			x.change(func(u *testbed.Unreliable) { u.Down = false })
			x.read(t, name).wantAll(t, name, 20)
			awaitRDSEvent(ctx, t, p, "activity events are durable again. Events lost: 0")
		})
	}
}

// awaitRDSEvent waits for an event of the first cluster with that text.
func awaitRDSEvent(ctx context.Context, t *testing.T, p *testbed.Process, text string) {
	t.Helper()
	sdk := newCloud(p)
	await.Seen(t, "the RDS event of "+text, func() (any, bool) {
		out, err := sdk.rds.DescribeEvents(ctx, &rds.DescribeEventsInput{SourceIdentifier: aws.String("my-cluster"), SourceType: "db-cluster"})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, e := range out.Events {
			all = append(all, aws.ToString(e.Message))
		}
		return all, strings.Contains(strings.Join(all, "\n"), text)
	})
}

// TestExternalSync: a statement is acknowledged when the external Kinesis has its event.
func TestExternalSync(t *testing.T) {
	ctx, x := within(t), newElsewhere(t, "")
	p := startDAS(t, x.args("--start-stream=sync", "--sync-timeout=1h", "--heartbeat=0")...)
	conn, err := pgx.Connect(ctx, p.URL("postgres", "postgres", "external-sync"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	held, release := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	x.change(func(u *testbed.Unreliable) {
		u.Hold = func() {
			if !once.Swap(true) {
				close(held)
				<-release
			}
		}
	})
	done := make(chan error, 1)
	go func() { done <- send(ctx, conn, "simple", "select 1 /* held */") }()
	await.Receive(t, "the put of the statement's event", held)
	select {
	case err := <-done:
		t.Errorf("the statement was acknowledged before its event was stored: %v", err)
	default:
	}
	close(release)
	if err := await.Receive(t, "the statement's end", done); err != nil {
		t.Fatal(err)
	}
}

// TestExternalQueue: with a data directory what an outage has kept back is published by
// the next process, once and in order; and an answer that is lost costs no event.
func TestExternalQueue(t *testing.T) {
	ctx, x := within(t), newElsewhere(t, "")
	dir, err := testbed.TempDir("external-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	start := func() *testbed.Process {
		p, err := testbed.Start(ctx, testbed.Config{Bin: bed.bin, Env: env(bed.dir),
			Args: append([]string{"--upstream=" + bed.pg.URL("postgres"), "--data-dir=" + dir}, x.args("--heartbeat=100ms")...)})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := start()
	x.change(func(u *testbed.Unreliable) { u.Down = true })
	if err := work(ctx, p, "external-queue", 30); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	x.change(func(u *testbed.Unreliable) { u.Down = false })
	p = start()
	defer func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}()
	x.read(t, "external-queue").wantAll(t, "external-queue", 30)

	lost := 0
	x.change(func(u *testbed.Unreliable) { u.Lose = func() bool { lost++; return lost <= 3 } })
	if err := work(ctx, p, "external-lost", 30); err != nil {
		t.Fatal(err)
	}
	events := x.read(t, "external-lost")["external-lost"]
	seen, last := map[int64]bool{}, int64(0)
	for _, e := range events {
		if seen[e.StatementID] {
			continue // stored twice
		}
		seen[e.StatementID] = true
		if e.StatementID != last+1 {
			t.Errorf("statement %d comes after %d", e.StatementID, last)
		}
		last = e.StatementID
	}
	if len(seen) != 32 {
		t.Errorf("%d of 32 events are in the stream", len(seen))
	}
	if c := x.Counts(); c.Lost == 0 {
		t.Errorf("%+v: the test shows nothing", c)
	}
}

// TestExternalStop: a stop of the activity stream leaves the external stream as it is,
// and the next start goes on with it, under a key that KMS there knows by its alias.
func TestExternalStop(t *testing.T) {
	ctx, x := within(t), newElsewhere(t, "")
	p := startDAS(t, x.args("--start-stream=async")...)
	sdk := newCloud(p)
	if err := work(ctx, p, "external-before", 3); err != nil {
		t.Fatal(err)
	}
	x.read(t, "external-before")
	cluster := sdk.cluster(ctx, t, "my-cluster")
	if _, err := sdk.rds.StopActivityStream(ctx, &rds.StopActivityStreamInput{ResourceArn: cluster.DBClusterArn, ApplyImmediately: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	sdk.awaitStatus(ctx, t, "my-cluster", rdstypes.ActivityStreamStatusStopped)
	start := &rds.StartActivityStreamInput{ResourceArn: cluster.DBClusterArn, Mode: "async", KmsKeyId: aws.String("alias/none"), ApplyImmediately: aws.Bool(true)}
	if _, err := sdk.rds.StartActivityStream(ctx, start); err == nil || !strings.Contains(err.Error(), "KMSKeyNotAccessibleFault") {
		t.Errorf("with a key that is not there: %v", err)
	}
	start.KmsKeyId = &x.key
	out, err := sdk.rds.StartActivityStream(ctx, start)
	if err != nil || !strings.HasPrefix(aws.ToString(out.KmsKeyId), "arn:aws:kms:eu-west-1:123456789012:key/") {
		t.Fatalf("%+v, %v", out, err)
	}
	sdk.awaitStatus(ctx, t, "my-cluster", rdstypes.ActivityStreamStatusStarted)
	if err := work(ctx, p, "external-again", 3); err != nil {
		t.Fatal(err)
	}
	got := x.read(t, "external-again")
	got.wantAll(t, "external-before", 3)
	got.wantAll(t, "external-again", 3)
}

// TestExternalReset: what others may read is not taken back.
func TestExternalReset(t *testing.T) {
	x := newElsewhere(t, "")
	p := startDAS(t, x.args("--start-stream=async")...)
	answer, err := http.Post(p.Endpoint+"/_das/reset", "application/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusConflict || !strings.Contains(string(text), "external Kinesis") {
		t.Errorf("reset: %s %s, %v", answer.Status, text, err)
	}
}
