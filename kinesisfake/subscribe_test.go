package kinesisfake

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/das-local/das-local/internal/awsclient"
)

// patience bounds every wait for what must happen.
const patience = time.Minute

// register makes a consumer and returns its ARN.
func register(t testing.TB, s *Server, stream, name string) string {
	t.Helper()
	arn := streamKey{s.cfg.AccountID, s.cfg.Region, stream}.arn()
	return must[registerConsumerOutput](t, s, "RegisterStreamConsumer", registerConsumerInput{StreamARN: &arn, ConsumerName: &name}).Consumer.ConsumerARN
}

// transports are the ways in which clients reach the address without TLS.
func transports() map[string]*http.Protocols {
	var one, two http.Protocols
	one.SetHTTP1(true)
	two.SetUnencryptedHTTP2(true)
	return map[string]*http.Protocols{"HTTP/1.1": &one, "h2c": &two}
}

// over has a client speak some protocols.
func over(t testing.TB, protocols *http.Protocols) func(*kinesis.Options) {
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return func(o *kinesis.Options) { o.HTTPClient = awsclient.Whole(&http.Client{Transport: transport}) }
}

// TestSubscribeWithTheSDK has AWS's SDK for Go read a shard over its split.
func TestSubscribeWithTheSDK(t *testing.T) {
	for name, protocols := range transports() {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, Config{})
			if err := s.CreateStream(t.Context(), "s", 1); err != nil {
				t.Fatal(err)
			}
			arn := register(t, s, "s", "reader")
			client := newClient(serve(t, s), over(t, protocols))
			putN(t, s, "s", 3)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			out, err := client.SubscribeToShard(ctx, &kinesis.SubscribeToShardInput{ConsumerARN: &arn, ShardId: aws.String(shard0),
				StartingPosition: &types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon}})
			if err != nil {
				t.Fatal(err)
			}
			defer out.GetStream().Close()
			var texts []string
			var last types.SubscribeToShardEvent
			next := func(want int) {
				t.Helper()
				for len(texts) < want {
					select {
					case e, ok := <-out.GetStream().Events():
						if !ok {
							t.Fatalf("the stream ended after %d records: %v", len(texts), out.GetStream().Err())
						}
						last = e.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent).Value
						for _, r := range last.Records {
							texts = append(texts, string(r.Data))
						}
					case <-ctx.Done():
						t.Fatalf("%d records of %d: %v", len(texts), want, ctx.Err())
					}
				}
			}
			next(3)
			if last.ContinuationSequenceNumber == nil || last.ChildShards != nil || *last.MillisBehindLatest != 0 {
				t.Errorf("an event is %+v", last)
			}
			putN(t, s, "s", 2)
			next(5)
			half := "170141183460469231731687303715884105728"
			must[struct{}](t, s, "SplitShard", splitShardInput{ref("s"), aws.String(shard0), &half})
			for e := range out.GetStream().Events() {
				last = e.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent).Value
			}
			if err := out.GetStream().Err(); err != nil {
				t.Error("the end: ", err)
			}
			if last.ContinuationSequenceNumber != nil || len(last.ChildShards) != 2 || last.ChildShards[0].ParentShards[0] != shard0 {
				t.Errorf("the last event is %+v", last)
			}
			if want := []string{"0", "1", "2", "0", "1"}; !slices.Equal(texts, want) {
				t.Errorf("read %q, want %q", texts, want)
			}
		})
	}
}

// TestSubscribersEndWithTheServer has clients that read, and one that does not.
func TestSubscribersEndWithTheServer(t *testing.T) {
	s := newServer(t, Config{})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	for name, protocols := range transports() {
		t.Run(name, func(t *testing.T) {
			url, stop := serveUntil(t, s)
			client := newClient(url, over(t, protocols))
			arn := register(t, s, "s", "ends-"+name[:1])
			out, err := client.SubscribeToShard(t.Context(), &kinesis.SubscribeToShardInput{ConsumerARN: &arn, ShardId: aws.String(shard0),
				StartingPosition: &types.StartingPosition{Type: types.ShardIteratorTypeLatest}})
			if err != nil {
				t.Fatal(err)
			}
			defer out.GetStream().Close()
			stop()
			for range out.GetStream().Events() {
			}
			if err := out.GetStream().Err(); err != nil {
				t.Error("the client is told ", err)
			}
		})
	}
}

// recorder keeps what a subscription in the same process is sent.
type recorder struct {
	events chan *subscribeEvent
	ended  chan error
	cancel context.CancelFunc
}

// subscribe runs a subscription without a network.
func subscribe(t *testing.T, s *Server, in subscribeInput) (*recorder, error) {
	return subscribeTo(t, s, in, make(chan *subscribeEvent, 10_000))
}

