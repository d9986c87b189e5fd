package passthrough

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// targets are the services of the X-Amz-Target prefixes that das-local serves, and
// the signing names of some that it does not.
var targets = map[string]string{
	"Kinesis_20131202": "kinesis", "TrentService": "kms",
	"DynamoDB_20120810": "dynamodb", "DynamoDBStreams_20120810": "dynamodb", "AmazonSQS": "sqs", "AmazonSSM": "ssm",
	"AWSEvents": "events", "Logs_20140328": "logs", "secretsmanager": "secretsmanager", "AWSStepFunctions": "states",
	"GraniteServiceVersion20100801": "monitoring", "Firehose_20150804": "firehose",
}

// service tells which service a request is for, by its head; empty: it does not say.
func service(r *http.Request) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		prefix, _, _ := strings.Cut(target, ".")
		if s := targets[prefix]; s != "" {
			return s
		}
		if s := scope(r); s != "" {
			return s
		}
		return prefix
	}
	if s := scope(r); s != "" {
		return s
	}
	return hostService(r.Host)
}

// scope is the service in the credential scope of a signed request, of Signature
// Version 4 or 4A.
func scope(r *http.Request) string {
	credential := ""
	if h := r.Header.Get("Authorization"); strings.HasPrefix(h, "AWS4-") {
		_, after, _ := strings.Cut(h, "Credential=")
		credential, _, _ = strings.Cut(after, ",")
	} else if strings.Contains(r.URL.RawQuery, "X-Amz-Credential=") {
		credential = r.URL.Query().Get("X-Amz-Credential")
	}
	p := strings.Split(strings.TrimSpace(credential), "/")
	if n := len(p); n >= 4 && strings.HasPrefix(p[n-1], "aws4_request") {
		return p[n-2]
	}
	return ""
}

// hostService reads the first name of hosts such as sns.us-east-1.amazonaws.com and
// sns.localhost.localstack.cloud; an address or localhost says nothing.
func hostService(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	first, rest, ok := strings.Cut(strings.ToLower(host), ".")
	if !ok || !strings.HasSuffix(rest, "amazonaws.com") && !strings.HasSuffix(rest, "amazonaws.com.cn") && !strings.HasPrefix(rest, "localhost") {
		return ""
	}
	return first
}

// action is the Action of a query request.
func action(r *http.Request, body []byte) string {
	if a := r.URL.Query().Get("Action"); a != "" || r.Method == http.MethodGet {
		return a
	}
	form, _ := url.ParseQuery(string(body)) // what is malformed is left out
	return form.Get("Action")
}
