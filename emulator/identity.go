package emulator

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"os"

	"github.com/das-local/das-local/internal/access"
	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/iam"
	"github.com/das-local/das-local/internal/origin"
	"github.com/das-local/das-local/internal/passthrough"
)

// identity is what the AWS address knows besides its services: who may call, its
// certificate, and where other services are.
type identity struct {
	account *iam.Account // nil: any credentials are taken
	root    iam.AccessKey
	relay   *passthrough.Handler
	tls     *tls.Config // nil: plain HTTP
	cert    []byte      // PEM
	file    string      // that has it
	temp    string      // the directory to remove at the end
}

// checkIdentity refuses options that cannot work.
func checkIdentity(o Options, bad func(ok bool, format string, args ...any)) {
	bad((o.AWSCert == "") == (o.AWSKey == ""), "the certificate and the key of the AWS address are given together")
	if o.Passthrough != "" {
		u, err := url.Parse(o.Passthrough)
		bad(err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "", "the passthrough endpoint %q is not a URL such as http://127.0.0.1:4567", o.Passthrough)
	}
}

// openIdentity reads the IAM file.
func (e *Emulator) openIdentity() (err error) {
	if e.opts.IAM != "" {
		if e.identity.account, err = iam.Load(e.opts.IAM, e.opts.AccountID); err != nil {
			return err
		}
		for _, w := range e.identity.account.Warnings {
			e.log.Warn("the IAM file was read, but", "warning", w)
		}
		// The emulator's own readers are clients as well.
		random := make([]byte, 40)
		rand.Read(random) // never fails
		e.identity.root = iam.AccessKey{ID: "DASLOCAL" + hex.EncodeToString(random[:8]), Secret: hex.EncodeToString(random[8:]),
			Identity: iam.RootOf(e.opts.AccountID)}
		e.identity.account.Add(&e.identity.root)
	}
	return nil
}

// guard decides about calls; nil without an IAM file.
func (e *Emulator) guard() awsapi.Guard {
	if e.identity.account == nil {
		return nil
	}
	return access.New(access.Config{Account: e.identity.account, Region: e.opts.Region, AccountID: e.opts.AccountID,
		Keys: keys{e.kms}, Streams: streams{e.kinesis, e.opts.Region, e.opts.AccountID}, Databases: e.rds, Logger: e.log})
}

// front is what stands before the services.
func (e *Emulator) front(next http.Handler) http.Handler {
	var target *url.URL
	if e.opts.Passthrough != "" {
		target, _ = url.Parse(e.opts.Passthrough) // checkIdentity has read it
	}
	e.identity.relay = passthrough.New(passthrough.Config{Next: next, Served: []string{"kinesis", "kms", "rds"},
		Actions: map[string]string{"sts": "GetCallerIdentity"}, Target: target, Logger: e.log})
	return origin.Hosts(e.opts.AllowHosts).Browsers(e.identity.relay)
}

// rootKey is what the emulator's own clients sign with.
func (i *identity) rootKey() (id, secret string) {
	if i.account == nil {
		return "test", "test"
	}
	return i.root.ID, i.root.Secret
}

func (i *identity) close() error {
	if i.relay != nil {
		i.relay.Close()
	}
	if i.temp == "" {
		return nil
	}
	return os.RemoveAll(i.temp)
}

// localStackHealth answers as LocalStack does; tools wait for it.
func (e *Emulator) localStackHealth(w http.ResponseWriter, _ *http.Request) {
	state := "running"
	w.Header().Set("Content-Type", "application/json")
	if !e.ready.Load() {
		state = "initializing"
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{ // a client that has gone needs no answer
		"services": map[string]string{"kinesis": state, "kms": state, "rds": state, "sts": state},
		"edition":  "das-local",
		"version":  "0",
	})
}