// subscribeTo sends what the subscription gives to a channel. Its goroutine ends by
// cancel, or by itself, and is joined at the end of the test.
func subscribeTo(t *testing.T, s *Server, in subscribeInput, events chan *subscribeEvent) (*recorder, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, err := s.subscribeToShard(ctx, s.own(), &in)
	if err != nil {
		cancel()
		return nil, err
	}
	r := &recorder{events: events, ended: make(chan error, 1), cancel: cancel}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.ended <- out.Run(ctx, func(name string, payload any) error {
			if name != "SubscribeToShardEvent" {
				return fmt.Errorf("event %s", name)
			}
			select {
			case events <- payload.(*subscribeEvent):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	t.Cleanup(func() { cancel(); <-done })
	return r, nil
}

// from is the input for the first shard.
func from(arn, kind, sequence string) subscribeInput {
	shard := shard0
	in := subscribeInput{ConsumerARN: &arn, ShardID: &shard, StartingPosition: &startingPosition{Type: &kind}}
	if sequence != "" {
		in.StartingPosition.SequenceNumber = &sequence
	}
	return in
}

// TestASubscriptionLivesFiveMinutes goes by the fake time of the bubble.
func TestASubscriptionLivesFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, Config{})
		if err := s.CreateStream(t.Context(), "s", 1); err != nil {
			t.Fatal(err)
		}
		arn := register(t, s, "s", "reader")
		began := time.Now()
		r, err := subscribe(t, s, from(arn, latest, ""))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		putN(t, s, "s", 1)
		synctest.Wait() // no time passes: what is put is pushed
		if first := <-r.events; len(first.Records) != 1 || time.Since(began) != 0 {
			t.Errorf("after %v: %+v", time.Since(began), first)
		}
		if err := <-r.ended; err != nil || time.Since(began) != subscriptionLife {
			t.Errorf("it ends after %v: %v", time.Since(began), err)
		}
		close(r.events)
		var idle *subscribeEvent
		count := 0
		for e := range r.events {
			if idle = e; len(e.Records) != 0 {
				t.Errorf("a record again: %+v", e)
			}
			count++
		}
		if count < 59 || count > 60 {
			t.Errorf("%d events without records, want one every five seconds", count)
		}
		putN(t, s, "s", 3)
		again, err := subscribe(t, s, from(arn, afterSequence, idle.ContinuationSequenceNumber))
		if err != nil {
			t.Fatal(err)
		}
		if e := <-again.events; len(e.Records) != 3 {
			t.Errorf("behind the last checkpoint: %+v", e)
		}
		again.cancel()
		synctest.Wait()
	})
}

// TestOneSubscriptionForConsumerAndShard checks who wins.
func TestOneSubscriptionForConsumerAndShard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, Config{})
		if err := s.CreateStream(t.Context(), "s", 1); err != nil {
			t.Fatal(err)
		}
		arn, other := register(t, s, "s", "reader"), register(t, s, "s", "other")
		first, err := subscribe(t, s, from(arn, latest, ""))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := subscribe(t, s, from(other, latest, "")); err != nil {
			t.Error("another consumer: ", err)
		}
		time.Sleep(takeOverAfter - time.Millisecond)
		_, err = subscribe(t, s, from(arn, latest, ""))
		wantError(t, err, codeInUse, "Another active subscription")
		time.Sleep(time.Millisecond)
		second, err := subscribe(t, s, from(arn, latest, ""))
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, <-first.ended, codeInUse, "has taken over")
		putN(t, s, "s", 1)
		if e := <-second.events; len(e.Records) != 1 {
			t.Errorf("the second gets %+v", e)
		}
		second.cancel()
		if err := <-second.ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the second ends with %v", err)
		}
		time.Sleep(takeOverAfter - time.Millisecond) // the call counts, not the connection
		_, err = subscribe(t, s, from(arn, latest, ""))
		wantError(t, err, codeInUse, "Another active subscription")
		time.Sleep(time.Millisecond) // nor does a call that was refused
		third, err := subscribe(t, s, from(arn, trimHorizon, ""))
		if err != nil {
			t.Fatal(err)
		}
		<-third.events
		must[struct{}](t, s, "DeregisterStreamConsumer", consumerRef{ConsumerARN: &arn})
		wantError(t, <-third.ended, codeNotFound, "Consumer reader")
		_, err = subscribe(t, s, from(arn, latest, ""))
		wantError(t, err, codeNotFound, "Consumer reader")
	})
}

