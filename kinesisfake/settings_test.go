package kinesisfake

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestEnhancedMonitoring(t *testing.T) {
	s := newServer(t, Config{})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	set := func(op string, names ...string) *monitoringOutput {
		t.Helper()
		return must[monitoringOutput](t, s, op, monitoringInput{ref("s"), names})
	}
	out := set("EnableEnhancedMonitoring", "OutgoingBytes", "IncomingBytes", "OutgoingBytes")
	if len(out.CurrentShardLevelMetrics) != 0 || !slices.Equal(out.DesiredShardLevelMetrics, []string{"IncomingBytes", "OutgoingBytes"}) {
		t.Errorf("%+v", out)
	}
	if out = set("EnableEnhancedMonitoring", "ALL"); len(out.DesiredShardLevelMetrics) != 7 {
		t.Errorf("%+v", out)
	}
	set("DisableEnhancedMonitoring", "IteratorAgeMilliseconds")
	d := must[describeStreamSummaryOutput](t, s, "DescribeStreamSummary", describeStreamSummaryInput{ref("s")}).StreamDescriptionSummary
	if on := d.EnhancedMonitoring[0].ShardLevelMetrics; len(on) != 6 || slices.Contains(on, "IteratorAgeMilliseconds") {
		t.Errorf("%v", on)
	}
	if out = set("DisableEnhancedMonitoring", "ALL"); len(out.CurrentShardLevelMetrics) != 6 || len(out.DesiredShardLevelMetrics) != 0 {
		t.Errorf("%+v", out)
	}
}

func TestResourcePolicies(t *testing.T) {
	s := newServer(t, Config{})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kinesis:GetRecords","Resource":"*"}]}`
	for _, arn := range []string{arnOf(s, "s"), register(t, s, "s", "c")} {
		in := resourceInput{ResourceARN: &arn}
		get := func() string { return must[getPolicyOutput](t, s, "GetResourcePolicy", in).Policy }
		if got := get(); got != "{}" {
			t.Errorf("none: %s", got)
		}
		must[struct{}](t, s, "PutResourcePolicy", putPolicyInput{in, ptr(policy)})
		if got := get(); got != policy {
			t.Errorf("got %s", got)
		}
		for text, want := range map[string]string{"no JSON": codeArgument, `{"Version":"2012-10-17"}`: codeArgument, `{"Statement":[],"x":"` + strings.Repeat("x", maxPolicy) + `"}`: codeLimit} {
			_, err := call[struct{}](t, s, "PutResourcePolicy", putPolicyInput{in, &text})
			wantError(t, err, want, "The policy")
		}
		must[struct{}](t, s, "DeleteResourcePolicy", in)
		_, err := call[struct{}](t, s, "DeleteResourcePolicy", in)
		wantError(t, err, codeNotFound, "No resource policy found for resource ARN "+arn)
	}
}

