package rdsapi

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

// subscription is an event subscription: which events go to an SNS topic. The
// server's lock guards it.
type subscription struct {
	name, arn  string
	topic      string // ARN
	sourceType string // empty: all
	sources    []string
	categories []string // empty: all
	disabled   bool
	created    time.Time
	tags       map[string]string
}

// maxSubscriptions is RDS's quota.
const maxSubscriptions = 20

type subscriptionShape struct {
	CustomerAwsId            string
	CustSubscriptionId       string
	SnsTopicArn              string
	Status                   string
	SubscriptionCreationTime string
	SourceType               string
	SourceIdsList            []string `member:"SourceId"`
	EventCategoriesList      []string `member:"EventCategory"`
	Enabled                  bool
	EventSubscriptionArn     string
}

// shape shows the subscription.
func (b *subscription) shape(s *Server, status string) subscriptionShape {
	return subscriptionShape{s.cfg.AccountID, b.name, b.topic, status, b.created.UTC().Format("2006-01-02 15:04:05.999"),
		b.sourceType, slices.Clone(b.sources), slices.Clone(b.categories), !b.disabled, b.arn}
}

// wants says whether an event is for the subscription.
func (b *subscription) wants(e event) bool {
	return !b.disabled && (b.sourceType == "" || b.sourceType == e.source) &&
		(len(b.sources) == 0 || slices.Contains(b.sources, e.sourceID)) &&
		(len(b.categories) == 0 || slices.Contains(b.categories, e.category))
}

type subscriptionInput struct {
	SubscriptionName string
	SnsTopicArn      *string
	SourceType       *string
	EventCategories  []string `member:"EventCategory"`
	SourceIds        []string `member:"SourceId"`
	Enabled          *bool
	Tags             []tag `member:"Tag"`
}

type subscriptionOutput struct{ EventSubscription subscriptionShape }

// createEventSubscription makes a subscription, active at once; the answer says
// creating, as RDS's does.
func (s *Server) createEventSubscription(_ context.Context, in *subscriptionInput) (*subscriptionOutput, error) {
	switch {
	case in.SubscriptionName == "":
		return nil, missing("SubscriptionName")
	case in.SnsTopicArn == nil:
		return nil, missing("SnsTopicArn")
	case len(in.SubscriptionName) > 255 || !isIdentifier(strings.ToLower(in.SubscriptionName)):
		return nil, invalidValue("The parameter SubscriptionName is not a valid identifier.")
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.subscriptions[in.SubscriptionName] != nil:
		return nil, awsapi.Errorf("SubscriptionAlreadyExist", "Event subscription %s already exists.", in.SubscriptionName)
	case len(s.subscriptions) >= maxSubscriptions:
		return nil, awsapi.Errorf("EventSubscriptionQuotaExceeded", "You have reached the maximum number of event subscriptions.")
	}
	b := &subscription{name: in.SubscriptionName, arn: s.arn("es", in.SubscriptionName), created: s.cfg.Clock.Now(), tags: tags}
	if err := s.changeSubscription(b, in); err != nil {
		return nil, err
	}
	if err := s.checkSources(b.sourceType, in.SourceIds); err != nil {
		return nil, err
	}
	b.sources = in.SourceIds
	s.subscriptions[b.name] = b
	s.announce(b)
	return &subscriptionOutput{b.shape(s, "creating")}, nil
}

// modifyEventSubscription changes all but the sources.
func (s *Server) modifyEventSubscription(_ context.Context, in *subscriptionInput) (*subscriptionOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.findSubscription(in.SubscriptionName)
	if err != nil {
		return nil, err
	}
	if err := s.changeSubscription(b, in); err != nil {
		return nil, err
	}
	return &subscriptionOutput{b.shape(s, "modifying")}, nil
}

// changeSubscription checks and applies what a request gives. The lock is held.
func (s *Server) changeSubscription(b *subscription, in *subscriptionInput) error {
	n := *b
	set(&n.topic, in.SnsTopicArn)
	set(&n.sourceType, in.SourceType)
	if in.Enabled != nil {
		n.disabled = !*in.Enabled
	}
	if in.EventCategories != nil {
		n.categories = in.EventCategories
	}
	switch {
	case n.sourceType != "" && !slices.Contains(sourceTypes(), n.sourceType):
		return invalidValue("Invalid source type: %s", n.sourceType)
	case n.sourceType == "" && len(n.categories) > 0:
		return invalidCombination("The parameter SourceType must be provided when EventCategories is specified.")
	case n.sourceType != b.sourceType && len(b.sources) > 0:
		return invalidCombination("The source type of an event subscription with source identifiers can't be changed.")
	}
	for _, c := range n.categories {
		if !slices.Contains(categories[n.sourceType], c) {
			return notFound("SubscriptionCategoryNotFound", "The event category %s does not exist for the source type %s.", c, n.sourceType)
		}
	}
	if err := s.checkTopic(n.topic); err != nil {
		return err
	}
	*b = n
	return nil
}

