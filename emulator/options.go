package emulator

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/das-local/das-local/internal/store"
	"github.com/das-local/das-local/rdsapi"
)

// Options say how to run an emulator. The zero value is a working one: an
// embedded PostgreSQL, random ports on loopback, state in memory, the first
// cluster's stream stopped.
type Options struct {
	// Upstream is the URL (postgres://…) of the PostgreSQL to audit. Empty
	// starts an embedded server. Its user looks names up in the catalogue.
	Upstream string
	// PostgresPassword is the password of the embedded server's superuser, postgres. The
	// server then asks every session for its role's password (SCRAM), as Aurora does. Empty
	// lets everybody in.
	PostgresPassword string
	// UpstreamCert and UpstreamKey are the upstream's own TLS certificate and
	// key (PEM files). With them the proxy shows the same certificate, speaks
	// TLS to the upstream, and channel binding holds end to end.
	UpstreamCert, UpstreamKey string

	// Listen is the PostgreSQL address of the first cluster's writer; further
	// instances take the following ports. Empty is a random loopback port.
	Listen string
	// SocketDir is where Unix-domain sockets (.s.PGSQL.PORT) of the instances are
	// made as well. Empty makes none.
	SocketDir string
	// TLSCert and TLSKey are what clients are shown (PEM files). Empty makes a
	// self-signed certificate at start.
	TLSCert, TLSKey string
	// AWSListen is the address of the RDS, KMS, Kinesis and STS endpoint. Empty is a
	// random loopback port.
	AWSListen string

	// IAM is a file with users, access keys and policies. Calls are then answered only
	// if they are signed by one of these keys and the policies allow them. Empty takes
	// any credentials.
	IAM string
	// Passthrough is the URL of an endpoint that gets the calls of all services that
	// are not served here. Empty answers them with an error.
	Passthrough string
	// AWSTLS has the AWS address speak TLS, with AWSCert and AWSKey (PEM files, which
	// imply it) or, without these, a self-signed certificate; see CertificateFile.
	AWSTLS          bool
	AWSCert, AWSKey string

	// DataDir keeps the state on disk: Kinesis streams and records, KMS keys, RDS
	// clusters, instances and events, and the embedded server's data. It is made if it
	// is not there. A directory that has been used before brings its clusters and
	// streams along; ClusterID and StartStream are for a new one. Empty keeps the state
	// in memory.
	DataDir string

	// KinesisEndpoint and KMSEndpoint are the URLs of a Kinesis and a KMS that are used
	// in place of the embedded ones, or "aws" for AWS in Region. Credentials are those
	// of the AWS SDK. Empty takes the embedded ones.
	KinesisEndpoint, KMSEndpoint string
	// KMSKeyID is the key of the first cluster's stream in the KMS of KMSEndpoint: an
	// id, an ARN or an alias.
	KMSKeyID string
	// ClusterResourceID and InstanceResourceID are the resource ids of the first cluster
	// and its instance, "cluster-…" and "db-…"; further clusters' ids follow from the
	// first one's. Processes that serve the same cluster share the one and differ in
	// the other. Empty makes new ones.
	ClusterResourceID, InstanceResourceID string

	// KinesisBytes bounds what the records of all Kinesis streams take; beyond it the
	// oldest go. Zero is 256 MiB, and in DataDir three quarters of what the disk has
	// free at the start.
	KinesisBytes int64
	// KinesisLimits has clients of Kinesis meet the limits of AWS's shards: a second, 1 MB
	// and 1,000 records in, 2 MB and five GetRecords out.
	KinesisLimits bool

	// SpoolBytes bounds what each stream's queue may take in DataDir. Zero is 1 GiB.
	SpoolBytes int64

	// ClusterID names the first cluster. Empty is "my-cluster".
	ClusterID string
	// StartStream runs the first cluster's stream from the start, in this mode. Empty
	// leaves it stopped.
	StartStream Mode
	// Region and AccountID are those of every ARN. Empty is us-east-1 and
	// 000000000000.
	Region, AccountID string
	// EngineVersion is the clusters' Aurora PostgreSQL version. Empty takes the
	// upstream's. "10.7" is the system of the Aurora user guide (2019).
	EngineVersion string

	// Seed makes resource ids, stream names, key ids and keys repeat, but for RSA keys.
	// Zero is random.
	// A seeded emulator's keys are predictable: never for real data.
	Seed int64
	// Heartbeat is the time between two heartbeat records of an instance.
	// Negative turns them off; zero is one second.
	Heartbeat time.Duration
	// KeyReuse is how long a data key of KMS seals records before the stream gets a new
	// one. Negative takes another one for each record; zero is five minutes.
	KeyReuse time.Duration
	// Shards is how many shards the Kinesis stream of an activity stream has. Zero is
	// one.
	Shards int
	// SyncTimeout is how long a session waits for durability in sync mode
	// before it goes on. Zero is ten seconds.
	SyncTimeout time.Duration
	// SyncGuarantee is what a sync stream holds of a statement that is not acknowledged yet.
	// "acknowledged" (empty): nothing, as the service; "executed": before the server gets a
	// statement it is on disk that it will, so that one whose answer is swallowed by a crash
	// has an event too, of unknown outcome (exitCode "08007"). It needs DataDir.
	SyncGuarantee string
	// OnStreamFailure is what becomes of the first cluster's instances when events
	// might be lost: "continue" (empty: sessions go on) or "stop-instance" (they are
	// shut down). It is the cluster's tag "das-local:on-stream-failure", which other
	// clusters may have too.
	OnStreamFailure string
	// KeyPatience is how long a stream whose KMS key cannot be used tries on
	// before it is stopped. Negative is for ever; zero is an hour.
	KeyPatience time.Duration
	// RestartTime is how long the instances are down, at least, when a start or a
	// stop of the stream restarts them. Zero is no longer than it takes.
	RestartTime time.Duration
	// StopTime is how long the Kinesis stream of a stopped activity stream can still be
	// read, by the Clock: the stream is stopping meanwhile, and sessions go on. In AWS it
	// is minutes. Zero deletes the Kinesis stream at once.
	StopTime time.Duration
	// OmitCalls leaves the events of StartActivityStream and StopActivityStream, whose form
	// is das-local's own, out of the stream.
	OmitCalls bool
	// SNSTopics are SNS topics by name, and the HTTP(S) URL that each posts its
	// notifications to: event subscriptions send RDS events there.
	SNSTopics map[string]string
	// EventBuses are HTTP(S) URLs that get every RDS event as EventBridge shapes it.
	EventBuses []string
	// Audit says who tells what a statement did: "catalog" (its text, the protocol and
	// the system catalogue), "server" (the upstream's own audit, the pgaudit
	// library, which sees inside functions as well; an error if it cannot help), or
	// "auto" (empty: server if it can, else catalog).
	Audit string
	// ConnectClass is the class of CONNECT, DISCONNECT and AUTH FAILURE
	// events: "MISC" (empty; the guide's sample) or "CONNECT" (the guide's list).
	ConnectClass string
	// CommandText is "whole" (empty: the string as received) or "single" (a
	// multi-statement string is cut to the statement).
	CommandText string
	// Redaction is "wide" (empty: whatever seems to be a secret is taken out of texts,
	// parameters and error messages) or "pgaudit" (the passwords of CREATE and ALTER ROLE,
	// USER and GROUP alone, for consumers that have to mask the rest).
	Redaction string
	// MaxCommandText bounds what is kept of a statement's text, and of each parameter,
	// in bytes. Zero is 1 MiB.
	MaxCommandText int
	// Grace is how long open sessions may finish when the emulator stops.
	// Zero is two seconds.
	Grace time.Duration

	// Keys and Clusters are made at start, in this order.
	Keys     []Key
	Clusters []Cluster
	// Faults are injected at each start, last. Reset clears them.
	Faults []Fault

	// AllowHosts are names, besides addresses, localhost and names without a dot, by which
	// the console and /metrics may be asked for on the AWS address. A page of any other name is
	// refused: it may be a foreign one that had its name lead here.
	AllowHosts []string

	// ConsoleToken is what one logs in with to the console and the control API at /_das/,
	// but /_das/health: 8 to 128 letters, digits and any of .-_~. Empty: with IAM a random one
	// is made, which ConsoleURL has; without it there is no login.
	ConsoleToken string

	// OTLPEndpoint is the URL of an OpenTelemetry collector (http://127.0.0.1:4318) that
	// gets traces by OTLP/HTTP. Empty makes none.
	OTLPEndpoint string

	// Pprof serves Go's profiles under /debug/pprof/ on the AWS address.
	Pprof bool

	// queueBytes bounds what a stream keeps; 0 is its own bound. Tests set it.
	queueBytes int
	fault      store.Fault // stands in for a bad disk, in tests

	// Logger gets what happens, and at level info what a long step does. Nil is
	// slog.Default.
	Logger *slog.Logger
}

