package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/das-local/das-local/emulator"
)

// controlFlags defines the flags about starts, stops and failures of streams, and
// about who is told.
func controlFlags(fs flagSet, o *emulator.Options) {
	fs.StringVar(&o.OnStreamFailure, "on-stream-failure", "continue", "`WHAT` becomes of the first cluster's instances when events might be lost: continue or stop-instance")
	o.KeyPatience = time.Hour
	fs.Func("key-patience", "`INTERVAL` after which a stream whose KMS key can't be used is stopped; 0 never stops it (default 1h)", func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			return fmt.Errorf("%q is not a duration such as 1h or 30s", s)
		}
		o.KeyPatience = d
		if d == 0 {
			o.KeyPatience = -1
		}
		return nil
	})
	fs.Func("sns-topic", "`NAME=URL` makes an SNS topic of that name that posts to an HTTP URL, for event subscriptions; repeatable, or comma-separated", func(s string) error {
		for _, one := range strings.Split(s, ",") {
			name, url, ok := strings.Cut(one, "=")
			if !ok {
				return fmt.Errorf("%q is not of the form NAME=URL", one)
			}
			if o.SNSTopics == nil {
				o.SNSTopics = map[string]string{}
			}
			o.SNSTopics[name] = url
		}
		return nil
	})
	fs.Func("event-bus", "`URL` gets every RDS event as EventBridge shapes it; repeatable, or comma-separated", func(s string) error {
		o.EventBuses = append(o.EventBuses, strings.Split(s, ",")...)
		return nil
	})
	fs.DurationVar(&o.RestartTime, "restart-time", 0, "`INTERVAL` that a restart of the instances takes at least")
	fs.BoolVar(&o.OmitCalls, "omit-calls", false, "leave the events of StartActivityStream and StopActivityStream, whose form is das-local's own, out of the stream")
	fs.DurationVar(&o.StopTime, "stop-time", 5*time.Second, "`INTERVAL` for which a stream that is being stopped can still be read; 0 deletes it at once")
}