// checkTopic refuses what is no ARN of a topic that the configuration names.
func (s *Server) checkTopic(arn string) error {
	a, err := awsapi.ParseARN(arn)
	if err != nil || a.Service != "sns" {
		return awsapi.Errorf("SNSInvalidTopic", "The SNS topic ARN %s is not valid.", arn)
	}
	if s.topics[arn] == nil {
		return notFound("SNSTopicArnNotFound", "The SNS topic %s does not exist. das-local knows the topics that --sns-topic NAME=URL gives an address.", arn)
	}
	return nil
}

// checkSources refuses sources that are not there. The lock is held.
func (s *Server) checkSources(sourceType string, ids []string) error {
	if len(ids) > 0 && sourceType == "" {
		return invalidCombination("The parameter SourceType must be provided when SourceIds is specified.")
	}
	for _, id := range ids {
		there := sourceType == sourceCluster && s.clusters[id] != nil || sourceType == sourceInstance && s.instances[id] != nil ||
			sourceType == sourceSnapshot && s.snapshots[id] != nil
		if !there {
			return notFound("SourceNotFound", "The source %s of type %s was not found.", id, sourceType)
		}
	}
	return nil
}

func (s *Server) findSubscription(name string) (*subscription, error) {
	if name == "" {
		return nil, missing("SubscriptionName")
	}
	if b := s.subscriptions[name]; b != nil {
		return b, nil
	}
	return nil, notFound("SubscriptionNotFound", "Event subscription %s not found.", name)
}

func (s *Server) deleteEventSubscription(_ context.Context, in *subscriptionInput) (*subscriptionOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.findSubscription(in.SubscriptionName)
	if err != nil {
		return nil, err
	}
	delete(s.subscriptions, b.name)
	return &subscriptionOutput{b.shape(s, "deleting")}, nil
}

type sourceIDInput struct{ SubscriptionName, SourceIdentifier string }

func (s *Server) addSourceIdentifier(_ context.Context, in *sourceIDInput) (*subscriptionOutput, error) {
	return s.changeSources(in, func(b *subscription) error {
		if err := s.checkSources(b.sourceType, []string{in.SourceIdentifier}); err != nil {
			return err
		}
		if !slices.Contains(b.sources, in.SourceIdentifier) {
			b.sources = append(slices.Clone(b.sources), in.SourceIdentifier)
		}
		return nil
	})
}

func (s *Server) removeSourceIdentifier(_ context.Context, in *sourceIDInput) (*subscriptionOutput, error) {
	return s.changeSources(in, func(b *subscription) error {
		i := slices.Index(b.sources, in.SourceIdentifier)
		if i < 0 {
			return notFound("SourceNotFound", "The source %s is not in the event subscription %s.", in.SourceIdentifier, b.name)
		}
		b.sources = slices.Delete(slices.Clone(b.sources), i, i+1)
		return nil
	})
}

// changeSources finds the subscription of a request and changes it.
func (s *Server) changeSources(in *sourceIDInput, change func(*subscription) error) (*subscriptionOutput, error) {
	if err := required("SubscriptionName", in.SubscriptionName, "SourceIdentifier", in.SourceIdentifier); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.findSubscription(in.SubscriptionName)
	if err != nil {
		return nil, err
	}
	if err := change(b); err != nil {
		return nil, err
	}
	return &subscriptionOutput{b.shape(s, "modifying")}, nil
}

type describeSubscriptionsInput struct {
	SubscriptionName *string
	Filters          []filter `member:"Filter"`
	MaxRecords       *int
	Marker           *string
}

type describeSubscriptionsOutput struct {
	Marker                 string
	EventSubscriptionsList []subscriptionShape `member:"EventSubscription"`
}

func (s *Server) describeEventSubscriptions(_ context.Context, in *describeSubscriptionsInput) (*describeSubscriptionsOutput, error) {
	if err := wellFormed(in.Filters); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := sortedValues(s.subscriptions)
	if in.SubscriptionName != nil {
		b, err := s.findSubscription(*in.SubscriptionName)
		if err != nil {
			return nil, err
		}
		list = []*subscription{b}
	}
	list, marker, err := page(list, paging{in.MaxRecords, in.Marker}, func(b *subscription) string { return b.name })
	if err != nil {
		return nil, err
	}
	out := &describeSubscriptionsOutput{Marker: marker, EventSubscriptionsList: []subscriptionShape{}}
	for _, b := range list {
		out.EventSubscriptionsList = append(out.EventSubscriptionsList, b.shape(s, "active"))
	}
	return out, nil
}