var (
	clusterIDPattern = regexp.MustCompile(`^[a-z](?:-?[a-z0-9])*$`)
	accountPattern   = regexp.MustCompile(`^[0-9]{12}$`)
	regionPattern    = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	versionPattern   = regexp.MustCompile(`^[0-9]{1,2}\.[0-9]{1,2}$`)
)

// ErrOptions is wrapped by the error of Start if the options are wrong, and not what
// they meet.
var ErrOptions = errors.New("wrong options")

// badOptions is such an error; the text is the cause's alone.
type badOptions struct{ error }

func (badOptions) Is(target error) bool { return target == ErrOptions }
func (b badOptions) Unwrap() error      { return b.error }

// withDefaults fills in what is empty and refuses what cannot work.
func (o Options) withDefaults() (Options, error) {
	def := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	def(&o.Listen, "127.0.0.1:0")
	def(&o.AWSListen, "127.0.0.1:0")
	def(&o.ClusterID, "my-cluster")
	def(&o.Region, "us-east-1")
	def(&o.AccountID, "000000000000")
	def(&o.Audit, auditAuto)
	def(&o.ConnectClass, "MISC")
	def(&o.CommandText, "whole")
	def(&o.Redaction, "wide")
	def(&o.OnStreamFailure, rdsapi.Continue)
	def(&o.SyncGuarantee, guaranteeAcknowledged)
	if o.KeyPatience == 0 {
		o.KeyPatience = time.Hour
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = time.Second
	}
	if o.KeyReuse == 0 {
		o.KeyReuse = 5 * time.Minute
	}
	if o.SyncTimeout == 0 {
		o.SyncTimeout = 10 * time.Second
	}
	if o.Grace == 0 {
		o.Grace = 2 * time.Second
	}
	if o.MaxCommandText == 0 {
		o.MaxCommandText = 1 << 20
	}
	if o.Shards == 0 {
		o.Shards = 1
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if err := o.check(); err != nil {
		return o, badOptions{err}
	}
	return o, nil
}

func (o Options) check() error {
	var errs []error
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	oneOf := func(name, v string, allowed ...string) {
		for _, a := range allowed {
			if v == a {
				return
			}
		}
		errs = append(errs, fmt.Errorf("%s is %q; it must be one of %s", name, v, strings.TrimPrefix(strings.Join(allowed, ", "), ", ")))
	}
	_, _, err := net.SplitHostPort(o.Listen)
	bad(err == nil, "the PostgreSQL address %q is not HOST:PORT", o.Listen)
	_, _, err = net.SplitHostPort(o.AWSListen)
	bad(err == nil, "the AWS address %q is not HOST:PORT", o.AWSListen)
	bad(len(o.ClusterID) <= 63 && clusterIDPattern.MatchString(o.ClusterID),
		"the cluster id %q must be 1 to 63 lower-case letters, digits and single hyphens, beginning with a letter", o.ClusterID)
	bad(o.ConsoleToken == "" || tokenPattern.MatchString(o.ConsoleToken), "the console's token must be 8 to 128 letters, digits and any of .-_~")
	bad(accountPattern.MatchString(o.AccountID), "the account %q must be 12 digits", o.AccountID)
	bad(regionPattern.MatchString(o.Region), "the region %q is not of the form us-east-1", o.Region)
	bad(o.EngineVersion == "" || versionPattern.MatchString(o.EngineVersion), "the engine version %q is not of the form 15.4", o.EngineVersion)
	bad((o.UpstreamCert == "") == (o.UpstreamKey == ""), "the upstream's certificate and key are given together")
	bad(o.UpstreamCert == "" || o.Upstream != "", "the upstream's certificate is for use with an upstream URL")
	bad(o.PostgresPassword == "" || o.Upstream == "", "the PostgreSQL password is the embedded server's: an upstream URL has its own")
	bad((o.TLSCert == "") == (o.TLSKey == ""), "the TLS certificate and key are given together")
	checkIdentity(o, bad)
	bad(o.TLSCert == "" || o.UpstreamCert == "", "give a TLS certificate or the upstream's own, not both")
	bad(o.Shards >= 1 && o.Shards <= 1000, "the number of shards %d must be 1 to 1000", o.Shards)
	bad(o.RestartTime >= 0, "the restart time %v must not be negative", o.RestartTime)
	bad(o.StopTime >= 0, "the stop time %v must not be negative", o.StopTime)
	bad(o.KinesisBytes >= 0, "Kinesis records cannot have %d bytes", o.KinesisBytes)
	bad(o.SpoolBytes >= 0, "the queue on disk cannot have %d bytes", o.SpoolBytes)
	bad(o.MaxCommandText >= 1024, "the command text limit %d must be at least 1024 bytes", o.MaxCommandText)
	oneOf("the stream mode", string(o.StartStream), "", "sync", "async")
	oneOf("the audit mode", o.Audit, auditAuto, auditCatalog, auditServer)
	oneOf("the class of CONNECT events", o.ConnectClass, "MISC", "CONNECT")
	oneOf("what to do on a failure of the stream", o.OnStreamFailure, rdsapi.Continue, rdsapi.StopInstance)
	oneOf("the guarantee of sync mode", o.SyncGuarantee, guaranteeAcknowledged, guaranteeExecuted)
	bad(o.SyncGuarantee != guaranteeExecuted || o.DataDir != "",
		"the guarantee %q of sync mode needs a data directory: what sessions are about to do is kept there", guaranteeExecuted)
	oneOf("the command text form", o.CommandText, "whole", "single")
	oneOf("the redaction", o.Redaction, "wide", "pgaudit")
	errs = append(errs, o.checkExternal(), o.checkDeclared())
	return errors.Join(errs...)
}
