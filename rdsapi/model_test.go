package rdsapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

// modelShape is a shape of the service model, as testdata/model.py prints it.
type modelShape struct {
	Type     string
	Members  map[string]*modelShape
	Required []string
	Name     string // of a list's members
	Of       *modelShape
}

type modelAction struct {
	In, Out modelShape
	Errors  []string
}

func readModel(t *testing.T) map[string]modelAction {
	t.Helper()
	data, err := os.ReadFile("testdata/model.json")
	if err != nil {
		t.Fatal(err)
	}
	var actions map[string]modelAction
	if err := json.Unmarshal(data, &actions); err != nil {
		t.Fatal(err)
	}
	return actions
}

// ignored are the parameters that the actions take and do nothing with. The README
// lists them too.
var ignored = map[string][]string{
	"CreateDBCluster":       {"DomainIAMRoleName", "MasterUserAuthenticationType", "PreSignedUrl", "SourceRegion", "TagSpecifications"},
	"ModifyDBCluster":       {"AllowEngineModeChange", "AwsBackupRecoveryPointArn", "DomainIAMRoleName", "MasterUserAuthenticationType"},
	"CopyDBClusterSnapshot": {"PreSignedUrl", "SourceRegion"},
	"CreateDBInstance": {"AdditionalStorageVolumes", "BackupTarget", "CharacterSetName", "DBSecurityGroups", "DBSystemId", "DedicatedLogVolume",
		"DomainAuthSecretArn", "DomainDnsIps", "DomainFqdn", "DomainIAMRoleName", "DomainOu", "EnableCustomerOwnedIp", "MasterUserAuthenticationType",
		"MasterUserSecretKmsKeyId", "MaxAllocatedStorage", "MultiTenant", "NcharCharacterSetName", "ProcessorFeatures", "StorageThroughput",
		"TagSpecifications", "TdeCredentialArn", "TdeCredentialPassword", "Timezone"},
	"ModifyDBInstance": {"AdditionalStorageVolumes", "AllowMajorVersionUpgrade", "AutomationMode", "AwsBackupRecoveryPointArn", "CertificateRotationRestart",
		"DBSecurityGroups", "DedicatedLogVolume", "DisableDomain", "DomainAuthSecretArn", "DomainDnsIps", "DomainFqdn", "DomainIAMRoleName", "DomainOu",
		"EnableCustomerOwnedIp", "Engine", "LicenseModel", "MasterUserAuthenticationType", "MasterUserSecretKmsKeyId", "MaxAllocatedStorage", "MultiTenant",
		"ProcessorFeatures", "ReplicaMode", "ResumeFullAutomationModeMinutes", "StorageThroughput", "TagSpecifications", "TdeCredentialArn",
		"TdeCredentialPassword", "UseDefaultProcessorFeatures"},
}

// inputType is the struct that an action reads its parameters into.
func inputType(t *testing.T, o awsapi.Operation) reflect.Type {
	t.Helper()
	var in reflect.Type
	stop := errors.New("seen")
	if _, err := o(context.Background(), &awsapi.Request{}, func(p any) error { in = reflect.TypeOf(p).Elem(); return stop }); err != stop {
		t.Fatalf("the action decodes nothing: %v", err)
	}
	return in
}

// TestModelInputs checks that the parameters of every action are those of the
// service model, each of them read or listed as ignored, and spelt as there.
func TestModelInputs(t *testing.T) {
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	model := readModel(t)
	if got, want := slices.Sorted(maps.Keys(s.operations)), slices.Sorted(maps.Keys(model)); !slices.Equal(got, want) {
		t.Fatalf("served are\n%q\nthe model has\n%q", got, want)
	}
	// Actions that share a struct need not have all its members, but one must.
	shared := make(map[reflect.Type]*modelShape)
	for name, action := range model {
		in := inputType(t, s.operations[name])
		if shared[in] == nil {
			shared[in] = &modelShape{Type: "structure", Members: make(map[string]*modelShape)}
		}
		maps.Copy(shared[in].Members, action.In.Members)
	}
	for in, theirs := range shared {
		sameShape(t, in.Name(), in, theirs)
	}
	for name, action := range model {
		in := inputType(t, s.operations[name])
		for member := range action.In.Members {
			_, read := in.FieldByName(member)
			skipped := slices.Contains(ignored[name], member)
			switch {
			case !read && !skipped:
				t.Errorf("%s: %s is lost in silence", name, member)
			case read && skipped:
				t.Errorf("%s: %s is read, yet listed as ignored", name, member)
			case skipped && !strings.Contains(string(readme), member):
				t.Errorf("%s: docs/differences.md does not say that %s is ignored", name, member)
			}
		}
	}
}

