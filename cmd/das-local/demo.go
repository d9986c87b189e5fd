package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/emulator"
	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/consumer"
	"github.com/das-local/das-local/internal/progress"
)

const demoHelp = `das-local demo runs the session of the Aurora user guide (2019) through the
whole path: connect, create a table, add ten rows, select them. It prints the
decrypted records as the guide shows them, or in the forms of "das-local tail", and ends.

    $ das-local demo
    $ das-local demo --format table
    $ das-local demo --format json | jq -r .command
`

// formatGuide is the form of the user guide's samples.
const formatGuide = "guide"

// demoUser is the user of the guide's session.
const demoUser = "rdsadmin"

// demoStatements are the guide's CREATE TABLE (statement 2) and SELECT
// (statement 6, ten rows), and between them what must have been there.
var demoStatements = []string{
	"create table my_table (id serial primary key, name varchar(32));",
	"insert into my_table (name) values ('Ana'), ('Bo'), ('Cy'), ('Di');",
	"insert into my_table (name) values ('Ed'), ('Flo'), ('Gus');",
	"insert into my_table (name) values ('Hal'), ('Ida'), ('Jo');",
	"select * from my_table;",
}

// demo runs the guide's session in an emulator of its own.
func demo(ctx context.Context, args []string, std streams) error {
	fs := newFlags("demo", demoHelp, std.out)
	o := emulator.Options{StartStream: "sync", Heartbeat: -1}
	fs.StringVar(&o.EngineVersion, "engine-version", "10.7", "Aurora engine `VERSION`; 10.7 is the guide's system")
	logs := &logFlags{}
	fs.StringVar(&logs.level, "log-level", "warn", "`LEVEL`: debug, info, warn or error")
	fs.StringVar(&logs.format, "log-format", "text", "`FORMAT` of the log on standard error: text or json")
	format := formatFlag(fs, formatGuide, formatGuide)
	if err := parse(fs, args, false); err != nil {
		return err
	}
	ctx, logTo := besideLog(ctx, std)
	var err error
	if o.Logger, err = logs.logger(logTo); err != nil {
		return err
	}
	step := progress.Begin(ctx, o.Logger, "starting the emulator")
	e, err := emulator.Start(ctx, o)
	step.End(err)
	if err != nil {
		return err
	}
	print := func(event emulator.Event) error { return printAsGuide(std.out, event) }
	if format.value != formatGuide {
		events := newResults(eventShape, format, std.out, std.out)
		print = func(event emulator.Event) error {
			return events.print(consumer.Event{InstanceID: event.InstanceID, JSON: event.JSON})
		}
	}
	err = runDemo(ctx, e, print)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	return errors.Join(err, e.Close(closing))
}

func runDemo(ctx context.Context, e *emulator.Emulator, print func(emulator.Event) error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := e.AddUser(ctx, demoUser); err != nil {
		return err
	}
	if err := demoSession(ctx, e.PostgresURL()); err != nil {
		return fmt.Errorf("run the guide's session: %w", err)
	}
	for event, err := range e.Events(ctx) {
		if err != nil {
			return fmt.Errorf("read the stream: %w", err)
		}
		if err := print(event); err != nil {
			return err
		}
		if event.Command != nil && *event.Command == "DISCONNECT" {
			return nil
		}
	}
	return errors.New("the stream ended before the session's last event")
}

// demoSession is what the guide's psql did.
func demoSession(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return err
	}
	config.User = demoUser
	config.RuntimeParams["application_name"] = "psql"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	for _, sql := range demoStatements {
		if _, err := conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			return errors.Join(err, conn.Close(ctx))
		}
	}
	return conn.Close(ctx)
}

// printAsGuide prints a record with one event, indented.
func printAsGuide(w io.Writer, e emulator.Event) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(activity.Record{
		Type:       activity.TypeRecord,
		ClusterID:  e.ClusterID,
		InstanceID: e.InstanceID,
		Events:     []json.RawMessage{e.JSON},
	})
}
