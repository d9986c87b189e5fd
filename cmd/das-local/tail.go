package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/consumer"
)

const tailHelp = `das-local tail reads an activity stream from Kinesis, decrypts it with KMS and
prints one event a line, as any consumer would. It reads AWS itself too.

    $ das-local tail
    $ das-local tail --from latest --format text
    $ das-local tail --no-follow | jq 'select(.class == "WRITE") | .commandText'
    $ das-local tail --endpoint aws --region eu-west-1 --stream aws-rds-das-cluster-…
`

// tail prints the decrypted events of a stream.
func tail(ctx context.Context, args []string, std streams) error {
	fs := newFlags("tail", tailHelp, std.out)
	var where awsFlags
	where.define(fs)
	name := fs.String("stream", "", "`NAME` of the stream; empty takes the only activity stream there is")
	from := fs.String("from", "trim-horizon", "`POSITION` to begin at: trim-horizon (all that is kept) or latest (what comes from now on)")
	noFollow := fs.Bool("no-follow", false, "end at the end of the stream")
	format := fs.String("format", "json", "`FORMAT`: json (the event as it is) or text (the essentials in columns)")
	heartbeats := fs.Bool("heartbeats", false, "print heartbeats too")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	print, ok := map[string]func(io.Writer, consumer.Event) error{"json": printJSON, "text": printText}[*format]
	if !ok {
		return fmt.Errorf("--format is %q; it must be json or text: %w", *format, errUsage)
	}
	if *from != string(consumer.TrimHorizon) && *from != string(consumer.Latest) {
		return fmt.Errorf("--from is %q; it must be trim-horizon or latest: %w", *from, errUsage)
	}
	cfg, err := where.load(ctx)
	if err != nil {
		return err
	}
	c, err := openStream(ctx, cfg, *name, consumer.Position(*from), !*noFollow)
	if err != nil {
		return explainReach(err, where.endpoint)
	}
	out := bufio.NewWriter(std.out)
	defer out.Flush()
	for event, err := range c.Events(ctx) {
		var bad *consumer.RecordError
		switch {
		case errors.As(err, &bad):
			slog.New(slog.NewTextHandler(std.err, nil)).Warn("a record cannot be read", "cause", err)
			continue
		case err != nil && ctx.Err() != nil:
			return nil
		case err != nil:
			return explainReach(err, where.endpoint)
		case event.Heartbeat && !*heartbeats:
			continue
		}
		if err := print(out, event); err != nil {
			return err
		}
		// A reader at the other end of a pipe sees each event when it comes.
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// openStream makes a consumer of a stream, or of the only one there is.
func openStream(ctx context.Context, cfg aws.Config, name string, from consumer.Position, follow bool) (*consumer.Consumer, error) {
	client := kinesis.NewFromConfig(cfg)
	if name == "" {
		var err error
		if name, err = onlyStream(ctx, client); err != nil {
			return nil, err
		}
	}
	return consumer.New(consumer.Config{
		Kinesis:    client,
		KMS:        kms.NewFromConfig(cfg),
		StreamName: name,
		From:       from,
		Follow:     follow,
	})
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

// explainReach says what to do when nobody answers.
func explainReach(err error, endpoint string) error {
	if endpoint != realAWS && strings.Contains(err.Error(), "connection refused") {
		return fmt.Errorf("nothing answers at %s; run \"das-local up\" or give its address with --endpoint", endpoint)
	}
	return err
}

func printJSON(w io.Writer, e consumer.Event) error {
	_, err := fmt.Fprintf(w, "%s\n", e.JSON)
	return err
}

// printText prints time, session, statement, class, command, object, rows,
// user, database and text in columns. Control characters of the text are
// escaped: it is not trusted to write to a terminal.
func printText(w io.Writer, e consumer.Event) error {
	d, err := e.Decode()
	if err != nil {
		return err
	}
	if d.Heartbeat() {
		_, err := fmt.Fprintf(w, "%s heartbeat of %s\n", e.Arrival.UTC().Format("2006-01-02 15:04:05.000000+00"), e.InstanceID)
		return err
	}
	_, err = fmt.Fprintf(w, "%s %s %d.%d %-8s %s %s rows=%s user=%s db=%s%s %s\n",
		str(d.LogTime), str(d.SessionID), num(d.StatementID), num(d.SubstatementID), str(d.Class), str(d.Command),
		str(d.ObjectName), rows(d.RowCount), str(d.DBUserName), str(d.DatabaseName), failure(d), str(d.CommandText))
	return err
}

func failure(d *activity.Decoded) string {
	if d.ErrorMessage == nil {
		return ""
	}
	return fmt.Sprintf(" error=%v:%s", d.ExitCode, str(d.ErrorMessage))
}

// str is the string without control characters, or "-".
func str(s *string) string {
	if s == nil {
		return "-"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, *s)
}

func num(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

func rows(n *int64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}
