package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// records reads a capture whole.
func records(in string) (data, clusters []string, err error) {
	err = eachRecord(strings.NewReader(in), func(r capturedRecord) error {
		data, clusters = append(data, string(r.data)), append(clusters, r.cluster)
		return nil
	})
	return data, clusters, err
}

func TestCapturedForms(t *testing.T) {
	const a, b = `{"type":"A","key":"}{\"\\"}`, `{"type":"B"}`
	enc := base64.StdEncoding.EncodeToString
	lambda := fmt.Sprintf(`{"Records":[{"kinesis":{"data":%q},"eventSourceARN":"arn:aws:kinesis:us-east-1:000000000000:stream/aws-rds-das-cluster-X"}]}`, enc([]byte(a)))
	transform := fmt.Sprintf(`{"invocationId":"i","sourceKinesisStreamArn":"arn:aws:kinesis:us-east-1:000000000000:stream/aws-rds-das-cluster-Y",`+
		`"records":[{"recordId":"1","data":%q},{"recordId":"2","data":%q}]}`, enc([]byte(a)), enc([]byte(b)))
	for name, c := range map[string]struct {
		in      string
		want    []string
		cluster string
	}{
		"lines":              {a + "\n" + b + "\n", []string{a, b}, ""},
		"Firehose":           {a + b + a, []string{a, b, a}, ""},
		"an array":           {"[\n" + a + ",\n" + b + "\n]\n", []string{a, b}, ""},
		"base64":             {enc([]byte(a)) + "\n" + enc([]byte(b)), []string{a, b}, ""},
		"base64 in an array": {fmt.Sprintf("[%q,\r\n%q]", enc([]byte(a)), enc([]byte(b))), []string{a, b}, ""},
		"both":               {enc([]byte(a)) + "\n" + b, []string{a, b}, ""},
		"Lambda":             {lambda, []string{a}, "cluster-X"},
		"transformation":     {transform, []string{a, b}, "cluster-Y"},
	} {
		data, clusters, err := records(c.in)
		if err != nil || !slices.Equal(data, c.want) || clusters[0] != c.cluster {
			t.Errorf("%s: %q %q %v", name, data, clusters, err)
		}
	}
}

func TestCapturedFaults(t *testing.T) {
	if _, _, err := records(" \n"); !errors.Is(err, errNothing) {
		t.Errorf("nothing: %v", err)
	}
	for in, want := range map[string]string{
		`{"a":"b"} {"a":`: "record 2: the JSON ends in the middle",
		"%%%%":            "record 1: neither JSON nor base64",
	} {
		if _, _, err := records(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}

func FuzzCaptured(f *testing.F) {
	f.Add(`{"a":1}{"b":"}"}`)
	f.Add("eyJhIjoxfQ==\n")
	f.Add(`{"Records":[{"kinesis":{"data":"eyJhIjoxfQ=="}}]}`)
	f.Add(`{"records":[{"recordId":"1","data":"eyJhIjoxfQ=="}]}`)
	f.Fuzz(func(t *testing.T, in string) {
		data, _, _ := records(in)
		size := 0
		for _, d := range data {
			size += len(d)
		}
		if size > len(in) {
			t.Errorf("%d bytes out of %d", size, len(in))
		}
	})
}
