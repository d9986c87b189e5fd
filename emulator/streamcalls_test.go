package emulator

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/consumer"
)

// TestCallsInTheStream: without users it is the account's root that starts and stops a
// stream, each time as a session of its own; the events can be left out.
func TestCallsInTheStream(t *testing.T) {
	for _, omit := range []bool{false, true} {
		t.Run(fmt.Sprintf("omitted %v", omit), func(t *testing.T) {
			b := newBed(t, Options{Heartbeat: -1, StopTime: time.Hour, OmitCalls: omit})
			b.startStream(types.ActivityStreamModeSync, true)
			b.awaitStatus("available started available")
			b.exec(b.connect(), "select 1")
			b.stopStream(true)
			await.True(t, "the second restart, when nothing is recorded any more", func() bool {
				return strings.Count(strings.Join(b.messages(types.SourceTypeDbInstance), "\n"), "DB instance restarted") == 2
			})
			c, err := consumer.New(consumer.Config{Kinesis: b.once(), KMS: b.kms, StreamName: b.StreamName()})
			if err != nil {
				t.Fatal(err)
			}
			var commands []string
			ids := map[string]bool{}
			for e, err := range c.Events(b.within()) {
				if err != nil {
					t.Fatal(err)
				}
				event, err := e.Decode()
				if err != nil {
					t.Fatal(err)
				}
				commands = append(commands, *event.Command)
				if _, end, ok := strings.Cut(*event.SessionID, "."); !ok || end != fmt.Sprintf("%x", *event.PID) {
					t.Errorf("session %s, pid %d", *event.SessionID, *event.PID)
				}
				ids[*event.SessionID] = true
				if strings.HasSuffix(*event.Command, "ActivityStream") && (*event.DBUserName != "arn:aws:iam::000000000000:root" || *event.PID == 0) {
					t.Errorf("the event is %s", e.JSON)
				}
			}
			want := []string{"StartActivityStream", "CONNECT", "SELECT", "DISCONNECT", "StopActivityStream"}
			if omit {
				want = want[1:4]
			}
			if !slices.Equal(commands, want) || len(ids) != len(want)-2 {
				t.Errorf("commands %q of %d sessions", commands, len(ids))
			}
			b.awaitStopped()
		})
	}
}
