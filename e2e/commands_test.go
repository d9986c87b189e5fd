package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/das-local/das-local/e2e/testbed"
)

// das is a sub-command of das-local with a clean environment.
func das(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), bed.bin, args...)
	cmd.Env = append(testbed.CleanEnv(), env(bed.dir)...)
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// objects takes the JSON objects out of a text that has other lines as well.
func objects(text string) []map[string]any {
	var found []map[string]any
	for i := strings.IndexByte(text, '{'); i >= 0; i = strings.IndexByte(text, '{') {
		var o map[string]any
		dec := json.NewDecoder(strings.NewReader(text[i:]))
		if err := dec.Decode(&o); err != nil {
			text = text[i+1:]
			continue
		}
		found = append(found, o)
		text = text[i+int(dec.InputOffset()):]
	}
	return found
}

// eventsOf flattens records and events into events.
func eventsOf(objects []map[string]any) []map[string]any {
	var events []map[string]any
	for _, o := range objects {
		list, isRecord := o["databaseActivityEventList"].([]any)
		if !isRecord {
			events = append(events, o)
		}
		for _, e := range list {
			events = append(events, e.(map[string]any))
		}
	}
	return events
}

// TestDemo runs the demonstration and finds the three samples in what it
// prints.
func TestDemo(t *testing.T) {
	s := newSite(t)
	ports, err := testbed.FreePorts(2)
	if err != nil {
		t.Fatal(err)
	}
	cmd := das(t, "demo")
	cmd.Env = append(cmd.Env, s.env...)
	cmd.Env = append(cmd.Env, fmt.Sprintf("DAS_LOCAL_LISTEN=127.0.0.1:%d", ports[0]), fmt.Sprintf("DAS_LOCAL_AWS_LISTEN=127.0.0.1:%d", ports[1]))
	out := mustRun(t, cmd)
	s.clean("after the demonstration")
	events := eventsOf(objects(out))
	for _, c := range []struct {
		id                  float64
		command, text, kind any
		rows                any
	}{
		{1, "CONNECT", nil, nil, nil},
		{2, "CREATE TABLE", "create table my_table (id serial primary key, name varchar(32));", nil, nil},
		{6, "SELECT", "select * from my_table;", "TABLE", 10.0},
	} {
		found := false
		for _, e := range events {
			found = found || e["command"] == c.command && e["commandText"] == c.text && e["objectType"] == c.kind && e["rowCount"] == c.rows && e["statementId"] == c.id
		}
		if !found {
			t.Errorf("the demonstration does not print the %s of the user guide:\n%s", c.command, out)
		}
	}
}

