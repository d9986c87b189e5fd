package awsclient

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Whole has the client read each answer to its end before the SDK sees it. The SDK
// sometimes finds the connection of a quick answer closed
// (https://github.com/aws/aws-sdk-go-v2/issues/2737) and calls again, which an action such
// as a reboot does not take twice. An event stream has no end to wait for: it is handed
// over as it comes.
func Whole(client aws.HTTPClient) aws.HTTPClient { return whole{client} }

type whole struct{ aws.HTTPClient }

// Do implements aws.HTTPClient.
func (c whole) Do(r *http.Request) (*http.Response, error) {
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
