package kinesisfake

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// text is a CBOR text string, in hexadecimal.
func text(s string) string {
	if len(s) < 24 {
		return hex.EncodeToString(append([]byte{byte(0x60 + len(s))}, s...))
	}
	return "78" + hex.EncodeToString(append([]byte{byte(len(s))}, s...))
}

// TestCBOR speaks as Java's SDKs do: maps and lists of indefinite length, blobs
// as byte strings. The answers are compared byte by byte.
func TestCBOR(t *testing.T) {
	clk := newClock()
	clk.t = time.UnixMilli(1700000000123)
	s := newServer(t, Config{Now: clk.now})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	url := serve(t, s)

	put := "bf" + text("Records") + "9f" +
		"bf" + text("Data") + "43" + "00ff01" + text("PartitionKey") + text("key") + "ff" +
		"bf" + text("Data") + "40" + text("ExplicitHashKey") + text("0") + text("PartitionKey") + text("é") + "ff" +
		"ff" + text("StreamName") + text("s") + "ff"
	first := sequence{created: 1700000000, position: 1, arrival: 1700000000}.String()
	second := sequence{created: 1700000000, position: 2, arrival: 1700000000}.String()
	wantCBOR(t, url, "PutRecords", put, 200, "a2"+text("FailedRecordCount")+"00"+text("Records")+"82"+
		"a2"+text("SequenceNumber")+text(first)+text("ShardId")+text(shard0)+
		"a2"+text("SequenceNumber")+text(second)+text("ShardId")+text(shard0))

	clk.advance(1500 * time.Millisecond)
	at := "bf" + text("StreamName") + text("s") + text("ShardId") + text(shard0) +
		text("ShardIteratorType") + text("AT_TIMESTAMP") + text("Timestamp") + "c1" + "1b" + "0000018bcfe5687b" + "ff"
	answer := postCBOR(t, url, "GetShardIterator", at, 200)
	iterator, found := bytes.CutPrefix(answer, []byte("\xa1\x6dShardIterator"))
	if !found {
		t.Fatalf("iterator: %q", answer)
	}
	get := "bf" + text("ShardIterator") + hex.EncodeToString(iterator) + text("Limit") + "19" + "2710" + "ff"
	answer = postCBOR(t, url, "GetRecords", get, 200)
	arrival := text("ApproximateArrivalTimestamp") + "c1" + "1b" + "0000018bcfe5687b"
	want := "a3" + text("Records") + "82" +
		"a4" + text("SequenceNumber") + text(first) + arrival + text("Data") + "43" + "00ff01" + text("PartitionKey") + text("key") +
		"a4" + text("SequenceNumber") + text(second) + arrival + text("Data") + "40" + text("PartitionKey") + text("é") +
		text("NextShardIterator")
	if got := hex.EncodeToString(answer); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, text("MillisBehindLatest")+"00") {
		t.Errorf("got  %s\nwant %s…", got, want)
	}

	wantCBOR(t, url, "DeleteStream", "bf"+text("StreamName")+text("x")+"ff", 400,
		"a2"+text("__type")+text("ResourceNotFoundException")+text("message")+text("Stream x under account 000000000000 not found."))
	wantCBOR(t, url, "DeleteStream", "bf"+text("StreamName")+text("s")+"ff", 200, "")
}

func wantCBOR(t *testing.T, url, operation, request string, status int, want string) {
	t.Helper()
	got := hex.EncodeToString(postCBOR(t, url, operation, request, status))
	if got != want {
		t.Errorf("%s:\ngot  %s\nwant %s", operation, got, want)
	}
}

func postCBOR(t *testing.T, url, operation, request string, status int) []byte {
	t.Helper()
	body, err := hex.DecodeString(request)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), "POST", url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-cbor-1.1")
	r.Header.Set("X-Amz-Target", "Kinesis_20131202."+operation)
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status {
		t.Fatalf("%s: %d %q, %v", operation, resp.StatusCode, answer, err)
	}
	return answer
}