// sameShape checks that ours has only what theirs has, in the same form.
func sameShape(t *testing.T, path string, ours reflect.Type, theirs *modelShape) {
	t.Helper()
	for ours.Kind() == reflect.Pointer {
		ours = ours.Elem()
	}
	kind := map[string]reflect.Kind{"structure": reflect.Struct, "list": reflect.Slice, "string": reflect.String, "boolean": reflect.Bool,
		"integer": reflect.Int, "long": reflect.Int64, "double": reflect.Float64, "timestamp": reflect.Struct}[theirs.Type]
	if ours.Kind() != kind {
		t.Errorf("%s: ours is a %v, theirs a %s", path, ours, theirs.Type)
		return
	}
	switch theirs.Type {
	case "structure":
		for f := range ours.Fields() {
			m := theirs.Members[f.Name]
			if m == nil {
				t.Errorf("%s: there is no %s", path, f.Name)
				continue
			}
			if tag := f.Tag.Get("member"); m.Type == "list" && tag != m.Name && !(tag == "" && m.Name == "member") {
				t.Errorf("%s.%s: members are named %q, ours %q", path, f.Name, m.Name, tag)
			}
			sameShape(t, path+"."+f.Name, f.Type, m)
		}
	case "list":
		sameShape(t, path+"[]", ours.Elem(), theirs.Of)
	}
}

// TestModelOutputs checks the same of the answers.
func TestModelOutputs(t *testing.T) {
	outputs := map[reflect.Type]string{}
	for name, out := range map[string]any{
		"StartActivityStream": startActivityStreamOutput{}, "StopActivityStream": stopActivityStreamOutput{},
		"CreateDBCluster": clusterOutput{}, "DescribeDBClusters": describeDBClustersOutput{}, "DescribeDBClusterEndpoints": clusterEndpointsOutput{},
		"EnableHttpEndpoint": httpEndpointOutput{}, "CreateDBInstance": instanceOutput{}, "DescribeDBInstances": describeDBInstancesOutput{},
		"CreateDBClusterSnapshot": snapshotOutput{}, "DescribeDBClusterSnapshots": describeSnapshotsOutput{},
		"DescribeDBClusterSnapshotAttributes": snapshotAttributesOutput{}, "DescribeDBSnapshots": describeDBSnapshotsOutput{},
		"CreateDBClusterParameterGroup": clusterGroupOutput{}, "DescribeDBClusterParameterGroups": describeClusterGroupsOutput{},
		"DescribeDBClusterParameters": describeParametersOutput{}, "ModifyDBClusterParameterGroup": clusterGroupNameOutput{},
		"CreateDBParameterGroup": instanceGroupOutput{}, "DescribeDBParameterGroups": describeInstanceGroupsOutput{},
		"ModifyDBParameterGroup": instanceGroupNameOutput{}, "DescribeEngineDefaultClusterParameters": engineDefaultsOutput{},
		"CreateDBSubnetGroup": subnetGroupOutput{}, "DescribeDBSubnetGroups": describeSubnetGroupsOutput{},
		"DescribeEvents": describeEventsOutput{}, "DescribeEventCategories": eventCategoriesOutput{}, "CreateEventSubscription": subscriptionOutput{},
		"DescribeEventSubscriptions": describeSubscriptionsOutput{}, "ListTagsForResource": tagsOutput{},
		"DescribeAccountAttributes": accountAttributesOutput{}, "DescribeCertificates": certificatesOutput{}, "DescribeDBEngineVersions": engineVersionsOutput{},
		"DescribeOrderableDBInstanceOptions": orderableOutput{}, "DescribeGlobalClusters": globalClustersOutput{},
		"DescribePendingMaintenanceActions": maintenanceOutput{}, "ApplyPendingMaintenanceAction": applyMaintenanceOutput{},
	} {
		outputs[reflect.TypeOf(out)] = name
	}
	model := readModel(t)
	for out, name := range outputs {
		action := model[name]
		sameShape(t, name, out, &action.Out)
	}
}

