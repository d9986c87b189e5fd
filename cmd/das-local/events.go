package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

const eventsHelp = `das-local events prints the RDS events of the last days, oldest first: starts and
stops of streams, restarts, and every window in which activity events might be lost.

    $ das-local events
    $ das-local events --since 10m --format table
    $ das-local events --format json | jq -r .message
`

// maxSince is how long RDS keeps events.
const maxSince = 14 * 24 * time.Hour

// rdsEvent is an RDS event, as "events --format json" prints it.
type rdsEvent struct {
	Date       time.Time `json:"date"`
	SourceType string    `json:"sourceType"`
	Source     string    `json:"source"`
	Categories []string  `json:"categories"`
	Message    string    `json:"message"`
}

func newRDSEvent(e types.Event) rdsEvent {
	return rdsEvent{aws.ToTime(e.Date).UTC(), string(e.SourceType), aws.ToString(e.SourceIdentifier), append([]string{}, e.EventCategories...), aws.ToString(e.Message)}
}

var rdsEventShape = shape[rdsEvent]{
	text: func(_ painter, e rdsEvent) string {
		return fmt.Sprintf("%s %s %s: %s", e.Date.Format(time.RFC3339), e.SourceType, e.Source, clean(e.Message))
	},
	columns: columns("DATE", "TYPE", "SOURCE", "CATEGORIES", "MESSAGE"),
	rows: func(e rdsEvent, add func(...cell)) {
		add(cells(e.Date.Format(time.RFC3339), e.SourceType, e.Source, orDash(strings.Join(e.Categories, ",")), e.Message)...)
	},
}

// rdsEvents prints what DescribeEvents says.
func rdsEvents(ctx context.Context, args []string, std streams) error {
	fs := newFlags("events", eventsHelp, std.out)
	var where awsFlags
	where.define(fs)
	since := fs.Duration("since", maxSince, "`INTERVAL` to look back; RDS keeps 14 days")
	format := formatFlag(fs, formatText)
	if err := parse(fs, args, false); err != nil {
		return err
	}
	if *since < time.Minute || *since > maxSince {
		return fmt.Errorf("--since is %v; RDS answers for one minute to 14 days (336h): %w", *since, errUsage)
	}
	cfg, err := where.load(ctx)
	if err != nil {
		return err
	}
	minutes := int32(since.Minutes())
	var all []rdsEvent
	for pages := rds.NewDescribeEventsPaginator(rds.NewFromConfig(cfg), &rds.DescribeEventsInput{Duration: &minutes}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return explainReach(fmt.Errorf("describe the events: %w", err), where.endpoint)
		}
		for _, e := range page.Events {
			all = append(all, newRDSEvent(e))
		}
	}
	return printAll(rdsEventShape, format, std.out, all...)
}
