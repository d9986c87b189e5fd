package emulator

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"strconv"
)

// PostgresAddr is the HOST:PORT of the first cluster's writer, or of where the next
// instance would listen if it has none.
func (e *Emulator) PostgresAddr() string {
	if len(e.first.Instances) == 0 {
		return e.listen.String()
	}
	w := e.first.Instances[0]
	return net.JoinHostPort(w.Host, strconv.Itoa(w.Port))
}

// PostgresURL is the URL of the first cluster's writer, with the upstream's
// user and database. It has the password that Options give, and none of an upstream. The
// addresses of other instances are those that RDS tells: DescribeDBInstances.
func (e *Emulator) PostgresURL() string {
	u := url.URL{
		Scheme: "postgres",
		User:   url.User(e.upstream.config.User),
		Host:   e.PostgresAddr(),
		Path:   "/" + e.upstream.config.Database,
	}
	if p := e.opts.PostgresPassword; p != "" {
		u.User = url.UserPassword(e.upstream.config.User, p)
	}
	return u.String()
}

// PSQL is the command line that connects psql to the first cluster's writer.
func (e *Emulator) PSQL() string {
	host, port, err := net.SplitHostPort(e.PostgresAddr())
	if err != nil {
		return "psql " + e.PostgresURL() // not reached: a listener's address has a port
	}
	return fmt.Sprintf("psql \"host=%s port=%s user=%s dbname=%s\"", reachable(host), port, e.upstream.config.User, e.upstream.config.Database)
}

// Audit says who tells what statements did, "server" or "catalog" (see Options.Audit),
// and why.
func (e *Emulator) Audit() (mode, why string) {
	if e.upstream.assist.on {
		return auditServer, e.upstream.assist.why
	}
	return auditCatalog, e.upstream.assist.why
}

// TailCommand is the command line that prints the events of the first cluster's stream.
func (e *Emulator) TailCommand() string {
	streams, keys := cmp.Or(e.opts.KinesisEndpoint, e.Endpoint()), cmp.Or(e.opts.KMSEndpoint, e.Endpoint())
	line := "das-local tail --endpoint " + streams
	if streams != keys {
		line += " --kms-endpoint " + keys
	}
	if e.external.kinesis != nil {
		return line + " --region " + e.opts.Region + " --stream " + e.StreamName()
	}
	if e.oneOfSeveral() {
		line += " --stream " + e.StreamName()
	}
	return line
}

// oneOfSeveral says whether other streams run beside the first cluster's.
func (e *Emulator) oneOfSeveral() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.streams[e.first.ResourceID] != nil && len(e.streams) > 1
}

// Endpoint is the URL of the AWS address, which AWS_ENDPOINT_URL is set to. The console
// is there as well.
func (e *Emulator) Endpoint() string {
	host, port, err := net.SplitHostPort(e.aws.Addr().String())
	if err != nil {
		return e.identity.scheme() + e.aws.Addr().String() // not reached
	}
	return e.identity.scheme() + net.JoinHostPort(reachable(host), port)
}

// reachable turns "all addresses" into one that a client can dial.
func reachable(host string) string {
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		return "127.0.0.1"
	}
	return host
}

// ClusterARN is the ARN of the first cluster.
func (e *Emulator) ClusterARN() string { return e.first.ARN }

// KeyARN is the ARN of the key that was made for the first cluster's stream.
func (e *Emulator) KeyARN() string { return e.keyARN }

// StreamName is the name that the first cluster's Kinesis stream has while its
// activity stream runs: "aws-rds-das-" and the cluster's resource id.
func (e *Emulator) StreamName() string { return e.first.StreamName }

// StreamStatus is the status of the first cluster's stream: stopped, starting,
// started or stopping; "deleted" if the cluster is gone.
func (e *Emulator) StreamStatus() string {
	c, ok := e.rds.Cluster(e.first.ARN)
	if !ok {
		return "deleted"
	}
	return c.StreamStatus
}
