package awsapi

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestHandlerCBOR has a request as Java's Jackson writes it: maps and lists of
// indefinite length, blobs as byte strings, timestamps as tagged milliseconds.
func TestHandlerCBOR(t *testing.T) {
	request := "bf" +
		"64" + hex.EncodeToString([]byte("Name")) + "61" + "78" +
		"64" + hex.EncodeToString([]byte("Data")) + "5f" + "42" + "0001" + "41" + "02" + "ff" +
		"64" + hex.EncodeToString([]byte("List")) + "9f" + "61" + "61" + "61" + "62" + "ff" +
		"62" + hex.EncodeToString([]byte("At")) + "c1" + "1b" + "0000018bcfe5687b" +
		"65" + hex.EncodeToString([]byte("Other")) + "bf" + "61" + "61" + "f6" + "ff" +
		"ff"
	want := "a5" +
		"64" + hex.EncodeToString([]byte("Name")) + "61" + "78" +
		"64" + hex.EncodeToString([]byte("Data")) + "43" + "000102" +
		"64" + hex.EncodeToString([]byte("List")) + "82" + "61" + "61" + "61" + "62" +
		"62" + hex.EncodeToString([]byte("At")) + "c1" + "1b" + "0000018bcfe5687b" +
		"63" + hex.EncodeToString([]byte("Who")) + "78" + "24" + hex.EncodeToString([]byte("kinesis Echo us-east-1 000000000000 "))
	status, got := postCBOR(t, "Kinesis_20131202.Echo", request)
	if status != 200 || got != want {
		t.Errorf("got  %d %s\nwant 200 %s", status, got, want)
	}
}

func TestHandlerCBORErrors(t *testing.T) {
	tests := []struct{ name, target, request, want string }{
		{"client error", "Kinesis_20131202.Fail", "bfff", "ThingException"},
		{"unknown", "Kinesis_20131202.Nope", "bfff", "UnknownOperationException"},
		{"no map", "Kinesis_20131202.Echo", "80", "SerializationException"},
		{"truncated", "Kinesis_20131202.Echo", "bf64", "SerializationException"},
		{"base64 for a blob", "Kinesis_20131202.Echo", "a16444617461644151493d", "SerializationException"},
		{"huge length", "Kinesis_20131202.Echo", "a164446174615b7fffffffffffffff00", "SerializationException"},
		{"deep", "Kinesis_20131202.Echo", "a16161" + strings.Repeat("81", 5000) + "00", "SerializationException"},
		{"number for string", "Kinesis_20131202.Echo", "a1644e616d6501", "can not be converted to"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, got := postCBOR(t, tt.target, tt.request)
			answer, err := hex.DecodeString(got)
			if err != nil || status != 400 || !bytes.Contains(answer, []byte(tt.want)) {
				t.Errorf("got %d %q, want 400 with %s", status, answer, tt.want)
			}
		})
	}
}

func postCBOR(t *testing.T, target, requestHex string) (status int, answerHex string) {
	t.Helper()
	body, err := hex.DecodeString(requestHex)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/", bytes.NewReader(body))
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Content-Type", "application/x-amz-cbor-1.1")
	w := httptest.NewRecorder()
	newTestHandler(io.Discard).ServeHTTP(w, r)
	if got := w.Header().Get("Content-Type"); got != "application/x-amz-cbor-1.1" {
		t.Errorf("content type %q", got)
	}
	return w.Code, hex.EncodeToString(w.Body.Bytes())
}
