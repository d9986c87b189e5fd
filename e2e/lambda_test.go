package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/das-local/das-local/e2e/testbed"
)

// lambdaDir has AWS's runtime interface emulator, which is in AWS's base images.
var lambdaDir = installed("lambda", func(src, dst string, pins []string) [][]string {
	version, err := os.ReadFile(filepath.Join(src, pins[0]))
	if err != nil {
		return [][]string{{"cat", filepath.Join(src, pins[0])}} // which says the same
	}
	return [][]string{{"env", "GOBIN=" + dst, "go", "install", strings.TrimSpace(string(version))}}
}, "emulator.txt")

// startLambda runs a function of docs/examples/lambda in AWS's runtime for Python, until
// the test's end. Its log has what the function prints.
func startLambda(t *testing.T, p *testbed.Process, function string) (url string, log *testbed.Log) {
	t.Helper()
	emulator, err := lambdaDir()
	if err != nil {
		t.Fatal(err)
	}
	interpreter, err := pythonDir()
	if err != nil {
		t.Fatal(err)
	}
	root, err := testbed.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	ports, err := testbed.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	env := append(awsEnv(p, "us-east-1"), "AWS_LAMBDA_FUNCTION_TIMEOUT=300", "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH="+filepath.Join(root, "docs", "examples", "lambda"))
	url, log, _ = serveOther(t, env, func(port string) []string {
		return []string{filepath.Join(emulator, "aws-lambda-rie"), "--runtime-interface-emulator-address", "127.0.0.1:" + port,
			"--runtime-api-address", fmt.Sprintf("127.0.0.1:%d", ports[0]), filepath.Join(interpreter, "bin", "python"), "-m", "awslambdaric", function}
	})
	return url + "/2015-03-31/functions/function/invocations", log
}

// call is a line of das-local lambda.
type call struct {
	Records, Attempts int
	Answer            json.RawMessage
}

func calls(t *testing.T, lines string) (list []call) {
	t.Helper()
	for line := range strings.Lines(lines) {
		var c call
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		list = append(list, c)
	}
	return list
}

// TestLambda hands a stream to functions in AWS's own runtime.
func TestLambda(t *testing.T) {
	p := startDAS(t, "--start-stream=sync", "--heartbeat=0", "--shards=2")
	lambda := func(args ...string) result {
		t.Helper()
		return runCmd(t, das(t, append([]string{"lambda", "--no-follow", "--endpoint", p.Endpoint}, args...)...))
	}
	const n = 5
	for i := range n { // records of their own: each waits until it is durable
		if r := psql(t, p.PGPort, "postgres", "postgres", "e2e-lambda", fmt.Sprintf("select 'call %d';\n", i)); r.code != 0 {
			t.Fatal(r.stderr)
		}
	}

	t.Run("kinesis", func(t *testing.T) {
		url, log := startLambda(t, p, "app.handler")
		mustRun(t, das(t, "fault", "add", "kms-denied", "--operations", "kms:Decrypt", "--count", "1", "--endpoint", p.Endpoint))
		r := lambda("--function", url, "--batch-size", "2")
		if r.code != 0 || !strings.Contains(r.stderr, "it reports 1 of ") {
			t.Fatalf("%+v\n%s", r, log)
		}
		records, again := 0, 0
		for _, c := range calls(t, r.stdout) {
			if records += c.Records; c.Records < 1 || c.Records > 2 || !strings.Contains(string(c.Answer), "batchItemFailures") {
				t.Errorf("%+v", c)
			}
			again += c.Attempts - 1
		}
		if again != 1 || records < n {
			t.Errorf("%d records, %d calls again: %s", records, again, r.stdout)
		}
		for i := range n {
			if got := strings.Count(log.String(), fmt.Sprintf(`"commandText": "select 'call %d';"`, i)); got != 1 {
				t.Errorf("call %d: the function has printed %d events:\n%s", i, got, log)
			}
		}
	})

	t.Run("firehose", func(t *testing.T) {
		url, log := startLambda(t, p, "app.transform")
		r := lambda("--function", url, "--as", "firehose")
		if r.code != 0 {
			t.Fatalf("%+v\n%s", r, log)
		}
		var lines string
		for _, c := range calls(t, r.stdout) {
			var answer struct {
				Records []struct{ Result, Data string }
			}
			if err := json.Unmarshal(c.Answer, &answer); err != nil || len(answer.Records) != c.Records {
				t.Fatalf("%v: %s", err, c.Answer)
			}
			for _, one := range answer.Records {
				text, err := base64.StdEncoding.DecodeString(one.Data)
				if err != nil || one.Result != "Ok" {
					t.Errorf("%v, %s:\n%s", err, one.Result, log)
				}
				lines += string(text)
			}
		}
		for i := range n {
			if !strings.Contains(lines, fmt.Sprintf("select 'call %d';", i)) {
				t.Errorf("call %d is not in %s", i, lines)
			}
		}

		// The wrong function: it raises an exception.
		r = lambda("--function", url, "--retries", "1")
		if r.code != 1 || r.stdout != "" || !strings.HasSuffix(r.stderr, "called 2 times: KeyError: 'records'\n") {
			t.Errorf("%+v", r)
		}
	})

	t.Run("printed", func(t *testing.T) {
		for _, as := range []string{"kinesis", "firehose"} {
			printed := mustRun(t, das(t, "lambda", "--no-follow", "--as", as, "--batch-size", "3", "--endpoint", p.Endpoint))
			decrypt := das(t, "decrypt", "--endpoint", p.Endpoint)
			decrypt.Stdin = strings.NewReader(printed)
			if events := mustRun(t, decrypt); strings.Count(events, "select 'call ") != n {
				t.Errorf("%s: decrypt prints %s", as, events)
			}
		}
		for _, wrong := range [][]string{{"--as", "sqs"}, {"--batch-size", "0"}, {"--batch-size", "10001"}, {"--retries", "-2"}, {"--from", "start"}, {"--function", "app.handler"}, {"--format", "text"}, {"--retries", "1"}, {"more"}} {
			if r := lambda(wrong...); r.code != 2 || r.stdout != "" {
				t.Errorf("%q: %+v", wrong, r)
			}
		}
	})
}
