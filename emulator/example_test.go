package emulator_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/emulator"
)

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

// Events is all that happened, in order; the range ends with a break.
func ExampleEmulator_Events() {
	ctx := context.Background()
	e, err := emulator.Start(ctx, emulator.Options{StartStream: emulator.Async})
	if err != nil {
		log.Fatal(err)
	}
	defer e.Close(ctx)
	conn, err := pgx.Connect(ctx, e.PostgresURL())
	if err != nil {
		log.Fatal(err)
	}
	if _, err := conn.Exec(ctx, "CREATE TABLE t (n int); DROP TABLE t"); err != nil {
		log.Fatal(err)
	}
	conn.Close(ctx)

	for event, err := range e.Events(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(*event.Command)
		if *event.Command == "DISCONNECT" {
			break
		}
	}
	// Output:
	// CONNECT
	// CREATE TABLE
	// DROP TABLE
	// DISCONNECT
}

// The AWS SDK's clients reach the emulator's services with AWSConfig.
func ExampleEmulator_AWSConfig() {
	ctx := context.Background()
	e, err := emulator.Start(ctx, emulator.Options{StartStream: emulator.Async})
	if err != nil {
		log.Fatal(err)
	}
	defer e.Close(ctx)
	name := e.StreamName()
	out, err := kinesis.NewFromConfig(e.AWSConfig()).DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &name})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out.StreamDescriptionSummary.StreamStatus)
	// Output: ACTIVE
}

// What a test asks of the audit of its own statements.
func ExampleForTest() {
	// In a file of tests this is func TestReadsAreAudited(t *testing.T).
	_ = func(t *testing.T) {
		e := emulator.ForTest(t)
		conn, err := pgx.Connect(t.Context(), e.PostgresURL())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(t.Context(), "SELECT rolname FROM pg_roles"); err != nil {
			t.Fatal(err)
		}
		if _, err := e.WaitFor(t.Context(), emulator.Match{Class: "READ", ObjectName: "pg_catalog.pg_roles"}.Matches); err != nil {
			t.Error(err)
		}
	}
}
