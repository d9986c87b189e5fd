package emulator

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"

	"github.com/das-local/das-local/internal/consumer"
	"github.com/das-local/das-local/internal/stream"
)

// as is what a user of the example's account has.
func (b *bed) as(key, secret, token string) aws.Config {
	cfg := b.AWSConfig()
	cfg.Credentials = credentials.NewStaticCredentialsProvider(key, secret, token)
	return cfg
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// TestIAM: the policies of the example's users decide about streams, and who starts
// and stops one is in the stream.
func TestIAM(t *testing.T) {
	b := newBed(t, Options{IAM: "../testdata/iam/account.json", Heartbeat: -1, StopTime: time.Hour})
	dba := rds.NewFromConfig(b.as("AKIADBA", "dba-secret", ""))
	security := rds.NewFromConfig(b.as("AKIASECURITY", "security-secret", ""))
	start := func(c *rds.Client) error {
		_, err := c.StartActivityStream(t.Context(), &rds.StartActivityStreamInput{ResourceArn: aws.String(b.ClusterARN()),
			Mode: types.ActivityStreamModeAsync, KmsKeyId: aws.String(b.KeyARN()), ApplyImmediately: aws.Bool(true)})
		return err
	}
	if err := start(dba); code(err) != "AccessDenied" || !strings.Contains(err.Error(), "User: arn:aws:iam::000000000000:user/dba is not authorized to perform: rds:StartActivityStream on resource: "+
		b.ClusterARN()+" with an explicit deny in an identity-based policy") {
		t.Error(err)
	}
	if err := start(security); err != nil {
		t.Fatal(err)
	}
	b.awaitStatus("available started available")
	if _, err := b.connect().Exec(t.Context(), "select 'the end'"); err != nil {
		t.Fatal(err)
	}

	b.readAsConsumer()
	b.letIn()

	// The stop is the last event, and the one who is denied leaves none.
	if _, err := dba.StopActivityStream(t.Context(), &rds.StopActivityStreamInput{ResourceArn: aws.String(b.ClusterARN())}); code(err) != "AccessDenied" {
		t.Error(err)
	}
	if _, err := security.StopActivityStream(t.Context(), &rds.StopActivityStreamInput{ResourceArn: aws.String(b.ClusterARN())}); err != nil {
		t.Fatal(err)
	}
	b.awaitLast()
	b.awaitStopped()
}

// readAsConsumer: the consumer's role may read and decrypt, and no more. The first event is
// the start.
func (b *bed) readAsConsumer() {
	b.t.Helper()
	role := b.as("ASIACONSUMER", "consumer-secret", "consumer-token")
	c, err := consumer.New(consumer.Config{Kinesis: kinesis.NewFromConfig(role), KMS: kms.NewFromConfig(role), StreamName: b.StreamName(), Follow: true})
	if err != nil {
		b.t.Fatal(err)
	}
	var first string
	for event, err := range c.Events(b.within()) {
		if err != nil {
			b.t.Fatal(err)
		}
		if first == "" {
			first = string(event.JSON)
		}
		if strings.Contains(string(event.JSON), "the end") {
			break
		}
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(first), &got); err != nil {
		b.t.Fatal(err)
	}
	if got["command"] != "StartActivityStream" || got["dbUserName"] != "arn:aws:iam::000000000000:user/security" || got["class"] != "MISC" ||
		got["objectName"] != b.ClusterARN() || got["remoteHost"] != "127.0.0.1" || !strings.Contains(got["commandText"].(string), `"Mode":"async"`) {
		b.t.Errorf("the first event is %s", first)
	}
	if _, err := kms.NewFromConfig(role).ListKeys(b.t.Context(), nil); code(err) != "AccessDeniedException" {
		b.t.Error(err)
	}
}

// letIn: the stream's own policy lets somebody in.
func (b *bed) letIn() {
	b.t.Helper()
	reader, admin := kinesis.NewFromConfig(b.as("AKIADBA", "dba-secret", "")), kinesis.NewFromConfig(b.as("AKIAADMIN", "admin-secret", ""))
	list := &kinesis.ListShardsInput{StreamName: aws.String(b.StreamName())}
	if _, err := reader.ListShards(b.t.Context(), list); code(err) != "AccessDeniedException" {
		b.t.Error(err)
	}
	arn := "arn:aws:kinesis:us-east-1:000000000000:stream/" + b.StreamName()
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/dba"},"Action":"kinesis:ListShards","Resource":"` + arn + `"}]}`
	if _, err := admin.PutResourcePolicy(b.t.Context(), &kinesis.PutResourcePolicyInput{ResourceARN: &arn, Policy: &policy}); err != nil {
		b.t.Fatal(err)
	}
	if _, err := reader.ListShards(b.t.Context(), list); err != nil {
		b.t.Error(err)
	}
}

// awaitLast: a waiting stop is done by a reboot; a reader that follows sees its event before
// the stream is deleted.
func (b *bed) awaitLast() {
	b.t.Helper()
	if _, err := b.rds.RebootDBInstance(b.t.Context(), &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1")}); err != nil {
		b.t.Fatal(err)
	}
	var last *Event
	for event, err := range b.Events(b.within()) {
		if err != nil {
			b.t.Fatal(err)
		}
		if *event.Command == "StopActivityStream" {
			last = &event
			break
		}
	}
	if last == nil || *last.DBUserName != "arn:aws:iam::000000000000:user/security" {
		b.t.Errorf("the stop is %+v", last)
	}
}

// TestKeyPolicy: a key policy that does not let RDS use the key any more begins a
// window of loss, and one that does ends it.
func TestKeyPolicy(t *testing.T) {
	t.Parallel()
	b := newBed(t, failing(stream.Async, ""))
	conn := b.connect()
	policy := func(text string) {
		t.Helper()
		// The account keeps the policy itself in its hands: KMS refuses one that locks out.
		text = strings.Replace(text, `"Statement":[`, `"Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"kms:PutKeyPolicy","Resource":"*"},`, 1)
		if _, err := b.kms.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: aws.String(b.KeyARN()), Policy: &text}); err != nil {
			t.Fatal(err)
		}
	}
	was, err := b.kms.GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: aws.String(b.KeyARN())})
	if err != nil {
		t.Fatal(err)
	}
	run := func(text string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	run("select 'kept', 0")
	policy(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/admin"},"Action":"kms:*","Resource":"*"}]}`)
	run("select 'kept', 1")
	if m := b.awaitMessage("activity events might be lost"); !strings.Contains(m, "is not authorized to perform: kms:GenerateDataKey") {
		t.Errorf("the cause is not told: %s", m)
	}
	// No stream is started with such a key.
	other, err := b.rds.CreateDBCluster(t.Context(), &rds.CreateDBClusterInput{DBClusterIdentifier: aws.String("other"), Engine: aws.String("aurora-postgresql"),
		MasterUsername: aws.String("u"), MasterUserPassword: aws.String("password1")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.rds.StartActivityStream(t.Context(), &rds.StartActivityStreamInput{ResourceArn: other.DBCluster.DBClusterArn, Mode: "sync", KmsKeyId: aws.String(b.KeyARN())})
	if code(err) != "KMSKeyNotAccessibleFault" {
		t.Error(err)
	}
	policy(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"rds.amazonaws.com"},"Action":"kms:GenerateDataKey","Resource":"*",
		"Condition":{"StringLike":{"kms:EncryptionContext:aws:rds:dbc-id":"cluster-*","kms:ViaService":"rds.*.amazonaws.com"}}}]}`)
	if m := b.awaitMessage("activity events are durable again"); !strings.HasSuffix(m, "Events lost: 0") {
		t.Error(m)
	}
	policy(*was.Policy)
	run("select 'kept', 2")
	if got := b.texts("select 'kept', 2", "kept"); len(got) != 3 || !slices.IsSorted(got) {
		t.Errorf("events %q", got)
	}
}

func TestAWSTLS(t *testing.T) {
	dir := t.TempDir()
	var kept []byte
	for range 2 {
		e, err := Start(t.Context(), Options{AWSTLS: true, DataDir: dir, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		b := &bed{Emulator: e, t: t}
		cert, err := os.ReadFile(e.CertificateFile())
		if err != nil {
			t.Fatal(err)
		}
		if kept != nil && string(kept) != string(cert) {
			t.Error("the data directory's certificate has changed")
		}
		kept = cert
		b.checkTLS(cert)
		if _, err := rds.NewFromConfig(e.AWSConfig()).DescribeDBClusters(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if err := e.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	b := newBed(t, Options{AWSTLS: true})
	file := b.CertificateFile()
	if cert, err := os.ReadFile(file); err != nil {
		t.Error(err)
	} else {
		b.checkTLS(cert)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Errorf("%s is left behind", file)
	}
}

// checkTLS calls with HTTP/1.1 and HTTP/2, trusting the certificate alone.
func (b *bed) checkTLS(cert []byte) {
	b.t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(cert) {
		b.t.Fatal("no certificate")
	}
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: protocol == "HTTP/2.0"}
		res, err := (&http.Client{Transport: tr}).Get(b.Endpoint() + "/_das/aws-cert.pem")
		if err != nil {
			b.t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		tr.CloseIdleConnections()
		if err != nil || res.Proto != protocol || string(body) != string(cert) {
			b.t.Errorf("%s: %v %s", protocol, err, res.Proto)
		}
	}
}

func TestFront(t *testing.T) {
	b := newBed(t, Options{Heartbeat: -1})
	send := func(method, path, body string, headers ...string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, b.Endpoint()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		r.Host = r.Header.Get("Host")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer http.DefaultClient.CloseIdleConnections()
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(text)
	}
	const form = "application/x-www-form-urlencoded"
	call := func(headers ...string) int {
		res, _ := send("POST", "/", "Action=DescribeDBClusters&Version=2014-10-31", append([]string{"Content-Type", form}, headers...)...)
		for name := range res.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s is sent", name)
			}
		}
		return res.StatusCode
	}
	for _, test := range []struct {
		headers []string
		want    int
	}{
		{nil, 200},
		{[]string{"Origin", b.Endpoint()}, 200},
		{[]string{"Origin", b.Endpoint(), "Sec-Fetch-Site", "same-origin"}, 200},
		{[]string{"Origin", "http://evil.example"}, 403},
		{[]string{"Origin", "null"}, 403},
		{[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		{[]string{"Sec-Fetch-Site", "same-site"}, 403},
		{[]string{"Host", "evil.example:80"}, 200}, // AWS's clients use any name
		{[]string{"Host", "evil.example:80", "Sec-Fetch-Site", "same-origin"}, 421},
		{[]string{"Host", "evil.example:80", "Origin", "http://evil.example:80"}, 421},
		{[]string{"Host", "localhost:80", "Sec-Fetch-Site", "same-origin"}, 200},
	} {
		if got := call(test.headers...); got != test.want {
			t.Errorf("%q: %d", test.headers, got)
		}
	}
	if res, _ := send("GET", "/?Action=DeleteDBCluster&DBClusterIdentifier=my-cluster", "", "Sec-Fetch-Site", "cross-site"); res.StatusCode != 403 {
		t.Errorf("a GET of another page's: %d", res.StatusCode)
	}
	if res, _ := send("GET", "/_das/health?x=y", "", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"); res.StatusCode != 200 {
		t.Errorf("a link to a page: %d", res.StatusCode)
	}
	if res, _ := send("OPTIONS", "/", "", "Origin", "http://evil.example", "Access-Control-Request-Method", "POST"); res.StatusCode != 403 || res.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a preflight: %d %v", res.StatusCode, res.Header)
	}
	if res, _ := send("OPTIONS", "/", ""); res.StatusCode != 204 || res.Header.Get("Allow") == "" {
		t.Errorf("OPTIONS: %d", res.StatusCode)
	}
	res, body := send("GET", "/_localstack/health", "")
	var health struct{ Services map[string]string }
	if err := json.Unmarshal([]byte(body), &health); err != nil || res.StatusCode != 200 || health.Services["kinesis"] != "running" || health.Services["sts"] != "running" {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if res, body := send("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", "Content-Type", form); res.StatusCode != 200 || !strings.Contains(body, "<Arn>arn:aws:iam::000000000000:root</Arn>") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if res, body := send("POST", "/", "{}", "X-Amz-Target", "DynamoDB_20120810.ListTables", "Content-Type", "application/x-amz-json-1.0"); res.StatusCode != 400 || !strings.Contains(body, "--passthrough") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

func TestIdentityOptions(t *testing.T) {
	for _, test := range []struct {
		o    Options
		want string
	}{
		{Options{IAM: "none.json"}, "read the IAM file: open none.json"},
		{Options{Passthrough: "localhost:4567"}, "is not a URL such as"},
		{Options{AWSCert: "x"}, "are given together"},
		{Options{AWSCert: "x", AWSKey: "y"}, "load the TLS certificate x of the AWS address"},
	} {
		test.o.Logger = slog.New(slog.DiscardHandler)
		e, err := Start(t.Context(), test.o)
		if err == nil {
			t.Error(e.Close(t.Context()))
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}
