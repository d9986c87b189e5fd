package leakcheck

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long something may take to end that has been told to.
const patience = time.Minute

// Main is TestMain: it runs the tests and exits. What they share is made by setUp,
// which may be nil, and ended by the function that it returns, before the check.
func Main(m *testing.M, setUp ...func() (tearDown func() error, err error)) {
	os.Exit(run(m, setUp))
}

func run(m *testing.M, setUp []func() (func() error, error)) (code int) {
	before := openFiles()
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	var ends []func() error
	for _, f := range setUp {
		end, err := f()
		if end != nil {
			ends = append(ends, end)
		}
		if err != nil {
			fail(fmt.Errorf("set up the tests: %w", err))
			break
		}
	}
	if code == 0 {
		code = m.Run()
	}
	for i := len(ends) - 1; i >= 0; i-- {
		fail(ends[i]())
	}
	if code == 0 { // a test that failed may well have left something
		fail(check(before))
	}
	return code
}

// check waits until nothing is left, or says what is.
func check(before map[string]string) error {
	end := time.Now().Add(patience)
	for {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		err := errors.Join(goleak.Find(), leftOpen(before))
		if err == nil || time.Now().After(end) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}
