package kinesisfake

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

func arnOf(s *Server, stream string) string {
	return streamKey{s.cfg.AccountID, s.cfg.Region, stream}.arn()
}

func TestConsumers(t *testing.T) {
	clk := newClock()
	s := newServer(t, Config{Now: clk.now})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	arn := arnOf(s, "s")
	out := must[registerConsumerOutput](t, s, "RegisterStreamConsumer", registerConsumerInput{StreamARN: &arn, ConsumerName: ptr("c"), Tags: map[string]string{"a": "b"}}).Consumer
	if want := arn + "/consumer/c:1772366400"; out.ConsumerARN != want || out.ConsumerStatus != "CREATING" || out.StreamARN != "" {
		t.Errorf("registered: %+v, want the ARN %s", out, want)
	}
	for _, in := range []consumerRef{{ConsumerARN: &out.ConsumerARN}, {StreamARN: &arn, ConsumerName: ptr("c")}, {StreamARN: &arn, ConsumerName: ptr("c"), ConsumerARN: &out.ConsumerARN}} {
		d := must[describeConsumerOutput](t, s, "DescribeStreamConsumer", in).ConsumerDescription
		if d.ConsumerStatus != "ACTIVE" || d.ConsumerARN != out.ConsumerARN || d.StreamARN != arn || !d.ConsumerCreationTimestamp.Equal(clk.now()) {
			t.Errorf("described: %+v", d)
		}
	}
	_, err := call[registerConsumerOutput](t, s, "RegisterStreamConsumer", registerConsumerInput{StreamARN: &arn, ConsumerName: ptr("c")})
	wantError(t, err, codeInUse, "Consumer c, under stream s under account 000000000000 already exists.")
	_, err = call[describeConsumerOutput](t, s, "DescribeStreamConsumer", consumerRef{StreamARN: &arn})
	wantError(t, err, codeArgument, "Either ConsumerARN or both")
	_, err = call[describeConsumerOutput](t, s, "DescribeStreamConsumer", consumerRef{StreamARN: &arn, ConsumerName: ptr("d"), ConsumerARN: &out.ConsumerARN})
	wantError(t, err, codeArgument, "is not that of consumer d")
	_, err = call[describeConsumerOutput](t, s, "DescribeStreamConsumer", consumerRef{StreamARN: &arn, ConsumerName: ptr("d")})
	wantError(t, err, codeNotFound, "Consumer d, under stream s under account 000000000000 not found.")

	must[struct{}](t, s, "TagResource", tagResourceInput{resourceInput: resourceInput{ResourceARN: &out.ConsumerARN}, Tags: map[string]string{"c": "d"}})
	must[struct{}](t, s, "UntagResource", untagResourceInput{resourceInput: resourceInput{ResourceARN: &out.ConsumerARN}, TagKeys: []string{"a"}})
	if tags := must[listTagsForResourceOutput](t, s, "ListTagsForResource", resourceInput{ResourceARN: &out.ConsumerARN}).Tags; !slices.Equal(tags, []tag{{"c", "d"}}) {
		t.Errorf("the consumer's tags: %v", tags)
	}
	if tags := must[listTagsForResourceOutput](t, s, "ListTagsForResource", resourceInput{ResourceARN: &arn}).Tags; len(tags) != 0 {
		t.Errorf("the stream's tags: %v", tags)
	}

	_, err = call[struct{}](t, s, "DeleteStream", deleteStreamInput{streamRef: ref("s")})
	wantError(t, err, codeInUse, "has 1 registered consumers")
	must[struct{}](t, s, "DeregisterStreamConsumer", consumerRef{ConsumerARN: &out.ConsumerARN})
	clk.advance(time.Second)
	register(t, s, "s", "c")
	_, err = call[describeConsumerOutput](t, s, "DescribeStreamConsumer", consumerRef{ConsumerARN: &out.ConsumerARN})
	wantError(t, err, codeNotFound, "Consumer c") // another of that name
	must[struct{}](t, s, "DeleteStream", deleteStreamInput{streamRef: ref("s"), EnforceConsumerDeletion: ptr(true)})
}

func TestListConsumers(t *testing.T) {
	clk := newClock()
	s := newServer(t, Config{Now: clk.now})
	for _, name := range []string{"s", "other"} {
		if err := s.CreateStream(t.Context(), name, 1); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for i := range maxConsumers {
		want = append(want, fmt.Sprintf("c%02d", i))
		register(t, s, "s", want[i])
	}
	arn := arnOf(s, "s")
	_, err := call[registerConsumerOutput](t, s, "RegisterStreamConsumer", registerConsumerInput{StreamARN: &arn, ConsumerName: ptr("more")})
	wantError(t, err, codeLimit, "has 20 consumers")
	if n := must[describeStreamSummaryOutput](t, s, "DescribeStreamSummary", describeStreamSummaryInput{ref("s")}).StreamDescriptionSummary.ConsumerCount; n != maxConsumers {
		t.Errorf("%d consumers are counted", n)
	}
	var got []string
	in := listConsumersInput{StreamARN: &arn, MaxResults: ptr(7), StreamCreationTimestamp: &awsapi.Time{Time: clk.now()}}
	for {
		page := must[listConsumersOutput](t, s, "ListStreamConsumers", in)
		for _, c := range page.Consumers {
			got = append(got, c.ConsumerName)
		}
		if page.NextToken == "" {
			break
		}
		in = listConsumersInput{StreamARN: &arn, MaxResults: ptr(7), NextToken: &page.NextToken}
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %q", got)
	}
	other := arnOf(s, "other")
	_, err = call[listConsumersOutput](t, s, "ListStreamConsumers", listConsumersInput{StreamARN: &other, NextToken: in.NextToken})
	wantError(t, err, codeArgument, "Invalid NextToken.")
	clk.advance(tokenLife + time.Millisecond)
	_, err = call[listConsumersOutput](t, s, "ListStreamConsumers", listConsumersInput{StreamARN: &arn, NextToken: in.NextToken})
	wantError(t, err, "ExpiredNextTokenException", "300 seconds")
	_, err = call[listConsumersOutput](t, s, "ListStreamConsumers", listConsumersInput{StreamARN: &arn, StreamCreationTimestamp: &awsapi.Time{Time: clk.now()}})
	wantError(t, err, codeNotFound, "Stream s")
}

func TestFiveConsumersAreMadeAtATime(t *testing.T) {
	clk := newClock()
	s := newServer(t, Config{Now: clk.now, CreateDelay: time.Second})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	arn := arnOf(s, "s")
	_, err := call[registerConsumerOutput](t, s, "RegisterStreamConsumer", registerConsumerInput{StreamARN: &arn, ConsumerName: ptr("early")})
	wantError(t, err, codeInUse, "not ACTIVE, instead in state CREATING")
	clk.advance(time.Second)
	for i := range maxCreating {
		register(t, s, "s", fmt.Sprint(i))
	}
	_, err = call[registerConsumerOutput](t, s, "RegisterStreamConsumer", registerConsumerInput{StreamARN: &arn, ConsumerName: ptr("more")})
	wantError(t, err, codeLimit, "5 consumers in state CREATING")
	clk.advance(time.Second)
	register(t, s, "s", "more")
}
