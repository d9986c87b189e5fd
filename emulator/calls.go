package emulator

import (
	"context"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/das-local/das-local/internal/awsapi"
)

// newCalls counts the calls of AWS clients. Those of operations that are not served
// have neither service nor operation.
func newCalls() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "das_local_aws_calls_total",
		Help: "Calls of AWS clients that were answered, by HTTP status; 0 if the connection was cut before."}, []string{"service", "operation", "status"})
}

// observeCall implements awsapi.Observer.
func (e *Emulator) observeCall(r *http.Request, service, operation string) (context.Context, func(awsapi.Outcome)) {
	ctx, answered := e.traces.call(r, service, operation)
	return ctx, func(o awsapi.Outcome) {
		answered(o)
		e.calls.WithLabelValues(service, operation, strconv.Itoa(o.Status)).Inc()
	}
}
