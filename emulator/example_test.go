package emulator_test

import (
	"context"
	"fmt"
	"log"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/emulator"
)

// t is the *testing.T of the test whose body an example shows.
var t *testing.T

// TestExamples runs the examples that are bodies of tests.
func TestExamples(tt *testing.T) {
	for name, example := range map[string]func(){
		"ForTest": ExampleForTest, "ForTest_tableDriven": ExampleForTest_tableDriven, "Events": ExampleEmulator_Events,
		"AWSConfig": ExampleEmulator_AWSConfig, "Faults": ExampleFaults, "Clock": ExampleClock, "Cluster": ExampleCluster,
	} {
		tt.Run(name, func(tt *testing.T) {
			t = tt
			example()
		})
	}
}

// query is a session of the application: it connects, sends SQL and disconnects.
func query(ctx context.Context, e *emulator.Emulator, sql string) error {
	conn, err := pgx.Connect(ctx, e.PostgresURL())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// A program runs an emulator, writes, and reads the event of what it wrote.
func Example() {
	ctx := context.Background()
	e, err := emulator.Start(ctx, emulator.Options{StartStream: emulator.Sync})
	if err != nil {
		log.Fatal(err)
	}
	defer e.Close(ctx)

	conn, err := pgx.Connect(ctx, e.PostgresURL())
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE TABLE accounts (id int)"); err != nil {
		log.Fatal(err)
	}
	if _, err := conn.Exec(ctx, "INSERT INTO accounts VALUES ($1), ($2)", 7, 8); err != nil {
		log.Fatal(err)
	}

	event, err := e.WaitFor(ctx, emulator.Match{Command: "INSERT"}.Matches)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*event.Class, *event.Command, *event.ObjectName, event.ParamList, *event.RowCount)
	// Output: WRITE INSERT public.accounts [7 8] 2
}

// The body of a test that its own statement is audited.
func ExampleForTest() {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e := emulator.ForTest(t)
	conn, err := pgx.Connect(ctx, e.PostgresURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "SELECT rolname FROM pg_roles"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.WaitFor(ctx, emulator.Match{Class: "READ", ObjectName: "pg_catalog.pg_roles"}.Matches); err != nil {
		t.Error(err)
	}
}

// One emulator serves the cases of a table: between two of them, Reset empties the
// stream. Here query connects, sends the SQL and disconnects.
func ExampleForTest_tableDriven() {
	e := emulator.ForTest(t)
	for _, test := range []struct {
		sql  string
		want emulator.Match
	}{
		{"CREATE TABLE t (n int)", emulator.Match{Class: "DDL", Command: "CREATE TABLE"}},
		{"INSERT INTO t VALUES (1)", emulator.Match{Class: "WRITE", Command: "INSERT", ObjectName: "public.t"}},
		{"SELECT n FROM nope", emulator.Match{TextHas: "nope", ErrorHas: "does not exist"}},
	} {
		t.Run(test.sql, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := e.Reset(ctx); err != nil {
				t.Fatal(err)
			}
			if err := query(ctx, e, test.sql); (err != nil) != (test.want.ErrorHas != "") {
				t.Fatal(err)
			}
			if _, err := e.WaitFor(ctx, test.want.Matches); err != nil {
				t.Error(err)
			}
		})
	}
}

// Events is all that happened, in order; the loop ends with a break.
func ExampleEmulator_Events() {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e := emulator.ForTest(t)
	if err := query(ctx, e, "CREATE TABLE t (n int); DROP TABLE t"); err != nil {
		t.Fatal(err)
	}
	var commands []string
	for event, err := range e.Events(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		commands = append(commands, *event.Command)
		if *event.Command == "DISCONNECT" {
			break
		}
	}
	if got := fmt.Sprint(commands); got != "[CONNECT CREATE TABLE DROP TABLE DISCONNECT]" {
		t.Error(got)
	}
}

// countRecords is a consumer to test: it reads what the first shard has.
func countRecords(ctx context.Context, client *kinesis.Client, stream string) (n int, err error) {
	shard := "shardId-000000000000"
	from, err := client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamName: &stream, ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
	if err != nil {
		return 0, err
	}
	for iterator := from.ShardIterator; ; {
		out, err := client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: iterator})
		if err != nil {
			return 0, err
		}
		n += len(out.Records)
		if *out.MillisBehindLatest == 0 {
			return n, nil
		}
		iterator = out.NextShardIterator
	}
}

// A consumer under test gets a client of the AWS SDK and the stream's name. In sync mode
// the records of a statement are in the stream when the statement has returned.
func ExampleEmulator_AWSConfig() {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e := emulator.ForTest(t, func(o *emulator.Options) { o.Heartbeat = -1 }) // no records but of statements
	if err := query(ctx, e, "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	n, err := countRecords(ctx, kinesis.NewFromConfig(e.AWSConfig()), e.StreamName())
	if err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		t.Error("the consumer has seen nothing")
	}
}
