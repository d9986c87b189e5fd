package awsapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

// streaming is a service with one operation, which streams.
type streaming struct {
	run func(ctx context.Context, send func(string, any) error) error
}

func (streaming) Name() string { return "kinesis" }

func (s streaming) Operation(string) Operation {
	return Op(func(context.Context, *Request, *struct{}) (*EventStream, error) { return &EventStream{Run: s.run}, nil })
}

// frames are the frames of an answer, as AWS's own decoder reads them.
func frames(t *testing.T, s streaming, media string) (list []string) {
	t.Helper()
	server := httptest.NewServer(NewHandler(Config{Services: []Service{s}, Logger: slog.New(slog.DiscardHandler)}))
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", media)
	req.Header.Set("X-Amz-Target", "Kinesis_20131202.SubscribeToShard")
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != typeEvents || resp.StatusCode != http.StatusOK || resp.Header.Get("X-Amzn-Requestid") == "" {
		t.Errorf("%d %s %v", resp.StatusCode, got, resp.Header)
	}
	for decoder := eventstream.NewDecoder(); ; {
		m, err := decoder.Decode(resp.Body, nil)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		get := func(name string) string {
			if v := m.Headers.Get(name); v != nil {
				return v.String()
			}
			return ""
		}
		if get(":content-type") != media {
			t.Errorf("a frame in %q", get(":content-type"))
		}
		list = append(list, get(":message-type")+" "+get(":event-type")+get(":exception-type")+" "+string(m.Payload))
	}
}

func TestEventStream(t *testing.T) {
	two := func(end error) streaming {
		return streaming{func(_ context.Context, send func(string, any) error) error {
			for _, n := range []int{1, 2} {
				if err := send("Number", map[string]int{"N": n}); err != nil {
					return err
				}
			}
			return end
		}}
	}
	begin := []string{"event initial-response {}", `event Number {"N":1}`, `event Number {"N":2}`}
	tests := []struct {
		name string
		s    streaming
		want []string
	}{
		{"to its end", two(nil), begin},
		{"an exception", two(Errorf("ResourceInUseException", "taken")),
			append(slices.Clone(begin), `exception ResourceInUseException {"__type":"ResourceInUseException","message":"taken"}`)},
		{"a failure", two(errors.New("secret")), append(slices.Clone(begin),
			`exception InternalFailure {"__type":"InternalFailure","message":"The request processing has failed because of an unknown error, exception or failure."}`)},
		{"a panic", streaming{func(context.Context, func(string, any) error) error { panic("oops") }}, []string{begin[0],
			`exception InternalFailure {"__type":"InternalFailure","message":"The request processing has failed because of an unknown error, exception or failure."}`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := frames(t, tt.s, "application/x-amz-json-1.1"); !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
	want := []string{"event initial-response \xa0", "event Number \xa1\x61N\x01", "event Number \xa1\x61N\x02"}
	if got := frames(t, two(nil), "application/x-amz-cbor-1.1"); !slices.Equal(got, want) {
		t.Errorf("in CBOR: %q", got)
	}
}

// TestAClientThatDoesNotReadEnds has a client leave its events unread: the operation
// ends with the client's connection, wherever it stands.
func TestAClientThatDoesNotReadEnds(t *testing.T) {
	ended := make(chan error, 1)
	s := streaming{func(_ context.Context, send func(string, any) error) error {
		for {
			if err := send("Large", map[string]string{"T": strings.Repeat("x", 1<<20)}); err != nil {
				ended <- err
				return err
			}
		}
	}}
	server := httptest.NewServer(NewHandler(Config{Services: []Service{s}, Logger: slog.New(slog.DiscardHandler)}))
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", "Kinesis_20131202.SubscribeToShard")
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close() // with it the connection
	if err := <-ended; err == nil {
		t.Error("it ended without an error")
	}
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte("{}"), "initial-response", "application/x-amz-json-1.1")
	f.Fuzz(func(t *testing.T, payload []byte, event, media string) {
		if len(event) > 1<<15 || len(media) > 1<<15 {
			return // the headers are ours: names and media types
		}
		b := appendFrame([]byte("before"), payload, header{":event-type", event}, header{":content-type", media})
		m, err := eventstream.NewDecoder().Decode(bytes.NewReader(b[len("before"):]), nil)
		if err != nil || !bytes.Equal(m.Payload, payload) || m.Headers.Get(":event-type").String() != event || m.Headers.Get(":content-type").String() != media {
			t.Fatalf("%v: %v", err, m)
		}
	})
}
