package rdsapi

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/clock"
)

func TestNextWindow(t *testing.T) {
	at := func(text string) time.Time {
		tm, err := time.Parse("Mon 2006-01-02 15:04:05", text)
		if err != nil {
			t.Fatal(err)
		}
		return tm
	}
	for _, tt := range []struct{ window, after, want string }{
		{"sun:05:00-sun:05:30", "Sun 2026-11-22 04:59:59", "Sun 2026-11-22 05:00:00"},
		{"sun:05:00-sun:05:30", "Sun 2026-11-22 05:00:00", "Sun 2026-11-29 05:00:00"}, // it has begun
		{"Sun:23:45-Mon:00:15", "Sat 2026-11-28 12:00:00", "Sun 2026-11-29 23:45:00"},
		{"sat:00:00-sat:01:00", "Sun 2026-12-27 00:00:00", "Sat 2027-01-02 00:00:00"}, // over the end of a year
		{"mon:10:00-mon:11:00", "Tue 2026-11-24 10:00:00", "Mon 2026-11-30 10:00:00"},
	} {
		c := &cluster{wire: dbCluster{PreferredMaintenanceWindow: tt.window}}
		after := at(tt.after).In(time.FixedZone("", -7*3600)) // the zone of the clock does not matter
		if got := c.nextWindow(after); !got.Equal(at(tt.want)) {
			t.Errorf("%s after %s: %s", tt.window, tt.after, got)
		}
	}
}

func TestWindowFormat(t *testing.T) {
	for window, good := range map[string]bool{
		"sun:05:00-sun:05:30": true, "Sun:23:45-Mon:00:15": true, "sat:23:30-sun:00:00": true,
		"sun:05:00-sun:05:29": false, "sun:05:00-sun:05:00": false, "sun:24:00-mon:01:00": false, "day:05:00-sun:05:30": false,
		"sun:5:00-sun:05:30": false, "sun:05:00": false, "05:00-05:30": false, "sun:05:00-sun:05:30 ": false,
	} {
		if err := checkWindow(window); (err == nil) != good {
			t.Errorf("%q: %v", window, err)
		}
	}
	b := withCluster(t, Config{})
	_, err := b.rds.ModifyDBCluster(t.Context(), &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("my-cluster"), PreferredMaintenanceWindow: aws.String("now")})
	wantError(t, err, "InvalidParameterValue", 400, "*")
}

// mondayNoon is a clock that has been put forward to the next Monday at noon: no
// maintenance window of these tests begins while one of them looks at what waits for it.
func mondayNoon() *clock.Clock {
	clk := &clock.Clock{}
	clk.Advance(nextWindow("mon:12:00-mon:13:00", clk.Now()).Sub(clk.Now()))
	return clk
}

// pending is what waits for my-cluster.
func (b *bench) pending(t *testing.T) []types.PendingMaintenanceAction {
	t.Helper()
	p, err := b.rds.DescribePendingMaintenanceActions(t.Context(), &rds.DescribePendingMaintenanceActionsInput{ResourceIdentifier: aws.String(clusterARN)})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.PendingMaintenanceActions) == 0 {
		return nil
	}
	return p.PendingMaintenanceActions[0].PendingMaintenanceActionDetails
}

