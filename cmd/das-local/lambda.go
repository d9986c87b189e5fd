package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/das-local/das-local/internal/consumer"
	"github.com/das-local/das-local/internal/lambda"
)

const lambdaHelp = `das-local lambda hands an activity stream's records to a Lambda function that runs on
this machine, as AWS does: in batches of one shard, still encrypted, and again from the first record
that the function reports as failed. It prints what the function answers. Without
--function it prints the events that the function would get, one a line.

    $ das-local lambda --function http://127.0.0.1:9000/2015-03-31/functions/function/invocations
    $ das-local lambda --no-follow --batch-size 10 > events.json
    $ das-local lambda --no-follow --as firehose | head -n 1 | sam local invoke Transform -e -

The URL is that of a container with AWS's runtime interface emulator, which AWS's base
images have (docker run -p 9000:8080 IMAGE), or of "sam local start-lambda"
(http://127.0.0.1:3001/2015-03-31/functions/NAME/invocations). Nothing is remembered of
what was read: the next time begins at --from.
`

// callShape is what invocations of a function look like.
var callShape = shape[lambda.Call]{
	text: func(_ painter, c lambda.Call) string {
		return fmt.Sprintf("%s %s records=%d attempts=%d answer=%s", c.ShardID, c.First, c.Records, c.Attempts, clean(string(c.Answer)))
	},
	columns: []column{{"SHARD", 20}, {"FIRST", 56}, {"RECORDS", 7}, {"ATTEMPTS", 8}, {"ANSWER", 0}},
	rows: func(c lambda.Call, add func(...cell)) {
		add(cells(c.ShardID, c.First, fmt.Sprint(c.Records), fmt.Sprint(c.Attempts), string(c.Answer))...)
	},
}

// lambdaFlags say what is handed to which function.
type lambdaFlags struct {
	where                 awsFlags
	stream, from, url, as string
	noFollow              bool
	size, retries         int
	format                *format
}

func (l *lambdaFlags) define(fs flagSet) {
	l.where.define(fs)
	fs.StringVar(&l.stream, "stream", "", "`NAME` of the stream; empty takes the only activity stream there is")
	fs.StringVar(&l.from, "from", string(consumer.TrimHorizon), "`POSITION` to begin at: trim-horizon (all that is kept) or latest (what comes from now on)")
	fs.BoolVar(&l.noFollow, "no-follow", false, "end at the end of the stream")
	fs.StringVar(&l.url, "function", "", "`URL` to which the function's events are posted; empty prints them")
	fs.StringVar(&l.as, "as", string(lambda.Kinesis), "`SERVICE` that calls the function: kinesis (an event source mapping) or firehose (a transformation)")
	fs.IntVar(&l.size, "batch-size", 100, "`NUMBER` of records that an event has at most, 1 to 10000")
	fs.IntVar(&l.retries, "retries", 3, "`NUMBER` of times that a batch is handed over again when the function fails; -1 is without end")
	l.format = formatFlag(fs, formatJSON)
}

// check refuses what makes no sense.
func (l *lambdaFlags) check(fs flagSet) error {
	switch u, err := url.Parse(l.url); {
	case l.from != string(consumer.TrimHorizon) && l.from != string(consumer.Latest):
		return fmt.Errorf("--from is %q; it must be trim-horizon or latest: %w", l.from, errUsage)
	case l.as != string(lambda.Kinesis) && l.as != string(lambda.Firehose):
		return fmt.Errorf("--as is %q; it must be kinesis or firehose: %w", l.as, errUsage)
	case l.size < 1 || l.size > 10_000:
		return fmt.Errorf("--batch-size is %d; it must be 1 to 10000: %w", l.size, errUsage)
	case l.retries < -1:
		return fmt.Errorf("--retries is %d; it must be -1 or more: %w", l.retries, errUsage)
	case l.url != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == ""):
		return fmt.Errorf("--function is %q; it takes a URL such as http://127.0.0.1:9000/2015-03-31/functions/function/invocations: %w", l.url, errUsage)
	case l.url == "" && (l.format.value != formatJSON || given(fs, "retries")):
		return fmt.Errorf("--format and --retries are about calls: they need --function: %w", errUsage)
	}
	return nil
}

// open makes the reader of the stream, and says whose records it has.
func (l *lambdaFlags) open(ctx context.Context, std streams) (*consumer.Consumer, *lambda.Source, error) {
	cfg, err := l.where.load(ctx)
	if err != nil {
		return nil, nil, err
	}
	client := kinesis.NewFromConfig(cfg)
	if l.stream == "" {
		if l.stream, err = onlyStream(ctx, client); err != nil {
			return nil, nil, err
		}
	}
	about, err := client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &l.stream})
	if err != nil {
		return nil, nil, fmt.Errorf("describe the stream %s: %w", l.stream, err)
	}
	source, err := lambda.NewSource(lambda.Form(l.as), aws.ToString(about.StreamDescriptionSummary.StreamARN))
	if err != nil {
		return nil, nil, err
	}
	c, err := openStream(ctx, cfg, cfg, consumer.Config{StreamName: l.stream, From: consumer.Position(l.from), Follow: !l.noFollow, RecordLimit: int32(l.size),
		Gone: func(stream string) { fmt.Fprintf(std.err, "the activity stream %s was stopped\n", stream) }})
	return c, source, err
}

// runLambda hands the records of a stream to a function, or prints its events.
func runLambda(ctx context.Context, args []string, std streams) error {
	fs := newFlags("lambda", lambdaHelp, std.out)
	var l lambdaFlags
	l.define(fs)
	if err := parse(fs, args, false); err != nil {
		return err
	}
	if err := l.check(fs); err != nil {
		return err
	}
	c, source, err := l.open(ctx, std)
	if err != nil {
		return explainReach(err, l.where.endpoint)
	}
	out := bufio.NewWriter(std.out)
	defer out.Flush()
	calls := newResults(callShape, l.format, out, std.out)
	f := lambda.Function{URL: l.url, Source: source, Retries: l.retries, Backoff: 250 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(std.err, nil))}
	for batch, err := range c.Batches(ctx) {
		switch {
		case err != nil:
			err = explainReach(err, l.where.endpoint)
		case l.url == "":
			err = printInvocations(out, source, batch)
		default:
			err = f.Deliver(ctx, batch.ShardID, batch.Records, func(c lambda.Call) error {
				return errors.Join(calls.print(c), out.Flush())
			})
		}
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return err
		}
	}
	return calls.end()
}

// printInvocations prints what a function would be called with, one event a line.
func printInvocations(out *bufio.Writer, source *lambda.Source, batch consumer.Batch) error {
	for records := batch.Records; len(records) > 0; {
		n := lambda.Fit(records)
		event, err := source.Event(batch.ShardID, records[:n])
		if err != nil {
			return fmt.Errorf("make the event: %w", err)
		}
		if _, err := out.Write(append(event, '\n')); err != nil {
			return err
		}
		records = records[n:]
	}
	return out.Flush()
}
