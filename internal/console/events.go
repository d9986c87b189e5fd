package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// eventMinutes is how far back RDS keeps events: 14 days.
const eventMinutes = 14 * 24 * 60

// maxEvents bounds the RDS events of the page.
const maxEvents = 500

type eventView struct {
	At                                  time.Time
	Source, Type, Message, Category, ID string
}

// viewEvents shows RDS events, the newest first. The id of an event is no member of the
// API's answer; the invented ones of loss windows are in the message.
func viewEvents(events []types.Event) []eventView {
	var list []eventView
	for _, e := range events {
		list = append(list, eventView{At: aws.ToTime(e.Date), Source: aws.ToString(e.SourceIdentifier), Type: string(e.SourceType),
			Message: visible(aws.ToString(e.Message)), Category: strings.Join(e.EventCategories, ", ")})
	}
	slices.SortStableFunc(list, func(a, b eventView) int { return b.At.Compare(a.At) })
	return list
}

// events is the page of RDS events.
func (c *Console) events(w http.ResponseWriter, r *http.Request) {
	var all []types.Event
	in := &rds.DescribeEventsInput{Duration: aws.Int32(eventMinutes)}
	kind := r.URL.Query().Get("type")
	if kind != "" {
		in.SourceType = types.SourceType(kind)
	}
	pages := rds.NewDescribeEventsPaginator(c.rds, in)
	for pages.HasMorePages() {
		out, err := pages.NextPage(r.Context())
		if err != nil {
			c.failed(w, "The events cannot be described", err)
			return
		}
		all = append(all, out.Events...)
	}
	list := viewEvents(all)
	c.render(w, "events", "Events", map[string]any{"Events": list[:min(len(list), maxEvents)], "Total": len(list), "Type": kind,
		"Types": []string{"db-cluster", "db-instance"}})
}
