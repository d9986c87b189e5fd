package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"
	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/e2e/testbed"
)

// seedSession is the session behind the samples: its SELECT is statement 6 and
// returns ten rows.
const seedSession = `create table my_table (id serial primary key, name varchar(32));
insert into my_table (name) values ('one'), ('two'), ('three'), ('four');
insert into my_table (name) values ('five'), ('six'), ('seven');
insert into my_table (name) values ('eight'), ('nine'), ('ten');
select * from my_table;
`

// TestSamples drives the session of the user guide with psql and compares what
// the JavaScript Encryption SDK decrypts with the guide's three samples.
func TestSamples(t *testing.T) {
	for _, c := range []struct {
		name, version string
		mode          rdstypes.ActivityStreamMode
		args, further []string
		free          []string // fields that differ from the sample by design
	}{
		{"10.7", "1.0", rdstypes.ActivityStreamModeSync, []string{"--engine-version=10.7"}, nil, nil},
		{"default", "1.1", rdstypes.ActivityStreamModeAsync, nil, []string{"startTime", "errorMessage"}, []string{"serverVersion"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := within(t)
			p := startDAS(t, append(c.args, "--start-stream=off")...)
			sdk := newCloud(p)
			cluster := sdk.startStream(ctx, t, c.mode)
			if r := psql(t, p.PGPort, "rdsadmin", "postgres", "", seedSession); r.code != 0 {
				t.Fatalf("psql: %d %s", r.code, r.stderr)
			}
			if err := bed.pg.Exec(ctx, "postgres", "DROP TABLE my_table"); err != nil {
				t.Fatal(err)
			}
			events := readSession(t, sdk, cluster, c.version)
			matchSample(t, events[1], sample(t, "connect.json"), c.further, c.free...)
			matchSample(t, events[2], sample(t, "create_table.json"), c.further, c.free...)
			matchSample(t, events[6], sample(t, "select.json"), c.further, c.free...)
			if ids := slices.Sorted(maps.Keys(events)); !slices.Equal(ids, []int64{1, 2, 3, 4, 5, 6, 7}) {
				t.Errorf("the session has the statement ids %v; want 1 (CONNECT) to 7 (DISCONNECT)", ids)
			}
		})
	}
}

// readSession reads the stream up to the first DISCONNECT of psql, checks each
// record's form, and returns psql's events by their statementId.
func readSession(t *testing.T, sdk cloud, cluster rdstypes.DBCluster, version string) map[int64]json.RawMessage {
	t.Helper()
	ctx := within(t)
	node := newDecryptor(t)
	events := map[int64]json.RawMessage{}
	heartbeats := 0
	disconnected := false
	sdk.read(ctx, t, *cluster.ActivityStreamKinesisStreamName, *cluster.DbClusterResourceId, func(r record) bool {
		in, err := node.open(r)
		if err != nil {
			t.Fatal(err)
		}
		checkRecord(t, r, in, version, *cluster.DbClusterResourceId)
		for _, raw := range in.Events {
			e, err := testbed.ParseEvent(raw)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case e.Type == "heartbeat":
				heartbeats++
				if len(in.Events) != 1 || string(raw) != `{"type":"heartbeat"}` {
					t.Errorf("heartbeat record %s", in.raw)
				}
			case e.Application() == "psql":
				events[e.StatementID] = raw
				disconnected = disconnected || e.Command == "DISCONNECT"
			}
		}
		return !disconnected || heartbeats == 0
	})
	return events
}

