package testbed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
)

// Unreliable stands in front of an AWS endpoint and fails as Kinesis and networks do.
// The fields may be changed at any time between Lock and Unlock.
type Unreliable struct {
	URL string

	sync.Mutex
	// Down closes each connection without an answer; nothing is passed on.
	Down bool
	// Refuse says with which error code a record of PutRecords is refused, by its
	// partition key; "" passes it on. nil passes all on.
	Refuse func(partitionKey string) string
	// Lose says whether an answer of PutRecords is lost that was passed on. nil: none.
	Lose func() bool

	// Hold is called before records are passed on, unlocked. nil: nothing waits.
	Hold func()

	counts Counts
	oneAt  sync.Mutex // held while a PutRecords is passed on: moto takes one at a time only
	relay  *httputil.ReverseProxy
	server *httptest.Server
}

// Counts are those of PutRecords calls: all of them, the records that were refused, the
// answers that were lost, and the most records of one call.
type Counts struct{ Calls, Refused, Lost, MostRecords int }

// Counts is what has happened since it was called last.
func (u *Unreliable) Counts() Counts {
	u.Lock()
	defer u.Unlock()
	c := u.counts
	u.counts = Counts{}
	return c
}

// NewUnreliable begins to serve in front of target. The caller closes it.
func NewUnreliable(target string) (*Unreliable, error) {
	to, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	u := &Unreliable{relay: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: &http.Transport{}}}
	u.server = httptest.NewServer(u)
	u.URL = u.server.URL
	return u, nil
}

// Close ends it.
func (u *Unreliable) Close() {
	u.server.Close()
	u.relay.Transport.(*http.Transport).CloseIdleConnections()
}

// ServeHTTP passes a call on, or fails.
func (u *Unreliable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.Lock()
	down := u.Down
	u.Unlock()
	if down {
		panic(http.ErrAbortHandler)
	}
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".PutRecords") {
		u.relay.ServeHTTP(w, r)
		return
	}
	if err := u.putRecords(w, r); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// entry is one record's part of PutRecords' answer.
type entry map[string]any

// putRecords passes those records on that are not refused, and answers for all.
func (u *Unreliable) putRecords(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	var in map[string]any
	if err := json.Unmarshal(body, &in); err != nil {
		return fmt.Errorf("PutRecords is not of AWS JSON: %w", err)
	}
	records, _ := in["Records"].([]any)
	refused, pass, lose, hold := u.decide(records)
	if hold != nil {
		hold()
	}
	out := map[string]any{"Records": []any{}, "EncryptionType": "NONE"}
	if len(pass) > 0 {
		in["Records"] = pass
		if body, err = json.Marshal(in); err != nil {
			return err
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		answer := httptest.NewRecorder()
		u.oneAt.Lock()
		u.relay.ServeHTTP(answer, r)
		u.oneAt.Unlock()
		if lose {
			panic(http.ErrAbortHandler)
		}
		if answer.Code != http.StatusOK {
			w.WriteHeader(answer.Code)
			_, err := w.Write(answer.Body.Bytes())
			return err
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &out); err != nil {
			return err
		}
	}
	stored, _ := out["Records"].([]any)
	var all []any
	for _, code := range refused {
		if code != "" {
			all = append(all, entry{"ErrorCode": code, "ErrorMessage": "refused by the test"})
		} else if len(stored) > 0 {
			all, stored = append(all, stored[0]), stored[1:]
		}
	}
	out["Records"], out["FailedRecordCount"] = all, len(records)-len(pass)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	return json.NewEncoder(w).Encode(out)
}

// decide gives the error code of each record, those to pass on, and whether the answer
// is lost, and what is called before.
func (u *Unreliable) decide(records []any) (refused []string, pass []any, lose bool, hold func()) {
	u.Lock()
	defer u.Unlock()
	u.counts.Calls++
	u.counts.MostRecords = max(u.counts.MostRecords, len(records))
	for _, r := range records {
		code := ""
		if fields, ok := r.(map[string]any); ok && u.Refuse != nil {
			key, _ := fields["PartitionKey"].(string)
			code = u.Refuse(key)
		}
		refused = append(refused, code)
		if code == "" {
			pass = append(pass, r)
		} else {
			u.counts.Refused++
		}
	}
	if len(pass) > 0 && u.Lose != nil && u.Lose() {
		u.counts.Lost++
		lose = true
	}
	return refused, pass, lose, u.Hold
}