// common are the codes that any action may answer with.
var common = []string{"MissingParameter", "InvalidParameterValue", "InvalidParameterCombination", "MalformedInput", "InvalidAction"}

var errorText = regexp.MustCompile(`<Type>Sender</Type><Code>([^<]+)</Code><Message>([^<]*)</Message>`)

// bad sends a form that is wrong and returns the error's code and message.
func (b *bench) bad(t *testing.T, client *http.Client, form url.Values) (code, message string) {
	t.Helper()
	r, err := client.PostForm(b.url, form)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode == http.StatusOK {
		return "", ""
	}
	m := errorText.FindSubmatch(body)
	if r.StatusCode/100 != 4 || m == nil {
		t.Errorf("%v: %d %s", form, r.StatusCode, body)
		return "?", ""
	}
	return string(m[1]), string(m[2])
}

// TestModelRefusals sends every action what it must refuse: each required parameter
// left out, and each parameter with the wrong type, size or form.
func TestModelRefusals(t *testing.T) {
	b := withCluster(t, Config{})
	client := &http.Client{Timeout: time.Minute}
	defer client.CloseIdleConnections()
	sent := 0
	for name, action := range readModel(t) {
		form := url.Values{"Action": {name}, "Version": {"2014-10-31"}}
		for _, member := range action.In.Required {
			fill(form, member, action.In.Members[member])
		}
		for _, member := range action.In.Required {
			without := url.Values{}
			for k, v := range form {
				if k != member && !strings.HasPrefix(k, member+".") {
					without[k] = v
				}
			}
			sent++
			code, message := b.bad(t, client, without)
			if code != "MissingParameter" || !strings.Contains(message, member) {
				t.Errorf("%s without %s: %s %s", name, member, code, message)
			}
		}
		for member, shape := range action.In.Members {
			if slices.Contains(ignored[name], member) {
				continue
			}
			for key, value := range wrong(member, shape) {
				with := maps.Clone(form)
				for k := range with {
					if strings.HasPrefix(k, member+".") {
						delete(with, k)
					}
				}
				with[key] = []string{value}
				sent++
				code, message := b.bad(t, client, with)
				mustFail := shape.Type != "string" || strings.HasPrefix(key, member+".1")
				if mustFail && code != "MalformedInput" || code != "" && !slices.Contains(common, code) && !slices.Contains(action.Errors, code) {
					t.Errorf("%s with %s=%.40q: %s %s (the model has %q)", name, key, value, code, message, action.Errors)
				}
			}
		}
	}
	t.Logf("%d requests", sent)
	if c, ok := b.Cluster("my-cluster"); !ok || c.Status != statusAvailable || len(c.Instances) != 1 {
		t.Errorf("the cluster is now %+v", c)
	}
}

// fill gives a parameter a value of its type that nothing has.
func fill(form url.Values, key string, shape *modelShape) {
	switch shape.Type {
	case "list":
		fill(form, key+"."+shape.Name+".1", shape.Of)
	case "structure":
		for m, s := range shape.Members {
			if s.Type == "string" {
				form.Set(key+"."+m, "x")
			}
		}
	default:
		form.Set(key, "x")
	}
}

// wrong are values that a parameter of that type cannot have, or, for strings, that
// hardly any can.
func wrong(key string, shape *modelShape) map[string]string {
	deep := key + strings.Repeat(".1", 14)
	switch shape.Type {
	case "string":
		return map[string]string{key: "\x00\x1b<&>\"' ;--", key + "\x00": "", key + ".": "x", deep: "x", key + " ": strings.Repeat("x", 1<<16)}
	case "list":
		in := key + "." + shape.Name
		return map[string]string{key: "x", in + ".0": "x", in + ".-1": "x", in + ".x": "x", in + ".99999": "x", in: "x"}
	case "structure":
		return map[string]string{key: "x"}
	case "boolean":
		return map[string]string{key: "maybe", key + ".member.1": "true", deep: "true"}
	default:
		return map[string]string{key: "1e99", key + ".member.1": "1", deep: "1"}
	}
}
