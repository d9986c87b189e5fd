package awsclient

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Whole has the client read the body of each request before it is sent, and each answer
// to its end before the SDK sees it. The SDK closes a request's body as soon as the answer
// begins, and net/http the connection with it if it was about to look for the body's end
// (https://github.com/aws/aws-sdk-go-v2/issues/2737); the SDK then calls again, which an
// action such as a reboot does not take twice, and a stream of events not at all. Such a
// stream has no end to wait for: it is handed over as it comes.
func Whole(client aws.HTTPClient) aws.HTTPClient { return whole{client} }

type whole struct{ aws.HTTPClient }

// CloseIdleConnections is that of http.Client.
func (c whole) CloseIdleConnections() {
	if client, ok := c.HTTPClient.(interface{ CloseIdleConnections() }); ok {
		client.CloseIdleConnections()
	}
}

// Do implements aws.HTTPClient.
func (c whole) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err := errors.Join(err, r.Body.Close()); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	answer, err := c.HTTPClient.Do(r)
	if err != nil || strings.HasPrefix(answer.Header.Get("Content-Type"), "application/vnd.amazon.eventstream") {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}
