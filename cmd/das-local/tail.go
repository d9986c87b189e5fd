package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/das-local/das-local/internal/consumer"
)

const tailHelp = `das-local tail reads an activity stream from Kinesis, decrypts it with KMS and
prints one event a line, as any consumer would. It reads AWS itself too. As JSON an event
is as it was published; a table's columns are cut to their widths, the text is not.

    $ das-local tail
    $ das-local tail --from latest --format text
    $ das-local tail --no-follow | jq 'select(.class == "WRITE") | .commandText'
    $ das-local tail --endpoint aws --region eu-west-1 --stream aws-rds-das-cluster-…

It ends when the stream is stopped, and fails then if there were records that it could
not read: standard error says how many, why, and what helps.
`

// tail prints the decrypted events of a stream.
func tail(ctx context.Context, args []string, std streams) error {
	fs := newFlags("tail", tailHelp, std.out)
	var where awsFlags
	where.define(fs)
	kmsEndpoint := fs.String("kms-endpoint", "", "`URL` of the KMS, or \"aws\"; empty takes --endpoint")
	name := fs.String("stream", "", "`NAME` of the stream; empty takes the only activity stream there is")
	from := fs.String("from", "trim-horizon", "`POSITION` to begin at: trim-horizon (all that is kept) or latest (what comes from now on)")
	noFollow := fs.Bool("no-follow", false, "end at the end of the stream")
	format := formatFlag(fs, formatJSON)
	heartbeats := fs.Bool("heartbeats", false, "print heartbeats too")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	if *from != string(consumer.TrimHorizon) && *from != string(consumer.Latest) {
		return fmt.Errorf("--from is %q; it must be trim-horizon or latest: %w", *from, errUsage)
	}
	cfg, err := where.load(ctx)
	if err != nil {
		return err
	}
	keys, explain := cfg, func(err error) error { return explainReach(err, where.endpoint) }
	if *kmsEndpoint != "" {
		explain = func(err error) error { return explainReachBy("--kms-endpoint", err, *kmsEndpoint) }
		if keys, err = (&awsFlags{*kmsEndpoint, where.region, where.ca, "kms-endpoint"}).load(ctx); err != nil {
			return err
		}
	}
	c, err := openStream(ctx, cfg, keys, consumer.Config{StreamName: *name, From: consumer.Position(*from), Follow: !*noFollow,
		Gone: func(stream string) { fmt.Fprintf(std.err, "the activity stream %s was stopped\n", stream) }})
	if err != nil {
		return explainReach(err, where.endpoint)
	}
	out := bufio.NewWriter(std.out)
	defer out.Flush()
	events := newResults(eventShape, format, out, std.out)
	unread := unreadRecords{log: slog.New(slog.NewTextHandler(std.err, nil)), explain: explain}
	for event, err := range c.Events(ctx) {
		var bad *consumer.RecordError
		switch {
		case errors.As(err, &bad):
			unread.add(bad)
			continue
		case err != nil && ctx.Err() != nil:
			return events.end()
		case err != nil:
			return explainReach(err, where.endpoint)
		case event.Heartbeat && !*heartbeats:
			continue
		}
		if err := events.print(event); err != nil {
			return err
		}
		// A reader at the other end of a pipe sees each event when it comes.
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return errors.Join(unread.error(), events.end())
}

// openStream makes a consumer of a stream, or of the only one there is, whose keys are
// opened at another endpoint perhaps.
func openStream(ctx context.Context, cfg, keys aws.Config, what consumer.Config) (*consumer.Consumer, error) {
	client := kinesis.NewFromConfig(cfg)
	if what.StreamName == "" {
		var err error
		if what.StreamName, err = onlyStream(ctx, client); err != nil {
			return nil, err
		}
	}
	what.Kinesis, what.KMS = client, kms.NewFromConfig(keys)
	return consumer.New(what)
}

// onlyStream finds the activity stream if there is exactly one.
func onlyStream(ctx context.Context, client *kinesis.Client) (string, error) {
	var names []string
	pages := kinesis.NewListStreamsPaginator(client, &kinesis.ListStreamsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", fmt.Errorf("list the streams: %w", err)
		}
		for _, n := range page.StreamNames {
			if strings.HasPrefix(n, "aws-rds-das-") {
				names = append(names, n)
			}
		}
	}
	switch len(names) {
	case 0:
		return "", errors.New("there is no activity stream; start one with \"aws rds start-activity-stream\" or \"das-local up --start-stream async\"")
	case 1:
		return names[0], nil
	}
	return "", fmt.Errorf("there are %d activity streams; choose one with --stream: %s", len(names), strings.Join(names, ", "))
}
