package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// control calls the control API of a running das-local: /_das/ on the AWS address.
type control struct{ endpoint, ca, token string }

func (c *control) define(fs flagSet) {
	fs.StringVar(&c.endpoint, "endpoint", cmp.Or(os.Getenv("AWS_ENDPOINT_URL"), defaultEndpoint), "`URL` of das-local")
	fs.StringVar(&c.ca, "ca", "", "`FILE` of certificates (PEM) to trust, such as das-local's own under --aws-tls; empty takes AWS_CA_BUNDLE's")
	fs.StringVar(&c.token, "token", "", "`TOKEN` of a das-local that has --iam or --console-token: its start-up lines have it in the console's address")
}

// call sends and receives JSON. An error of the server is the error.
func (c control) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	if err := checkEndpoint("endpoint", c.endpoint); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.endpoint, "/")+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return explainReach(err, c.endpoint)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return fmt.Errorf("read the answer of das-local: %w", err)
	}
	if resp.StatusCode >= 300 {
		return c.refused(resp.Status, answer)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s does not answer as das-local does: %w; give das-local's address with --endpoint", c.endpoint, err)
	}
	return nil
}

// refused is the error that an answer tells of.
func (c control) refused(status string, answer []byte) error {
	var told struct{ Error, Status string }
	switch err := json.Unmarshal(answer, &told); {
	case err == nil && told.Error != "":
		return errors.New(told.Error)
	case err == nil && told.Status == "starting":
		return fmt.Errorf("das-local at %s is starting: try again", c.endpoint)
	}
	if strings.Contains(string(answer), "HTTP request to an HTTPS server") {
		return explainReach(errors.New(string(answer)), c.endpoint)
	}
	return fmt.Errorf("%s answers %s, as das-local does not; give das-local's address with --endpoint", c.endpoint, status)
}

// client trusts the certificates that it is told to.
func (c control) client() (*http.Client, error) {
	security, err := trusted(cmp.Or(c.ca, os.Getenv("AWS_CA_BUNDLE")))
	return &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: security}}, err
}
