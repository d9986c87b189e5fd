package rdsapi

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Sources of events.
const (
	sourceCluster  = "db-cluster"
	sourceInstance = "db-instance"
	sourceSnapshot = "db-cluster-snapshot"
)

const (
	keepEvents = 14 * 24 * time.Hour // as long as RDS does
	maxEvents  = 20000               // bounds memory; the oldest go first
)

// event is one RDS event. DescribeEvents does not show the id and the tags.
type event struct {
	seq      int
	id       string // "RDS-EVENT-0179"; "DAS-LOCAL-…" where AWS publishes none
	at       time.Time
	source   string
	sourceID string
	arn      string
	category string
	message  string
	tags     map[string]string // of the source, as they were
}

// Texts of the events about activity streams. RDS publishes the first two. It
// promises events for failures and for the beginning and end of a window of
// loss, but no id or text of them: those are ours.
func eventStarted() event {
	return event{id: "RDS-EVENT-0179", category: "configuration change", message: "Database Activity Streams is started on your database cluster."}
}

func eventStopped() event {
	return event{id: "RDS-EVENT-0180", category: "configuration change", message: "Database Activity Streams is stopped on your database cluster."}
}

func eventFailed(verb string, cause error) event {
	return event{id: "DAS-LOCAL-0001", category: "failure",
		message: fmt.Sprintf("Database Activity Streams couldn't be %s on your database cluster: %s", verb, oneLine(cause))}
}

func eventLossBegins(cause error) event {
	return event{id: "DAS-LOCAL-0002", category: "failure",
		message: fmt.Sprintf("Database Activity Streams: activity events might be lost from now on: %s", oneLine(cause))}
}

func eventShutDown() event {
	return event{id: "DAS-LOCAL-0005", category: "failure",
		message: "Database Activity Streams: the DB instances of your database cluster are shut down, because activity events might be lost."}
}

func eventKeyLost(arn string, patience time.Duration) event {
	return event{id: "DAS-LOCAL-0006", category: "failure",
		message: fmt.Sprintf("Database Activity Streams is being stopped on your database cluster: its KMS key %s couldn't be used for %v.", arn, patience)}
}

// oneLine is for messages: joined errors have a line each.
func oneLine(err error) string { return strings.ReplaceAll(fmt.Sprint(err), "\n", "; ") }

// eventLossEnds is for a stream that is healthy again, or that ends as it is.
func eventLossEnds(l Loss, ends bool) event {
	what := "activity events are durable again"
	if ends {
		what = "the stream ends, and what was not published with it"
	}
	message := fmt.Sprintf("Database Activity Streams: %s. Events lost: %d", what, l.Lost)
	if l.Lost > 0 {
		message += fmt.Sprintf(", logTime %s to %s", logTime(l.First), logTime(l.Last))
	}
	return event{id: "DAS-LOCAL-0003", category: "notification", message: message}
}

// eventCutWindowEnds ends the window of loss in which an emulator ended without notice: what
// it had not written by then is lost, and nobody has counted it.
func eventCutWindowEnds() event {
	e := eventLossEnds(Loss{}, false)
	e.message += "; and those of the last moments of the emulator, which ended without notice, cannot be counted"
	return e
}

// logTime prints a time as the events of a stream do.
func logTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000000") + "+00" }

func eventKilled(mode string) event {
	what := "activity events of its last moments might be lost"
	if mode == "sync" {
		what = "activity events are lost only if a window of loss was open, of which a failing disk may not have kept the beginning"
	}
	return event{id: "DAS-LOCAL-0004", category: "failure", message: "Database Activity Streams: the emulator ended without notice; " + what}
}

func eventStoreCut(dir string) event {
	return event{id: "DAS-LOCAL-0004", category: "failure",
		message: "Database Activity Streams: the log of the emulator's data directory was damaged; activity events stored behind the damage are lost, and cannot be counted. It is kept in " + dir}
}

func eventEventsDamaged(n int, dir string) event {
	return event{id: "DAS-LOCAL-0007", category: "failure",
		message: fmt.Sprintf("The emulator has found %d RDS events damaged in its data directory. They were set aside in %s, and might have told of a loss.", n, dir)}
}

func (s *Server) clusterEvent(c *cluster, e event) {
	e.source, e.sourceID, e.arn, e.tags = sourceCluster, c.id, c.arn, maps.Clone(c.tags)
	s.addEvent(e)
}

