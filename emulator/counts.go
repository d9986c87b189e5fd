package emulator

import (
	"sync/atomic"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/stream"
)

// classes are those that events are counted by.
var classes = [...]activity.Class{activity.ClassConnect, activity.ClassDDL, activity.ClassFunction,
	activity.ClassMisc, activity.ClassRead, activity.ClassRole, activity.ClassWrite}

// counts are the events of one instance while a stream wanted them.
type counts struct {
	byClass [len(classes)]atomic.Int64
	failed  atomic.Int64 // events with an error message
}

// add counts events on the path of every statement: it takes no lock.
func (c *counts) add(events []activity.Event) {
	for i := range events {
		for k := range classes {
			if classes[k] == events[i].Class {
				c.byClass[k].Add(1)
				break
			}
		}
		if events[i].ErrorMessage != "" {
			c.failed.Add(1)
		}
	}
}

// counting is an instance's source that counts what passes.
type counting struct {
	*stream.Source
	counts *counts
}

// Record implements proxy.Recorder.
func (c counting) Record(events []activity.Event) (durable <-chan struct{}) {
	if c.Recording() {
		c.counts.add(events)
	}
	return c.Source.Record(events)
}
