package rdsapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

func set1(name, value string, method types.ApplyMethod) []types.Parameter {
	return []types.Parameter{{ParameterName: &name, ParameterValue: &value, ApplyMethod: method}}
}

// parameterValues are values that a parameter may or may not be given, and the error.
var parameterValues = []struct {
	name, value string
	method      types.ApplyMethod
	code, want  string // "" is success
}{
	{"log_statement", "ddl", "immediate", "", ""},
	{"Log_Statement", "MOD", "immediate", "", ""},
	{"log_statement", "some", "immediate", "InvalidParameterValue", "Invalid parameter value: some for: log_statement allowed values are: none,ddl,mod,all"},
	{"autovacuum", "on", "immediate", "InvalidParameterValue", "Invalid parameter value: on for: autovacuum allowed values are: 0,1"},
	{"autovacuum", "0", "immediate", "", ""},
	{"work_mem", "64", "immediate", "", ""},
	{"work_mem", "63", "immediate", "InvalidParameterValue", "Invalid parameter value: 63 for: work_mem allowed values are: 64-2147483647"},
	{"work_mem", "64.5", "immediate", "InvalidParameterValue", "*"},
	{"work_mem", "{DBInstanceClassMemory/1024}", "immediate", "", ""},
	{"log_min_duration_statement", "-1", "immediate", "", ""},
	{"log_min_duration_statement", "-2", "immediate", "InvalidParameterValue", "*"},
	{"random_page_cost", "1.1", "immediate", "", ""},
	{"shared_preload_libraries", "pg_stat_statements,pgaudit", "pending-reboot", "", ""},
	{"max_connections", "100", "immediate", "InvalidParameterCombination", "cannot use immediate apply method for static parameter"},
	{"max_connections", "100", "pending-reboot", "", ""},
	{"max_connections", "100", "later", "InvalidParameterValue", "*"},
	{"max_connections", "100", "", "MissingParameter", "The request must contain the parameter ApplyMethod"},
	{"data_directory", "/tmp", "pending-reboot", "InvalidParameterValue", "The parameter data_directory cannot be modified."},
	{"no_such", "1", "immediate", "InvalidParameterValue", "Could not find parameter with name: no_such"},
}