func (s *Server) instanceEvent(i *instance, e event) {
	e.source, e.sourceID, e.arn, e.tags = sourceInstance, i.id, i.arn, maps.Clone(i.tags)
	s.addEvent(e)
}

// addEvent also delivers the event, and forgets those that are too old. The lock is
// held.
func (s *Server) addEvent(e event) {
	s.eventSeq++
	e.seq, e.at = s.eventSeq, s.cfg.Clock.Now().UTC()
	drop := max(0, len(s.events)+1-maxEvents)
	for drop < len(s.events) && e.at.Sub(s.events[drop].at) > keepEvents {
		drop++
	}
	s.publish(e)
	e.tags = nil // DescribeEvents does not show them
	s.events = append(slices.Delete(s.events, 0, drop), e)
}

type describeEventsInput struct {
	SourceIdentifier *string
	SourceType       *string
	StartTime        *time.Time
	EndTime          *time.Time
	Duration         *int
	EventCategories  []string `member:"EventCategory"`
	Filters          []filter `member:"Filter"`
	MaxRecords       *int
	Marker           *string
}

type eventShape struct {
	SourceIdentifier string
	SourceType       string
	Message          string
	EventCategories  []string `member:"EventCategory"`
	Date             time.Time
	SourceArn        string
}

type describeEventsOutput struct {
	Marker string
	Events []eventShape `member:"Event"`
}

func (s *Server) describeEvents(_ context.Context, in *describeEventsInput) (*describeEventsOutput, error) {
	if in.SourceIdentifier != nil && in.SourceType == nil {
		return nil, invalidCombination("The parameter SourceType must be provided when SourceIdentifier is specified.")
	}
	if in.SourceType != nil && !slices.Contains(sourceTypes(), *in.SourceType) {
		return nil, invalidValue("Invalid source type: %s", *in.SourceType)
	}
	if err := wellFormed(in.Filters); err != nil {
		return nil, err
	}
	from, to, err := in.period(s.cfg.Clock.Now())
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []event
	for _, e := range s.events {
		if !e.at.Before(from) && !e.at.After(to) && in.wants(e) {
			list = append(list, e)
		}
	}
	list, marker, err := page(list, paging{in.MaxRecords, in.Marker}, func(e event) string { return fmt.Sprintf("%020d", e.seq) })
	if err != nil {
		return nil, err
	}
	out := &describeEventsOutput{Marker: marker, Events: []eventShape{}}
	for _, e := range list {
		out.Events = append(out.Events, eventShape{e.sourceID, e.source, e.message, []string{e.category}, e.at, e.arn})
	}
	return out, nil
}

// sourceTypes are those of the API; only clusters, their snapshots and instances
// have events here.
func sourceTypes() []string {
	return []string{sourceInstance, "db-parameter-group", "db-security-group", "db-snapshot", sourceCluster,
		sourceSnapshot, "custom-engine-version", "db-proxy", "blue-green-deployment", "db-shard-group", "zero-etl"}
}

func (in *describeEventsInput) wants(e event) bool {
	return (in.SourceType == nil || *in.SourceType == e.source) &&
		(in.SourceIdentifier == nil || *in.SourceIdentifier == e.sourceID || *in.SourceIdentifier == e.arn) &&
		(len(in.EventCategories) == 0 || slices.Contains(in.EventCategories, e.category))
}

// period is the time asked for: the last hour unless said otherwise, and never
// more than two weeks back.
func (in *describeEventsInput) period(now time.Time) (from, to time.Time, err error) {
	if in.Duration != nil && (*in.Duration < 1 || *in.Duration > 14*24*60) {
		return from, to, invalidValue("Invalid duration: %d. It is in minutes, at most two weeks.", *in.Duration)
	}
	length := time.Hour
	if in.Duration != nil {
		length = time.Duration(*in.Duration) * time.Minute
	}
	switch {
	case in.StartTime != nil && in.EndTime != nil:
		from, to = *in.StartTime, *in.EndTime
	case in.StartTime != nil && in.Duration != nil:
		from, to = *in.StartTime, in.StartTime.Add(length)
	case in.StartTime != nil:
		from, to = *in.StartTime, now
	case in.EndTime != nil:
		from, to = in.EndTime.Add(-length), *in.EndTime
	default:
		from, to = now.Add(-length), now
	}
	if from.After(to) {
		return from, to, invalidCombination("StartTime must be before EndTime.")
	}
	if oldest := now.Add(-keepEvents); from.Before(oldest) {
		from = oldest
	}
	return from, to, nil
}