func (b *bench) postponedStart(t *testing.T) {
	t.Helper()
	in := startInput()
	in.ApplyImmediately = aws.Bool(false)
	if _, err := b.rds.StartActivityStream(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func TestWindowApplies(t *testing.T) {
	clk := mondayNoon()
	b := withCluster(t, Config{Clock: clk})
	b.postponedStart(t)
	p := b.pending(t)
	if len(p) != 1 || *p[0].Action != "configure-activity-stream" || *p[0].OptInStatus != "next-maintenance" || p[0].CurrentApplyDate.Format("Mon 15:04") != "Sun 05:00" {
		t.Fatalf("pending %+v", p)
	}
	// A window that is moved moves what waits for it.
	if _, err := b.rds.ModifyDBCluster(t.Context(), &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("my-cluster"), PreferredMaintenanceWindow: aws.String("thu:01:00-thu:02:00")}); err != nil {
		t.Fatal(err)
	}
	due := *b.pending(t)[0].CurrentApplyDate
	if due.Format("Mon 15:04") != "Thu 01:00" {
		t.Errorf("due %v", due)
	}
	clk.Advance(due.Sub(clk.Now()) - time.Hour)
	if c := b.describe(t, "my-cluster"); c.ActivityStreamStatus != types.ActivityStreamStatusStopped || len(b.pending(t)) != 1 {
		t.Error("it did not wait")
	}
	clk.Advance(time.Hour)
	b.awaitStream(t, streamStarted)
	if p := b.pending(t); p != nil {
		t.Errorf("pending %+v", p)
	}
}

// TestWindowOfAClusterThatIsNotReady waits for the next one.
func TestWindowOfAClusterThatIsNotReady(t *testing.T) {
	clk := mondayNoon()
	b := withCluster(t, Config{Clock: clk})
	b.postponedStart(t)
	stopped := &rds.StopDBClusterInput{DBClusterIdentifier: aws.String("my-cluster")}
	if _, err := b.rds.StopDBCluster(t.Context(), stopped); err != nil {
		t.Fatal(err)
	}
	b.awaitCluster(t, "stopped")
	due := *b.pending(t)[0].CurrentApplyDate
	clk.Advance(due.Sub(clk.Now()))
	await.Seen(t, "the next window", func() (any, bool) {
		p := b.pending(t)
		return p, len(p) == 1 && p[0].CurrentApplyDate.Equal(due.Add(week))
	})
}

func TestApplyPendingMaintenanceAction(t *testing.T) {
	clk := mondayNoon()
	b := withCluster(t, Config{Clock: clk})
	ctx := t.Context()
	apply := func(action, optIn string) (*rds.ApplyPendingMaintenanceActionOutput, error) {
		return b.rds.ApplyPendingMaintenanceAction(ctx, &rds.ApplyPendingMaintenanceActionInput{ResourceIdentifier: aws.String(clusterARN), ApplyAction: &action, OptInType: &optIn})
	}
	const action = "configure-activity-stream"
	_, err := apply(action, "immediate")
	wantError(t, err, "ResourceNotFoundFault", 404, "*")
	b.postponedStart(t)
	_, err = apply("system-update", "immediate")
	wantError(t, err, "ResourceNotFoundFault", 404, "*")
	_, err = apply(action, "soon")
	wantError(t, err, "InvalidParameterValue", 400, "*")
	out, err := apply(action, "undo-opt-in")
	if d := out.ResourcePendingMaintenanceActions.PendingMaintenanceActionDetails; err != nil || len(d) != 1 || d[0].CurrentApplyDate != nil {
		t.Fatalf("undo: %+v, %v", d, err)
	}
	clk.Advance(2 * week)
	if c := b.describe(t, "my-cluster"); c.ActivityStreamStatus != types.ActivityStreamStatusStopped || len(b.pending(t)) != 1 {
		t.Error("it was applied without opt-in")
	}
	if out, err = apply(action, "next-maintenance"); err != nil || !out.ResourcePendingMaintenanceActions.PendingMaintenanceActionDetails[0].CurrentApplyDate.After(clk.Now()) {
		t.Fatalf("next-maintenance: %+v, %v", out, err)
	}
	if out, err = apply(action, "immediate"); err != nil || *out.ResourcePendingMaintenanceActions.ResourceIdentifier != clusterARN {
		t.Fatalf("immediate: %+v, %v", out, err)
	}
	b.awaitStream(t, streamStarted)
	if p := b.pending(t); p != nil {
		t.Errorf("pending %+v", p)
	}
}
