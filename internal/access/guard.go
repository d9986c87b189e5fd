package access

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/iam"
	"github.com/das-local/das-local/internal/sigv4"
)

// Config says what a Guard knows. Every field but Now and Logger is required.
type Config struct {
	Account   *iam.Account
	Region    string
	AccountID string
	Keys      Keys
	Streams   Streams
	Databases Databases
	Now       func() time.Time // nil: time.Now
	Logger    *slog.Logger     // nil: slog.Default()
}

// Key is a KMS key as far as access to it goes.
type Key struct {
	ARN     string
	Policy  string
	Aliases []string // "alias/…"
	Tags    map[string]string
	Spec    string // "SYMMETRIC_DEFAULT"
	Usage   string // "ENCRYPT_DECRYPT"
}

// Keys finds KMS keys.
type Keys interface {
	// Key finds a key by id, ARN, alias name or alias ARN.
	Key(id string) (Key, bool)
	// KeyOfBlob finds the key that made a ciphertext.
	KeyOfBlob(blob []byte) (Key, bool)
	// Granted reports whether a grant lets a principal, an ARN or the name of a
	// service, do an operation under an encryption context.
	Granted(ctx context.Context, keyARN, principal, operation string, encryptionContext map[string]string) bool
	// MayRetire reports whether a grant, given by a token or by its key and id, lets a
	// principal retire it.
	MayRetire(principal, token, keyID, grantID string) bool
}

// Streams tells about Kinesis streams and their consumers.
type Streams interface {
	// StreamOf is the ARN of the stream that a shard iterator or a paging token is of.
	StreamOf(token string) (arn string, ok bool)
	// StreamTags are a stream's tags, by its ARN.
	StreamTags(arn string) map[string]string
	// StreamPolicy is the resource policy of a stream or a consumer; empty: none.
	StreamPolicy(arn string) string
	// ConsumerARN is that of a stream's consumer of a name; empty: there is none.
	ConsumerARN(streamARN, name string) string
}

// Databases tells about RDS resources.
type Databases interface {
	// ResourceTags are the tags of what an ARN names.
	ResourceTags(arn string) map[string]string
}

// Guard implements awsapi.Guard.
type Guard struct {
	cfg      Config
	policies policyCache
}

// New makes a Guard.
func New(cfg Config) *Guard {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return &Guard{cfg: cfg}
}

// need is one permission that a call takes.
type need struct {
	action   string // "rds:StartActivityStream"
	resource string // an ARN or "*"
	shown    string // how the error names the resource; empty: "resource: ARN"
	context  iam.Context
	key      *Key              // a KMS key: its policy and its grants count
	blob     map[string]string // the encryption context, for grants
	policy   string            // of a stream
	// granted reports what else lets a principal, given by a name of it; nil: nothing.
	granted func(principal string) bool
}

// Admit implements awsapi.Guard.
func (g *Guard) Admit(ctx context.Context, hr *http.Request, body []byte, r *awsapi.Request, decode func(any) error) error {
	who, err := g.authenticate(hr, body, r.Service)
	if err != nil {
		return err
	}
	r.Caller = awsapi.Caller{ARN: who.Principal.ARN, UserID: who.UserID, Account: who.Principal.Account}
	needs, err := g.needs(r, decode)
	if err != nil {
		return err
	}
	for _, n := range needs {
		if err := g.decide(ctx, hr, r, who, n); err != nil {
			return err
		}
	}
	return nil
}

// Known implements awsapi.Guard.
func (g *Guard) Known(hr *http.Request, service string) error {
	_, _, err := g.claimed(hr, service)
	return err
}

// claimed finds the key by which a request says that it is signed.
func (g *Guard) claimed(hr *http.Request, service string) (*sigv4.Signature, *iam.AccessKey, error) {
	s, bad := sigv4.Read(hr)
	if bad != nil {
		return nil, nil, g.unsigned(service, bad)
	}
	key := g.cfg.Account.Key(s.AccessKey)
	if key == nil || key.Inactive || key.Token != s.Token {
		g.cfg.Logger.Info("call with an access key or session token that the IAM file does not have", "service", service)
		return nil, nil, invalidToken(service)
	}
	return s, key, nil
}

// authenticate finds who signed a request.
func (g *Guard) authenticate(hr *http.Request, body []byte, service string) (*iam.Identity, error) {
	s, key, err := g.claimed(hr, service)
	if err != nil {
		return nil, err
	}
	now := g.cfg.Now()
	if !key.Expires.IsZero() && now.After(key.Expires) {
		return nil, expiredToken(service)
	}
	bad := s.Check(hr, body, sigv4.Want{Secret: key.Secret, Region: g.cfg.Region, Service: service, Now: now})
	if bad != nil {
		return nil, g.unsigned(service, bad)
	}
	return key.Identity, nil
}

func (g *Guard) unsigned(service string, bad *sigv4.Error) error {
	g.cfg.Logger.Info("signature is not accepted", "service", service, "cause", bad.Message)
	return signatureError(service, bad)
}

// decide asks the policies about one need.
func (g *Guard) decide(ctx context.Context, hr *http.Request, r *awsapi.Request, who *iam.Identity, n need) error {
	c := who.Context()
	g.addRequest(c, hr, r)
	for k, v := range n.context {
		c[k] = v
	}
	res, err := g.resource(ctx, who.Principal, n)
	if err != nil {
		return err
	}
	request := iam.Request{Principal: who.Principal, Action: n.action, Resource: n.resource, Context: c}
	d := iam.Decide(request, who.Subject, res)
	if d.Allowed {
		return nil
	}
	shown := n.shown
	if shown == "" {
		shown = "resource: " + n.resource
	}
	g.cfg.Logger.Info("call is denied", "caller", who.Principal.ARN, "action", n.action, "resource", n.resource)
	return denied(r.Service, d.Message(request, shown))
}

// resource is what the resource's side has to say.
func (g *Guard) resource(ctx context.Context, p iam.Principal, n need) (iam.Resource, error) {
	var res iam.Resource
	text := n.policy
	if n.key != nil {
		text, res.Decides = n.key.Policy, true
	}
	operation := n.action[strings.Index(n.action, ":")+1:]
	for _, name := range []string{p.ARN, p.RoleARN} {
		switch {
		case name == "" || res.Granted:
		case n.granted != nil:
			res.Granted = n.granted(name)
		case n.key != nil:
			res.Granted = g.cfg.Keys.Granted(ctx, n.key.ARN, name, operation, n.blob)
		}
	}
	if text == "" {
		return res, nil
	}
	document, err := g.policies.parse(text)
	if err != nil { // the service has checked it; nobody gets access by a policy that says nothing
		g.cfg.Logger.Error("a resource's policy cannot be read", "resource", n.resource, "cause", err)
		return res, nil
	}
	res.Policy = document
	return res, nil
}

// addRequest has the condition keys that every request has.
func (g *Guard) addRequest(c iam.Context, hr *http.Request, r *awsapi.Request) {
	now := g.cfg.Now().UTC()
	c.Set("aws:CurrentTime", now.Format(time.RFC3339))
	c.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	c.Set("aws:SecureTransport", strconv.FormatBool(hr.TLS != nil))
	c.Set("aws:RequestedRegion", g.cfg.Region)
	c.Set("aws:ViaAWSService", "false")
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		c.Set("aws:SourceIp", host)
	}
	if r.UserAgent != "" {
		c.Set("aws:UserAgent", r.UserAgent)
	}
	if ref := hr.Header.Get("Referer"); ref != "" {
		c.Set("aws:Referer", ref)
	}
}
