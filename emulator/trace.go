package emulator

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/stream"
)

// tracing makes spans: one for each call of an AWS client, and one for each round of an
// activity stream, whose children are the calls to Kinesis and KMS. No text of a
// statement is in any. A nil *tracing makes none.
type tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	client   *http.Client
}

// exportPatience bounds one export, also the last one: a collector that hangs does not
// hold the end up for long.
const exportPatience = 10 * time.Second

// openTracing sends spans to Options.OTLPEndpoint, if there is one. Headers, batches and
// the resource's attributes may be given by the environment variables of OpenTelemetry.
func openTracing(ctx context.Context, o Options) (*tracing, error) {
	if o.OTLPEndpoint == "" {
		return nil, nil
	}
	target, err := tracesURL(o.OTLPEndpoint)
	if err != nil {
		return nil, err
	}
	// A client of its own: the idle connections end with the emulator.
	t := &tracing{client: &http.Client{Timeout: exportPatience, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}}}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(target), otlptracehttp.WithHTTPClient(t.client),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{}))
	if err != nil {
		return nil, fmt.Errorf("set the export of traces up: %w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "das-local")), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("read the attributes of the resource: %w", err)
	}
	t.provider = sdktrace.NewTracerProvider(sdktrace.WithBatcher(&loggingExporter{SpanExporter: exporter, log: o.Logger}), sdktrace.WithResource(about))
	t.tracer = t.provider.Tracer("github.com/das-local/das-local")
	return t, nil
}

// tracesURL is where OTLP/HTTP takes traces, below the endpoint.
func tracesURL(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("the OTLP endpoint %q is not a URL such as http://127.0.0.1:4318", endpoint)
	}
	if u.Path = strings.TrimSuffix(u.Path, "/"); !strings.HasSuffix(u.Path, "/v1/traces") {
		u.Path += "/v1/traces"
	}
	return u.String(), nil
}

// loggingExporter tells in the log when spans cannot be exported, once until they can.
type loggingExporter struct {
	sdktrace.SpanExporter
	log     *slog.Logger
	failing atomic.Bool
}

// ExportSpans implements sdktrace.SpanExporter.
func (x *loggingExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := x.SpanExporter.ExportSpans(ctx, spans)
	if failed := err != nil; failed != x.failing.Swap(failed) {
		if failed {
			x.log.Warn("traces cannot be exported; they are dropped until they can", "error", err)
		} else {
			x.log.Info("traces are exported again")
		}
	}
	return nil // the log has it
}

// close exports what is left.
func (t *tracing) close(ctx context.Context) {
	if t == nil {
		return
	}
	_ = t.provider.Shutdown(context.WithoutCancel(ctx)) // the log has it
	t.client.CloseIdleConnections()
}

// awsNames are the services as AWS calls them in spans.
var awsNames = map[string]string{"kinesis": "Kinesis", "kms": "KMS", "rds": "RDS", "sts": "STS"}

func awsCall(service, operation string) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("rpc.system", "aws-api"), attribute.String("rpc.service", awsNames[service]), attribute.String("rpc.method", operation)}
}

// call begins the span of a client's call; a traceparent header makes it a part of the
// client's trace.
func (t *tracing) call(r *http.Request, service, operation string) (context.Context, func(awsapi.Outcome)) {
	if t == nil || service == "" {
		return r.Context(), func(awsapi.Outcome) {}
	}
	ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := t.tracer.Start(ctx, awsNames[service]+"/"+operation, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(awsCall(service, operation)...))
	return ctx, func(o awsapi.Outcome) {
		span.SetAttributes(attribute.Int("http.response.status_code", o.Status))
		if o.Code != "" {
			span.SetAttributes(attribute.String("error.type", o.Code))
			span.SetStatus(codes.Error, o.Code)
		}
		span.End()
	}
}

// rounds observes a stream's rounds; nil without tracing.
func (t *tracing) rounds() func(context.Context, stream.Round) (context.Context, func(bool)) {
	if t == nil {
		return nil
	}
	return func(ctx context.Context, r stream.Round) (context.Context, func(bool)) {
		ctx, span := t.tracer.Start(ctx, "publish", trace.WithAttributes(attribute.String("aws.kinesis.stream_name", r.StreamName),
			attribute.Int64("das_local.events", r.Events), attribute.Int("das_local.records", r.Records)))
		return ctx, func(durable bool) {
			if !durable {
				span.SetStatus(codes.Error, "the stream has ended")
			}
			span.End()
		}
	}
}

// own has a call that das-local makes itself be a span, if it is a part of one.
func (t *tracing) own(ctx context.Context, service, operation string, call func(context.Context) error) error {
	if t == nil || !trace.SpanContextFromContext(ctx).IsValid() {
		return call(ctx)
	}
	ctx, span := t.tracer.Start(ctx, awsNames[service]+"/"+operation, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(awsCall(service, operation)...))
	defer span.End()
	err := call(ctx)
	if err != nil {
		span.SetStatus(codes.Error, "")
		span.RecordError(err)
	}
	return err
}

// tracedPublisher and tracedKeys make spans of a stream's calls.
type tracedPublisher struct {
	stream.Publisher
	t *tracing
}

// PutRecords implements stream.Publisher.
func (p tracedPublisher) PutRecords(ctx context.Context, streamName string, records []stream.Record) error {
	return p.t.own(ctx, "kinesis", "PutRecords", func(ctx context.Context) error {
		return p.Publisher.PutRecords(ctx, streamName, records)
	})
}

type tracedKeys struct {
	stream.KeyService
	t *tracing
}

// GenerateDataKey implements stream.KeyService.
func (k tracedKeys) GenerateDataKey(ctx context.Context, keyID string, encryptionContext map[string]string) (plaintext, ciphertext []byte, err error) {
	err = k.t.own(ctx, "kms", "GenerateDataKey", func(ctx context.Context) error {
		plaintext, ciphertext, err = k.KeyService.GenerateDataKey(ctx, keyID, encryptionContext)
		return err
	})
	return plaintext, ciphertext, err
}
