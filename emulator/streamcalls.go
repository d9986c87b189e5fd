package emulator

import (
	"cmp"
	"net"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/iam"
	"github.com/das-local/das-local/rdsapi"
)

// recordCall writes the API call that starts or stops a stream to the stream. The
// Aurora user guide (2019) promises that these actions are there, and shows no
// record of one: this form is das-local's own. The lock is held.
func (e *Emulator) recordCall(s rdsapi.ActivityStream) {
	if s.Call == nil || e.opts.OmitCalls {
		return
	}
	var writer *instance // one of the cluster, always the same
	for _, i := range e.instances {
		if i.ClusterResourceID == s.ClusterResourceID && !i.shut && (writer == nil || cmp.Less(i.ID, writer.ID)) {
			writer = i
		}
	}
	if writer == nil {
		return
	}
	call := *s.Call
	call.Caller = cmp.Or(call.Caller, iam.RootOf(e.opts.AccountID).Principal.ARN)
	event := callEvent(call, writer.proxy.MakeUpPID())
	event.Session.ServerVersion = auroraVersion(e.engineVersion)
	if host, _, err := net.SplitHostPort(writer.addr.String()); err == nil {
		event.Session.ServerHost = host
	}
	// A stream that ends publishes what it has taken: nobody waits for this one.
	writer.source.Record([]activity.Event{event})
}

// callEvent is the event of an API call, which is a session of its own: whoever tells
// sessions apart by their id must not take a start and a stop for the same event.
func callEvent(c rdsapi.Call, pid int32) activity.Event {
	host, port, err := net.SplitHostPort(c.RemoteAddr)
	if err != nil {
		host = c.RemoteAddr
	}
	at := c.Time.Truncate(time.Microsecond)
	return activity.Event{
		Session: &activity.Session{
			UserName:          c.Caller,
			RemoteHost:        host,
			RemotePort:        port,
			PID:               pid,
			SessionID:         activity.SessionID(at, pid),
			ClientApplication: c.UserAgent,
			NetProtocol:       "TCP",
			DBProtocol:        "AWS Query",
		},
		LogTime:        at,
		StartTime:      at,
		StatementID:    1,
		SubstatementID: 1,
		ObjectType:     "CLUSTER",
		ObjectName:     c.ResourceARN,
		Command:        c.Action,
		CommandText:    c.Parameters,
		HasCommandText: true,
		RowCount:       activity.NoRows,
		Class:          activity.ClassMisc,
	}
}