// TestTail reads the stream once from its beginning, in both formats, with and
// without heartbeats, and from an endpoint in the environment.
func TestTail(t *testing.T) {
	ctx := within(t)
	if r := psql(t, bed.proc.PGPort, "postgres", "postgres", "e2e-tail", "select 'for the tail';\n"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	if _, err := bed.tail.AwaitSession(ctx, "e2e-tail"); err != nil {
		t.Fatal(err)
	}
	stream := *newCloud(bed.proc).cluster(ctx, t, "my-cluster").ActivityStreamKinesisStreamName
	once := []string{"tail", "--endpoint", bed.proc.Endpoint, "--from", "trim-horizon", "--no-follow"}
	plain := mustRun(t, das(t, append(once, "--format", "json")...))
	found := 0
	for s := bufio.NewScanner(strings.NewReader(plain)); s.Scan(); {
		e, err := testbed.ParseEvent(s.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if e.Type != "record" {
			t.Errorf("tail prints %s without being asked for heartbeats", e.Raw)
		}
		if e.Text() == "select 'for the tail';" {
			found++
			matchSample(t, e.Raw, sample(t, "select.json"), []string{"startTime", "errorMessage"}, "serverVersion", "statementId",
				"objectType", "objectName", "rowCount", "commandText", "clientApplication", "dbUserName")
		}
	}
	if found != 1 {
		t.Errorf("tail prints the statement %d times", found)
	}
	if named := mustRun(t, das(t, append(once, "--stream", stream)...)); !strings.Contains(named, "for the tail") {
		t.Errorf("tail --stream %s prints %q", stream, named)
	}
	beats, err := bed.proc.Tail("--heartbeats")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := beats.Await(ctx, func(all []testbed.Event) bool {
		return slices.ContainsFunc(all, func(e testbed.Event) bool { return e.Type == "heartbeat" })
	}); err != nil {
		t.Errorf("tail --heartbeats: %v", err)
	}
	if err := beats.Stop(); err != nil {
		t.Error(err)
	}
	if text := mustRun(t, das(t, append(once, "--format", "text")...)); !strings.Contains(text, "select 'for the tail';") || strings.HasPrefix(text, "{") {
		t.Errorf("tail --format text prints %.300q", text)
	}
	missing := runCmd(t, das(t, append(once, "--stream", "no-such-stream")...))
	if missing.code == 0 {
		t.Error("tail of a stream that does not exist succeeds")
	}
	sentence(t, missing.stderr, "no-such-stream")
}

// TestDecrypt gives captured stream records to `das-local decrypt`.
func TestDecrypt(t *testing.T) {
	ctx := within(t)
	p := startDAS(t, "--start-stream=off", "--heartbeat=0")
	sdk := newCloud(p)
	cluster := sdk.startStream(ctx, t, rdstypes.ActivityStreamModeSync)
	if r := psql(t, p.PGPort, "postgres", "postgres", "e2e-decrypt", "select 'captured';\n"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	var captured bytes.Buffer
	node := newDecryptor(t)
	want := 0
	sdk.read(ctx, t, *cluster.ActivityStreamKinesisStreamName, *cluster.DbClusterResourceId, func(r record) bool {
		captured.Write(append(r.Data, '\n'))
		in, err := node.open(r)
		if err != nil {
			t.Fatal(err)
		}
		want += len(in.Events)
		return !strings.Contains(in.raw, `"DISCONNECT"`)
	})
	decrypt := func(input string, args ...string) *exec.Cmd {
		cmd := das(t, append([]string{"decrypt", "--endpoint", p.Endpoint, "--cluster-resource-id", *cluster.DbClusterResourceId}, args...)...)
		cmd.Env = append(cmd.Env, awsEnv(p, "us-east-1")...)
		cmd.Stdin = strings.NewReader(input)
		return cmd
	}
	out := mustRun(t, decrypt(captured.String()))
	if got := eventsOf(objects(out)); len(got) != want || !strings.Contains(out, "select 'captured';") {
		t.Errorf("decrypt prints %d events, want %d:\n%s", len(got), want, out)
	}
	for _, form := range []string{"", "--format=text", "--format=table", "--format=json"} {
		explained := mustRun(t, decrypt(captured.String(), append([]string{"--explain"}, strings.Fields(form)...)...))
		for _, word := range []string{"0178", "BC", "DataKey", "4096"} {
			if !strings.Contains(explained, word) {
				t.Errorf("decrypt --explain %s does not say %q:\n%s", form, word, explained)
			}
		}
		if isJSON := strings.HasPrefix(explained, "{"); isJSON != (form == "--format=json") {
			t.Errorf("decrypt --explain %s prints %s", form, explained)
		}
	}
	if text := mustRun(t, decrypt(captured.String(), "--format", "text")); !strings.Contains(text, "db=postgres select 'captured';\n") {
		t.Errorf("decrypt --format text prints %s", text)
	}
	if table := mustRun(t, decrypt(captured.String(), "--format", "table")); !strings.HasPrefix(table, "TIME ") || !strings.Contains(table, "  select 'captured';\n") {
		t.Errorf("decrypt --format table prints %s", table)
	}
	garbage := runCmd(t, decrypt("this is no record\n"))
	if garbage.code == 0 {
		t.Error("decrypt takes garbage for a record")
	}
	sentence(t, garbage.stderr)
}
