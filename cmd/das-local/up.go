package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/das-local/das-local/emulator"
	"github.com/das-local/das-local/internal/progress"
	"github.com/das-local/das-local/internal/stream"
)

const upHelp = `das-local up runs the emulator until SIGINT or SIGTERM.

    $ das-local up
    $ psql "host=127.0.0.1 port=15432 user=postgres dbname=postgres"
    $ das-local tail

    $ das-local up --config das-local.yaml --data-dir ./state
    $ das-local up --format json > addresses.json &    # for scripts: where all is, when it is ready
    $ das-local up --upstream postgres://postgres:secret@db:5432/postgres --start-stream sync
    $ aws --endpoint-url http://127.0.0.1:4566 rds describe-db-clusters
`

// up runs the emulator and says on standard output how to reach it.
func up(ctx context.Context, args []string, std streams) error {
	fs := newFlags("up", upHelp, std.out)
	var o emulator.Options
	given := upFlags(fs, &o)
	if err := parse(fs, args, false); err != nil {
		return err
	}
	if *given.config != "" {
		if err := loadConfig(*given.config, fs, &o); err != nil {
			return err
		}
	}
	o.OTLPEndpoint = cmp.Or(o.OTLPEndpoint, os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT"))
	switch *given.start {
	case "off":
	case "sync", "async":
		o.StartStream = stream.Mode(*given.start)
	default:
		return fmt.Errorf("--start-stream is %q; it must be sync, async or off: %w", *given.start, errUsage)
	}
	shown, logTo := besideLog(ctx, std)
	var err error
	if o.Logger, err = given.logs.logger(logTo); err != nil {
		return err
	}
	step := progress.Brief(shown, "starting das-local")
	e, err := emulator.Start(shown, o)
	step.End(err)
	if err != nil {
		if ctx.Err() != nil {
			return nil // stopped while starting, as asked
		}
		if errors.Is(err, emulator.ErrOptions) {
			err = fmt.Errorf("%w: %w", err, errUsage)
		}
		return err
	}
	if err := printAll(addressShape, given.format, std.out, addressesOf(e)); err != nil {
		o.Logger.Warn("where das-local is cannot be printed", "error", err)
	}
	select {
	case <-ctx.Done():
	case <-e.Done():
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	step = progress.Brief(shown, "ending: open sessions may finish, queued events are published")
	err = e.Close(closing)
	step.End(err)
	return err
}

// upSettings are what up takes besides the emulator's options.
type upSettings struct {
	logs          *logFlags
	start, config *string
	format        *format // of the start-up lines
}

// upFlags defines all flags of up.
func upFlags(fs flagSet, o *emulator.Options) upSettings {
	logs := emulatorFlags(fs, o)
	start := fs.String("start-stream", "async", "`MODE` of the first cluster's stream at boot: sync, async or off (a --data-dir that has been used before keeps its own)")
	return upSettings{logs, start, configFlag(fs), formatFlag(fs, formatText)}
}

// emulatorFlags defines the flags of an emulator on fs.
func emulatorFlags(fs flagSet, o *emulator.Options) *logFlags {
	fs.StringVar(&o.Upstream, "upstream", "", "`URL` (postgres://…) of the PostgreSQL to audit; empty starts an embedded one")
	fs.StringVar(&o.PostgresPassword, "postgres-password", "", "`PASSWORD` of the embedded PostgreSQL's superuser; the server then asks every session for its role's password; empty lets everybody in")
	fs.StringVar(&o.UpstreamCert, "upstream-cert", "", "`FILE` with the upstream's own TLS certificate: TLS on both sides, channel binding end to end")
	fs.StringVar(&o.UpstreamKey, "upstream-key", "", "`FILE` with the key of --upstream-cert")
	fs.StringVar(&o.Listen, "listen", "127.0.0.1:15432", "PostgreSQL `ADDR` of the writer instance; further instances take the following ports")
	fs.StringVar(&o.SocketDir, "socket-dir", "", "`DIR` for Unix-domain sockets of the instances as well, .s.PGSQL.PORT; empty makes none")
	fs.StringVar(&o.TLSCert, "tls-cert", "", "`FILE` with the certificate that PostgreSQL clients are shown; empty makes one at start")
	fs.StringVar(&o.TLSKey, "tls-key", "", "`FILE` with the key of --tls-cert")
	fs.StringVar(&o.AWSListen, "aws-listen", "127.0.0.1:4566", "`ADDR` of the RDS, KMS and Kinesis endpoint")
	fs.StringVar(&o.DataDir, "data-dir", "", "`DIR` that keeps keys, streams, records and clusters over restarts; empty keeps them in memory. One that has been used before brings its clusters and streams along: --cluster-id and --start-stream are for a new one")
	fs.Int64Var(&o.SpoolBytes, "queue-bytes", 1<<30, "`BYTES` that a stream's queue may take in --data-dir")
	kinesisFlags(fs, o)
	fs.StringVar(&o.ClusterID, "cluster-id", "my-cluster", "`ID` of the first cluster; its instance is ID-instance-1")
	fs.StringVar(&o.Region, "region", "us-east-1", "`REGION` of every ARN")
	fs.StringVar(&o.AccountID, "account", "000000000000", "`ACCOUNT` of every ARN")
	fs.StringVar(&o.EngineVersion, "engine-version", "", "Aurora engine `VERSION`; empty takes the upstream's; 10.7 is the user guide's system")
	fs.Int64Var(&o.Seed, "seed", 0, "`N` makes ids, keys and stream names repeat (predictable keys: never for real data)")
	fs.Func("heartbeat", "`INTERVAL` between heartbeats of an instance; 0 turns them off (default 1s)", func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			return fmt.Errorf("%q is not a duration such as 1s or 500ms", s)
		}
		o.Heartbeat = d
		if d == 0 {
			o.Heartbeat = -1
		}
		return nil
	})
	o.KeyReuse = 5 * time.Minute
	fs.Func("key-reuse", "`INTERVAL` for which one data key seals records; 0 takes another one for each record (default 5m0s)", func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil {
			return fmt.Errorf("%q is not a duration such as 5m or 30s", s)
		}
		o.KeyReuse = d
		if d == 0 {
			o.KeyReuse = -1
		}
		return nil
	})
	fs.IntVar(&o.Shards, "shards", 1, "`N` shards of the Kinesis stream")
	fs.DurationVar(&o.SyncTimeout, "sync-timeout", 10*time.Second, "`INTERVAL` that a session waits for durability in sync mode before it goes on")
	fs.StringVar(&o.SyncGuarantee, "sync-guarantee", "acknowledged", "`WHAT` has its event for certain in sync mode: acknowledged (what clients were told is done) or executed (all that the server ran, also if a crash swallows the answer: exitCode 08007 marks an unknown outcome; needs --data-dir)")
	controlFlags(fs, o)
	identityFlags(fs, o)
	keyFlags(fs, o)
	externalFlags(fs, o)
	fs.StringVar(&o.Audit, "audit", "auto", "`MODE`: server (the upstream's pgaudit helps: statements inside functions too), catalog (texts and the system catalogue alone), or auto")
	fs.StringVar(&o.ConnectClass, "connect-class", "MISC", "`CLASS` of CONNECT and DISCONNECT events: MISC (the guide's sample) or CONNECT (its list)")
	fs.StringVar(&o.CommandText, "command-text", "whole", "`FORM` of commandText: whole (as received) or single (a multi-statement string is cut to the statement)")
	fs.StringVar(&o.Redaction, "redaction", "wide", "`KIND` of redaction: wide (whatever seems to be a secret) or pgaudit (passwords of CREATE and ALTER ROLE alone, as on Aurora, to try a consumer's own masking)")
	fs.IntVar(&o.MaxCommandText, "max-command-text", 1<<20, "`BYTES` kept of a statement's text, and of each parameter; a mark says what is missing")
	fs.DurationVar(&o.Grace, "grace", 2*time.Second, "`INTERVAL` in which open sessions may finish at the end")
	fs.Func("allow-host", "`NAME` by which the console and /metrics may be opened, besides addresses, localhost and names without a dot; repeatable, or comma-separated", func(s string) error {
		o.AllowHosts = append(o.AllowHosts, strings.Split(s, ",")...)
		return nil
	})
	fs.StringVar(&o.OTLPEndpoint, "otlp-endpoint", "", "`URL` of an OpenTelemetry collector, http://127.0.0.1:4318, that gets traces by OTLP/HTTP; empty makes none, unless OTEL_EXPORTER_OTLP_ENDPOINT is set")
	fs.BoolVar(&o.Pprof, "pprof", false, "serve Go's profiles under /debug/pprof/ on the AWS address")
	aboveZero(fs, "shards", "sync-timeout", "max-command-text", "queue-bytes")
	l := &logFlags{}
	fs.StringVar(&l.level, "log-level", "info", "`LEVEL`: debug, info, warn or error; SQL text appears at debug only")
	fs.StringVar(&l.format, "log-format", "text", "`FORMAT` of the log on standard error: text or json")
	return l
}

// logFlags say how to log.
type logFlags struct{ level, format string }

func (l *logFlags) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.level)); err != nil {
		return nil, fmt.Errorf("--log-level is %q; it must be debug, info, warn or error: %w", l.level, errUsage)
	}
	opts := &slog.HandlerOptions{Level: level}
	switch l.format {
	case "text":
		return slog.New(slog.NewTextHandler(w, opts)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	}
	return nil, fmt.Errorf("--log-format is %q; it must be text or json: %w", l.format, errUsage)
}