func TestModeAndSizes(t *testing.T) {
	s := newServer(t, Config{})
	if err := s.CreateStream(t.Context(), "s", 2); err != nil {
		t.Fatal(err)
	}
	arn := arnOf(s, "s")
	summary := func() streamDescriptionSummary {
		return must[describeStreamSummaryOutput](t, s, "DescribeStreamSummary", describeStreamSummaryInput{ref("s")}).StreamDescriptionSummary
	}
	toMode := func(mode string, warm *int) error {
		_, err := call[struct{}](t, s, "UpdateStreamMode", updateModeInput{StreamARN: &arn, StreamModeDetails: &streamModeDetails{&mode}, WarmThroughput: warm})
		return err
	}
	wantError(t, toMode(modeOnDemand, ptr(10)), "ValidationException", "no minimum throughput billing commitment")
	var in updateAccountSettingsInput
	in.Commitment = &struct {
		Status *string `json:"Status"`
	}{ptr(commitmentOn)}
	if out := must[accountSettings](t, s, "UpdateAccountSettings", in); out.Commitment.Status != commitmentOn || out.Commitment.StartedAt == nil {
		t.Errorf("%+v", out)
	}
	wantError(t, toMode(modeProvisioned, ptr(10)), "ValidationException", "in PROVISIONED mode")
	wantError(t, toMode(modeOnDemand, ptr(maxWarmMiBps+1)), codeLimit, "exceeds the limit")
	if err := toMode(modeOnDemand, ptr(10)); err != nil {
		t.Fatal(err)
	}
	if d := summary(); *d.StreamModeDetails.StreamMode != modeOnDemand || d.OpenShardCount != 2 || !reflect.DeepEqual(d.WarmThroughput, &warmThroughput{10, 10}) {
		t.Errorf("%+v", d)
	}
	if out := must[updateWarmOutput](t, s, "UpdateStreamWarmThroughput", updateWarmInput{ref("s"), ptr(20)}); out.WarmThroughput != (warmThroughput{20, 10}) {
		t.Errorf("%+v", out)
	}
	if err := toMode(modeProvisioned, nil); err != nil {
		t.Fatal(err)
	}
	if d := summary(); d.WarmThroughput != nil {
		t.Errorf("%+v", d)
	}
	in.Commitment.Status = ptr(commitmentOff)
	must[accountSettings](t, s, "UpdateAccountSettings", in)
	if out := must[accountSettings](t, s, "DescribeAccountSettings", struct{}{}); out.Commitment.Status != commitmentOff || out.Commitment.EndedAt == nil {
		t.Errorf("%+v", out)
	}

	data := make([]byte, 2<<20)
	put := putRecordInput{streamRef: ref("s"), putEntry: putEntry{Data: &data, PartitionKey: ptr("k")}}
	_, err := call[putRecordOutput](t, s, "PutRecord", put)
	wantError(t, err, "ValidationException", "have length less than or equal to 1048576")
	must[struct{}](t, s, "UpdateMaxRecordSize", updateRecordSizeInput{StreamARN: &arn, MaxRecordSizeInKiB: ptr(maxRecordKiB)})
	must[putRecordOutput](t, s, "PutRecord", put)
	data = make([]byte, maxPutBytes-1)
	must[putRecordOutput](t, s, "PutRecord", put)
}

// TestSettingsAreThereAfterARestart is for what streams have beside records.
func TestSettingsAreThereAfterARestart(t *testing.T) {
	dir := t.TempDir()
	disk := openStore(t, dir, nil)
	s := newServer(t, Config{Store: disk})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	arn, consumerARN := arnOf(s, "s"), register(t, s, "s", "c")
	must[monitoringOutput](t, s, "EnableEnhancedMonitoring", monitoringInput{ref("s"), []string{"IncomingBytes"}})
	for _, resource := range []string{arn, consumerARN} {
		must[struct{}](t, s, "PutResourcePolicy", putPolicyInput{resourceInput{ResourceARN: &resource}, ptr(`{"Statement":[]}`)})
		must[struct{}](t, s, "TagResource", tagResourceInput{resourceInput{ResourceARN: &resource}, map[string]string{"a": "b"}})
	}
	look := func(s *Server) []any {
		found := []any{must[describeStreamSummaryOutput](t, s, "DescribeStreamSummary", describeStreamSummaryInput{ref("s")}),
			must[listConsumersOutput](t, s, "ListStreamConsumers", listConsumersInput{StreamARN: &arn})}
		for _, resource := range []string{arn, consumerARN} {
			found = append(found, must[getPolicyOutput](t, s, "GetResourcePolicy", resourceInput{ResourceARN: &resource}),
				must[listTagsForResourceOutput](t, s, "ListTagsForResource", resourceInput{ResourceARN: &resource}))
		}
		return found
	}
	before := look(s)
	disk.Close()
	if after := look(newServer(t, Config{Store: openStore(t, dir, nil)})); !reflect.DeepEqual(before, after) {
		t.Errorf("it was\n%+v\nand is\n%+v", before, after)
	}
}