func TestParameterValues(t *testing.T) {
	b := start(t, Config{})
	ctx := t.Context()
	group := aws.String("mine")
	if _, err := b.rds.CreateDBParameterGroup(ctx, &rds.CreateDBParameterGroupInput{DBParameterGroupName: aws.String("Mine"),
		DBParameterGroupFamily: aws.String("aurora-postgresql15"), Description: aws.String("x")}); err != nil {
		t.Fatal(err)
	}
	for _, test := range parameterValues {
		_, err := b.rds.ModifyDBParameterGroup(ctx, &rds.ModifyDBParameterGroupInput{DBParameterGroupName: group, Parameters: set1(test.name, test.value, test.method)})
		switch {
		case test.code != "":
			wantError(t, err, test.code, 400, test.want)
		case err != nil:
			t.Errorf("%s=%s: %v", test.name, test.value, err)
		}
	}
	all := 0
	for p := rds.NewDescribeDBParametersPaginator(b.rds, &rds.DescribeDBParametersInput{DBParameterGroupName: group}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		all += len(page.Parameters)
	}
	if all != len(parameters()) || all < 300 {
		t.Errorf("%d parameters, want %d", all, len(parameters()))
	}
	user := func() (list []string) {
		t.Helper()
		out, err := b.rds.DescribeDBParameters(ctx, &rds.DescribeDBParametersInput{DBParameterGroupName: group, Source: aws.String("user")})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range out.Parameters {
			list = append(list, *p.ParameterName+"="+*p.ParameterValue)
		}
		return list
	}
	if got := strings.Join(user(), " "); got != "autovacuum=0 log_min_duration_statement=-1 log_statement=MOD max_connections=100 random_page_cost=1.1 shared_preload_libraries=pg_stat_statements,pgaudit work_mem={DBInstanceClassMemory/1024}" {
		t.Errorf("set are %s", got)
	}
	if _, err := b.rds.ResetDBParameterGroup(ctx, &rds.ResetDBParameterGroupInput{DBParameterGroupName: group, Parameters: []types.Parameter{{ParameterName: aws.String("autovacuum"), ApplyMethod: "immediate"}}}); err != nil {
		t.Fatal(err)
	}
	if got := user(); len(got) != 6 {
		t.Errorf("after the reset %q", got)
	}
	if _, err := b.rds.ResetDBParameterGroup(ctx, &rds.ResetDBParameterGroupInput{DBParameterGroupName: group, ResetAllParameters: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	if got := user(); got != nil {
		t.Errorf("after the reset of all %q", got)
	}
	var many []types.Parameter
	for range 21 {
		many = append(many, set1("work_mem", "64", "immediate")...)
	}
	_, err := b.rds.ModifyDBParameterGroup(ctx, &rds.ModifyDBParameterGroupInput{DBParameterGroupName: group, Parameters: many})
	wantError(t, err, "InvalidParameterValue", 400, "*")
	d, err := b.rds.DescribeEngineDefaultClusterParameters(ctx, &rds.DescribeEngineDefaultClusterParametersInput{DBParameterGroupFamily: aws.String("aurora-postgresql15")})
	if err != nil || len(d.EngineDefaults.Parameters) != 100 || d.EngineDefaults.Marker == nil {
		t.Errorf("defaults %v", err)
	}
}

func TestParameterGroups(t *testing.T) {
	b := withCluster(t, Config{EngineVersion: "15.4"})
	ctx := t.Context()
	create := func(name, family string) error {
		_, err := b.rds.CreateDBClusterParameterGroup(ctx, &rds.CreateDBClusterParameterGroupInput{DBClusterParameterGroupName: &name,
			DBParameterGroupFamily: &family, Description: aws.String("x"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
		return err
	}
	wantError(t, create("default.x", "aurora-postgresql15"), "InvalidParameterValue", 400, "*")
	wantError(t, create("x", "mysql8.0"), "InvalidParameterValue", 400, "ParameterGroupFamily mysql8.0 is not a valid parameter group family")
	if err := create("x", "aurora-postgresql15"); err != nil {
		t.Fatal(err)
	}
	wantError(t, create("X", "aurora-postgresql15"), "DBParameterGroupAlreadyExists", 400, "Parameter group x already exists")
	tags, err := b.rds.ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: aws.String("arn:aws:rds:us-east-1:000000000000:cluster-pg:x")})
	if err != nil || len(tags.TagList) != 1 {
		t.Errorf("tags %+v, %v", tags, err)
	}
	_, err = b.rds.ModifyDBClusterParameterGroup(ctx, &rds.ModifyDBClusterParameterGroupInput{DBClusterParameterGroupName: aws.String("default.aurora-postgresql15"), Parameters: set1("work_mem", "64", "immediate")})
	wantError(t, err, "InvalidDBParameterGroupState", 400, "*")

	modify := func(group string) error {
		_, err := b.rds.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("my-cluster"), DBClusterParameterGroupName: &group})
		return err
	}
	wantError(t, modify("nope"), "DBClusterParameterGroupNotFound", 404, "DBClusterParameterGroup not found: nope")
	if err := modify("x"); err != nil {
		t.Fatal(err)
	}
	status := func() string {
		c := b.describe(t, "my-cluster")
		return *c.DBClusterParameterGroup + " " + *c.DBClusterMembers[0].DBClusterParameterGroupStatus
	}
	if got := status(); got != "x pending-reboot" {
		t.Errorf("group %s", got)
	}
	if _, err := b.rds.RebootDBInstance(ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("my-cluster-instance-1")}); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != "x in-sync" {
		t.Errorf("group %s", got)
	}
	_, err = b.rds.DeleteDBClusterParameterGroup(ctx, &rds.DeleteDBClusterParameterGroupInput{DBClusterParameterGroupName: aws.String("x")})
	wantError(t, err, "InvalidDBParameterGroupState", 400, "*")
	if err := modify("default.aurora-postgresql15"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.rds.DeleteDBClusterParameterGroup(ctx, &rds.DeleteDBClusterParameterGroupInput{DBClusterParameterGroupName: aws.String("x")}); err != nil {
		t.Fatal(err)
	}
	_, err = b.rds.DescribeDBClusterParameterGroups(ctx, &rds.DescribeDBClusterParameterGroupsInput{DBClusterParameterGroupName: aws.String("x")})
	wantError(t, err, "DBParameterGroupNotFound", 404, "*")
	for n := range maxGroups + 1 {
		if err = create(fmt.Sprintf("g%d", n), "aurora-postgresql15"); err != nil {
			break
		}
	}
	wantError(t, err, "DBParameterGroupQuotaExceeded", 400, "*")
}

func TestSubnetGroups(t *testing.T) {
	b := start(t, Config{})
	ctx := t.Context()
	create := func(name string, subnets ...string) error {
		_, err := b.rds.CreateDBSubnetGroup(ctx, &rds.CreateDBSubnetGroupInput{DBSubnetGroupName: &name, DBSubnetGroupDescription: aws.String("x"), SubnetIds: subnets})
		return err
	}
	wantError(t, create("g", "subnet-a"), "DBSubnetGroupDoesNotCoverEnoughAZs", 400,
		"The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: us-east-1a. Add subnets to cover at least 2 AZs.")
	wantError(t, create("g", "subnet-a", "subnet-a"), "DBSubnetGroupDoesNotCoverEnoughAZs", 400, "*")
	wantError(t, create("g", "net-a", "net-b"), "InvalidSubnet", 400, "*")
	wantError(t, create("default", "subnet-a", "subnet-b"), "InvalidParameterValue", 400, "*")
	if err := create("My Group", "subnet-a", "subnet-b"); err != nil {
		t.Fatal(err)
	}
	wantError(t, create("my group", "subnet-a", "subnet-b"), "DBSubnetGroupAlreadyExists", 400, "*")
	in := &rds.CreateDBClusterInput{DBClusterIdentifier: aws.String("c"), Engine: aws.String("aurora-postgresql"), MasterUsername: aws.String("postgres"),
		MasterUserPassword: aws.String("secret99"), DBSubnetGroupName: aws.String("nope")}
	_, err := b.rds.CreateDBCluster(ctx, in)
	wantError(t, err, "DBSubnetGroupNotFoundFault", 404, "DB subnet group 'nope' does not exist.")
	in.DBSubnetGroupName = aws.String("My Group")
	if _, err := b.rds.CreateDBCluster(ctx, in); err != nil {
		t.Fatal(err)
	}
	out, err := b.rds.ModifyDBSubnetGroup(ctx, &rds.ModifyDBSubnetGroupInput{DBSubnetGroupName: aws.String("my group"), SubnetIds: []string{"subnet-a", "subnet-b", "subnet-c"}})
	if err != nil || len(out.DBSubnetGroup.Subnets) != 3 || *out.DBSubnetGroup.Subnets[2].SubnetAvailabilityZone.Name != "us-east-1c" || *out.DBSubnetGroup.DBSubnetGroupDescription != "x" {
		t.Errorf("modified %+v, %v", out, err)
	}
	_, err = b.rds.DeleteDBSubnetGroup(ctx, &rds.DeleteDBSubnetGroupInput{DBSubnetGroupName: aws.String("my group")})
	wantError(t, err, "InvalidDBSubnetGroupStateFault", 400, "*")
	_, err = b.rds.DeleteDBSubnetGroup(ctx, &rds.DeleteDBSubnetGroupInput{DBSubnetGroupName: aws.String("default")})
	wantError(t, err, "InvalidDBSubnetGroupStateFault", 400, "*")
	l, err := b.rds.DescribeDBSubnetGroups(ctx, &rds.DescribeDBSubnetGroupsInput{})
	if err != nil || len(l.DBSubnetGroups) != 2 || *l.DBSubnetGroups[0].DBSubnetGroupName != "default" {
		t.Errorf("groups %+v, %v", l, err)
	}
}