func TestSubscribeRefuses(t *testing.T) {
	clk := newClock()
	s := newServer(t, Config{Now: clk.now, CreateDelay: time.Second})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	clk.advance(time.Second)
	arn := register(t, s, "s", "reader")
	_, err := subscribe(t, s, from(arn, latest, ""))
	wantError(t, err, codeInUse, "not ACTIVE, instead in state CREATING")
	clk.advance(time.Second)
	_, err = subscribe(t, s, from(arn, afterSequence, ""))
	wantError(t, err, codeArgument, "no StartingSequenceNumber")
	_, err = subscribe(t, s, from(arn, atSequence, "1"))
	wantError(t, err, codeArgument, "used in SubscribeToShard on shard")
	_, err = subscribe(t, s, from(arn, "EARLIEST", ""))
	wantError(t, err, "ValidationException", "'startingPosition.type' failed to satisfy constraint: Member must satisfy enum value set")
	in := from(arn, latest, "")
	in.ShardID = aws.String("shardId-000000000007")
	_, err = subscribe(t, s, in)
	wantError(t, err, codeNotFound, "shardId-000000000007")
	_, err = subscribe(t, s, subscribeInput{})
	wantError(t, err, "ValidationException", "3 validation errors detected")
	_, err = subscribe(t, s, from(arn[:len(arn)-1]+"x", latest, ""))
	wantError(t, err, "ValidationException", "consumerARN")
	_, err = subscribe(t, s, from(arn+"9", latest, ""))
	wantError(t, err, codeNotFound, "Consumer reader")
	if _, err := subscribe(t, s, from(arn, latest, "")); err != nil {
		t.Error("after all that: ", err)
	}
	if err := s.DeleteStream(t.Context(), "s"); err != nil {
		t.Error(err)
	}
	_, err = subscribe(t, s, from(arn, latest, ""))
	wantError(t, err, codeNotFound, "Stream s")
}

// TestSubscribersReadEverythingOnce has records put while the stream is resharded,
// on disk and in memory.
func TestSubscribersReadEverythingOnce(t *testing.T) {
	for name, cfg := range map[string]Config{"memory": {}, "disk": {Store: openStore(t, t.TempDir(), nil)}} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, cfg)
			if err := s.CreateStream(t.Context(), "s", 1); err != nil {
				t.Fatal(err)
			}
			arn := register(t, s, "s", "reader")
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			const calls = 60
			put := make(chan error, 1)
			go func() { put <- putAndReshard(ctx, s, calls) }()
			seen, known, events := map[string]int{}, map[string]bool{}, make(chan *subscribeEvent)
			follow := func(shard string) {
				if known[shard] {
					return
				}
				known[shard] = true
				in := from(arn, trimHorizon, "")
				in.ShardID = &shard
				if _, err := subscribeTo(t, s, in, events); err != nil {
					t.Fatal(err)
				}
			}
			for follow(shard0); len(seen) < 5*calls; {
				select {
				case e := <-events:
					for _, r := range e.Records {
						seen[string(r.Data)]++
					}
					for _, c := range e.ChildShards {
						follow(c.ShardID)
					}
				case <-ctx.Done():
					t.Fatalf("%d records: %v", len(seen), ctx.Err())
				}
			}
			if err := <-put; err != nil {
				t.Fatal(err)
			}
			for text, n := range seen {
				if n != 1 {
					t.Errorf("record %s is there %d times", text, n)
				}
			}
		})
	}
}

// putAndReshard puts five numbered records a call; now and then the stream grows or
// shrinks.
func putAndReshard(ctx context.Context, s *Server, calls int) error {
	uniform, name := "UNIFORM_SCALING", "s"
	for i := range calls {
		var records []Record
		for j := range 5 {
			records = append(records, Record{PartitionKey: fmt.Sprint(i, j), Data: fmt.Append(nil, 5*i+j)})
		}
		if err := s.PutRecords(ctx, name, records); err != nil {
			return err
		}
		if target, ok := map[int]int{10: 2, 25: 3, 40: 2, 50: 1}[i]; ok {
			in := updateShardCountInput{streamRef: ref(name), TargetShardCount: &target, ScalingType: &uniform}
			if _, err := s.updateShardCount(ctx, s.own(), &in); err != nil {
				return errors.Join(errors.New("scale"), err)
			}
		}
	}
	return nil
}

// BenchmarkPush is from a put in the process to its event at a client.
func BenchmarkPush(b *testing.B) {
	for name, protocols := range transports() {
		b.Run(name, func(b *testing.B) {
			s := newServer(b, Config{})
			if err := s.CreateStream(b.Context(), "s", 1); err != nil {
				b.Fatal(err)
			}
			arn := register(b, s, "s", "reader")
			out, err := newClient(serve(b, s), over(b, protocols)).SubscribeToShard(b.Context(), &kinesis.SubscribeToShardInput{ConsumerARN: &arn,
				ShardId: aws.String(shard0), StartingPosition: &types.StartingPosition{Type: types.ShardIteratorTypeLatest}})
			if err != nil {
				b.Fatal(err)
			}
			defer out.GetStream().Close()
			record := []Record{{PartitionKey: "k", Data: make([]byte, 1000)}}
			for b.Loop() {
				if err := s.PutRecords(b.Context(), "s", record); err != nil {
					b.Fatal(err)
				}
				for n := 0; n < 1; {
					e := (<-out.GetStream().Events()).(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent)
					n = len(e.Value.Records)
				}
			}
		})
	}
}