// checkRecord compares the form of a record with the real service's.
func checkRecord(t *testing.T, r record, in inner, version, resourceID string) {
	t.Helper()
	if names, err := keys(r.Data); err != nil || !slices.Equal(names, []string{"type", "version", "databaseActivityEvents", "key"}) {
		t.Errorf("outer keys %v (%v)", names, err)
	}
	if r.outer.Type != "DatabaseActivityMonitoringRecords" || r.Version != version {
		t.Errorf("outer type %q, version %q; want version %q", r.outer.Type, r.Version, version)
	}
	if !compact(r.Data) || !compact([]byte(in.raw)) {
		t.Errorf("the JSON has blanks: %s %s", r.Data, in.raw)
	}
	if !uuidForm.MatchString(aws.ToString(r.PartitionKey)) {
		t.Errorf("partition key %q is no UUID", aws.ToString(r.PartitionKey))
	}
	if len(r.outer.Key) != 184 || fmt.Sprintf("%x", r.outer.Key[:5]) != "0102030078" {
		t.Errorf("data key blob has %d bytes and begins with %x", len(r.outer.Key), r.outer.Key[:min(5, len(r.outer.Key))])
	}
	if in.Type != "DatabaseActivityMonitoringRecord" || in.ClusterID != resourceID || !clusterForm.MatchString(in.ClusterID) || !instForm.MatchString(in.InstanceID) {
		t.Errorf("inner type %q, cluster %q, instance %q", in.Type, in.ClusterID, in.InstanceID)
	}
	h, err := parseHeader(r.outer.Events)
	if err != nil {
		t.Error(err)
	}
	if real := realHeader(t); h != real && len(in.raw) < 4096 {
		t.Errorf("message header\n got %+v\nwant %+v", h, real)
	}
}

// TestDataKeyContext shows that KMS refuses the data key without the cluster's
// encryption context, as consumers that forget it must learn.
func TestDataKeyContext(t *testing.T) {
	ctx := within(t)
	sdk := newCloud(bed.proc)
	cluster := sdk.cluster(ctx, t, "my-cluster")
	var first record
	sdk.read(ctx, t, *cluster.ActivityStreamKinesisStreamName, *cluster.DbClusterResourceId, func(r record) bool {
		first = r
		return false
	})
	for name, context := range map[string]map[string]string{
		"none":            nil,
		"another cluster": {"aws:rds:dbc-id": "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
		"another key":     {"aws:rds:db-id": *cluster.DbClusterResourceId},
	} {
		_, err := sdk.kms.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: first.outer.Key, EncryptionContext: context})
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != "InvalidCiphertextException" {
			t.Errorf("context %s: %v; want InvalidCiphertextException", name, err)
		}
	}
}

// TestPgx drives pgx, which speaks the extended protocol with binary
// parameters, and looks at the parameters in the events.
func TestPgx(t *testing.T) {
	ctx := within(t)
	conn, err := pgx.Connect(ctx, bed.proc.URL("postgres", "postgres", "e2e-pgx"))
	if err != nil {
		t.Fatal(err)
	}
	var sum int
	var text string
	err = conn.QueryRow(ctx, "select $1::int4 + $2::int4, $3::text, $4::text", 40, 2, "it's", nil).Scan(&sum, &text, new(*string))
	if err != nil || sum != 42 || text != "it's" {
		t.Fatalf("got %d %q, %v", sum, text, err)
	}
	if err := send(ctx, conn, "extended", "select 1/0"); err == nil {
		t.Fatal("a division by zero succeeded")
	}
	if err := conn.Close(ctx); err != nil {
		t.Fatal(err)
	}
	events, err := bed.tail.AwaitSession(ctx, "e2e-pgx")
	if err != nil {
		t.Fatal(err)
	}
	var query, failed *testbed.Event
	for i, e := range events {
		switch e.Text() {
		case "select $1::int4 + $2::int4, $3::text, $4::text":
			query = &events[i]
		case "select 1/0":
			failed = &events[i]
		}
	}
	if query == nil || failed == nil {
		t.Fatalf("the statements are not in %v", events)
	}
	if !slices.Equal(query.ParamList, []string{"40", "2", "it's"}) || query.Rows() != 1 || query.Class != "READ" {
		t.Errorf("the query's event is %s", query.Raw)
	}
	if failed.ExitCode != "22012" || failed.ErrorMessage == nil || *failed.ErrorMessage != "division by zero" {
		t.Errorf("the failed statement's event is %s", failed.Raw)
	}
}
