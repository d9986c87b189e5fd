package rdsapi

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"

	"github.com/das-local/das-local/internal/await"
)

// The calls that Terraform's AWS provider makes for aws_db_subnet_group,
// aws_rds_cluster_parameter_group, aws_db_parameter_group, aws_rds_cluster,
// aws_rds_cluster_instance, aws_rds_cluster_activity_stream and
// aws_db_cluster_snapshot, in its order, with the statuses that it waits for and
// the error texts that it matches on.
// See https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service/rds

// terraform is the provider's part: it fails on any status that the provider would
// not expect.
type terraform struct {
	*testing.T
	rds *rds.Client
}

func newTerraform(t *testing.T, b *bench) terraform { return terraform{t, b.rds} }

// must is for the calls that the provider makes to succeed: the test fails with the
// error.
func must[T any](out T, err error) T {
	if err != nil {
		panic(err)
	}
	return out
}

// await polls a status until it is the target; "" is gone.
func (tf terraform) await(refresh func() string, target string, pending ...string) {
	tf.Helper()
	await.Seen(tf, "state "+target, func() (any, bool) {
		is := refresh()
		if is != target && !slices.Contains(pending, is) {
			tf.Fatalf("unexpected state %q, want target %q", is, target)
		}
		return is, is == target
	})
}

// cluster is findDBClusterByID: nil if it is not there.
func (tf terraform) cluster(id string) *types.DBCluster {
	tf.Helper()
	var found []types.DBCluster
	for p := rds.NewDescribeDBClustersPaginator(tf.rds, &rds.DescribeDBClustersInput{DBClusterIdentifier: &id}); p.HasMorePages(); {
		page, err := p.NextPage(tf.Context())
		var gone *types.DBClusterNotFoundFault
		if errors.As(err, &gone) {
			return nil
		}
		found = append(found, must(page, err).DBClusters...)
	}
	if len(found) != 1 || *found[0].DBClusterIdentifier != id && *found[0].DBClusterArn != id {
		tf.Fatalf("%d clusters %s", len(found), id)
	}
	return &found[0]
}

func (tf terraform) clusterStatus(id string, withoutPending bool) func() string {
	return func() string {
		c := tf.cluster(id)
		switch {
		case c == nil:
			return ""
		case *c.Status == "available" && withoutPending && c.PendingModifiedValues != nil && !reflect.ValueOf(*c.PendingModifiedValues).IsZero():
			return "available-with-pending-modified-values"
		}
		return *c.Status
	}
}

func (tf terraform) instance(id string) *types.DBInstance {
	tf.Helper()
	var found []types.DBInstance
	for p := rds.NewDescribeDBInstancesPaginator(tf.rds, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &id}); p.HasMorePages(); {
		page, err := p.NextPage(tf.Context())
		var gone *types.DBInstanceNotFoundFault
		if errors.As(err, &gone) {
			return nil
		}
		found = append(found, must(page, err).DBInstances...)
	}
	if len(found) != 1 {
		tf.Fatalf("%d instances %s", len(found), id)
	}
	return &found[0]
}

func (tf terraform) instanceStatus(id string) func() string {
	return func() string {
		if i := tf.instance(id); i != nil {
			return *i.DBInstanceStatus
		}
		return ""
	}
}

var (
	clusterCreating = []string{"backing-up", "creating", "migrating", "modifying", "preparing-data-migration", "rebooting", "resetting-master-credentials"}
	clusterUpdating = []string{"backing-up", "configuring-iam-database-auth", "configuring-enhanced-monitoring", "modifying", "renaming",
		"resetting-master-credentials", "scaling-compute", "scaling-storage", "upgrading"}
	clusterDeleting   = []string{"available", "backing-up", "deleting", "modifying", "promoting", "scaling-compute"}
	instancePendings  = []string{"backing-up", "configuring-enhanced-monitoring", "configuring-iam-database-auth", "configuring-log-exports", "creating", "maintenance", "modifying", "rebooting", "renaming", "resetting-master-credentials", "starting", "upgrading"}
	instanceDeleting  = []string{"configuring-log-exports", "delete-precheck", "deleting", "modifying"}
	pendingValuesName = "available-with-pending-modified-values"
)

// drift is a resource that the next plan would change for no reason.
func (tf terraform) drift(what string, is, configured any) {
	tf.Helper()
	for v := reflect.ValueOf(is); v.Kind() == reflect.Pointer; v = reflect.ValueOf(is) {
		if v.IsNil() {
			is = nil
			break
		}
		is = v.Elem().Interface()
	}
	if !reflect.DeepEqual(is, configured) {
		tf.Errorf("%s is %v, configured was %v", what, is, configured)
	}
}

func (tf terraform) groups() {
	ctx := tf.Context()
	must(tf.rds.CreateDBSubnetGroup(ctx, &rds.CreateDBSubnetGroupInput{DBSubnetGroupName: aws.String("tf-subnets"), DBSubnetGroupDescription: aws.String("Managed by Terraform"),
		SubnetIds: []string{"subnet-0a", "subnet-0b"}, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("audit")}}}))
	g := must(tf.rds.DescribeDBSubnetGroups(ctx, &rds.DescribeDBSubnetGroupsInput{DBSubnetGroupName: aws.String("tf-subnets")})).DBSubnetGroups[0]
	tf.drift("subnets", len(g.Subnets), 2)
	must(tf.rds.CreateDBClusterParameterGroup(ctx, &rds.CreateDBClusterParameterGroupInput{DBClusterParameterGroupName: aws.String("tf-cluster-pg"),
		DBParameterGroupFamily: aws.String("aurora-postgresql15"), Description: aws.String("Managed by Terraform")}))
	must(tf.rds.ModifyDBClusterParameterGroup(ctx, &rds.ModifyDBClusterParameterGroupInput{DBClusterParameterGroupName: aws.String("tf-cluster-pg"), Parameters: []types.Parameter{
		{ParameterName: aws.String("log_statement"), ParameterValue: aws.String("ddl"), ApplyMethod: types.ApplyMethodImmediate},
		{ParameterName: aws.String("rds.logical_replication"), ParameterValue: aws.String("1"), ApplyMethod: types.ApplyMethodPendingReboot},
	}}))
	var user []types.Parameter
	for p := rds.NewDescribeDBClusterParametersPaginator(tf.rds, &rds.DescribeDBClusterParametersInput{DBClusterParameterGroupName: aws.String("tf-cluster-pg"), Source: aws.String("user")}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		user = append(user, must(page, err).Parameters...)
	}
	if len(user) != 2 || *user[0].ParameterName != "log_statement" || *user[0].ParameterValue != "ddl" || user[0].ApplyMethod != types.ApplyMethodImmediate {
		tf.Errorf("parameters %+v", user)
	}
	for p := rds.NewDescribeDBClusterParametersPaginator(tf.rds, &rds.DescribeDBClusterParametersInput{DBClusterParameterGroupName: aws.String("tf-cluster-pg"), Source: aws.String("system")}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		must(page, err)
	}
	must(tf.rds.CreateDBParameterGroup(ctx, &rds.CreateDBParameterGroupInput{DBParameterGroupName: aws.String("tf-pg"),
		DBParameterGroupFamily: aws.String("aurora-postgresql15"), Description: aws.String("Managed by Terraform")}))
	must(tf.rds.DescribeDBParameterGroups(ctx, &rds.DescribeDBParameterGroupsInput{DBParameterGroupName: aws.String("tf-pg")}))
}

func (tf terraform) createCluster() {
	ctx := tf.Context()
	in := &rds.CreateDBClusterInput{CopyTagsToSnapshot: aws.Bool(true), DBClusterIdentifier: aws.String("tf"), DeletionProtection: aws.Bool(true),
		Engine: aws.String("aurora-postgresql"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("audit")}},
		AvailabilityZones: []string{"us-east-1a", "us-east-1b", "us-east-1c"}, BackupRetentionPeriod: aws.Int32(7), DatabaseName: aws.String("app"),
		DBClusterParameterGroupName: aws.String("tf-cluster-pg"), DBSubnetGroupName: aws.String("tf-subnets"),
		EnableCloudwatchLogsExports: []string{"postgresql"}, EngineMode: aws.String("provisioned"), EngineVersion: aws.String("15"),
		EnableIAMDatabaseAuthentication: aws.Bool(true), KmsKeyId: aws.String(keyARN), StorageEncrypted: aws.Bool(true), MasterUsername: aws.String("root"),
		ManageMasterUserPassword: aws.Bool(true), PreferredBackupWindow: aws.String("07:00-09:00"), PreferredMaintenanceWindow: aws.String("mon:03:00-mon:04:00"),
		ServerlessV2ScalingConfiguration: &types.ServerlessV2ScalingConfiguration{MinCapacity: aws.Float64(0.5), MaxCapacity: aws.Float64(2)},
		StorageType:                      aws.String("aurora-iopt1"), VpcSecurityGroupIds: []string{"sg-1"}, AllocatedStorage: aws.Int32(1)}
	must(tf.rds.CreateDBCluster(ctx, in))
	tf.await(tf.clusterStatus("tf", false), "available", clusterCreating...)
	role := aws.String("arn:aws:iam::000000000000:role/s3")
	must(tf.rds.AddRoleToDBCluster(ctx, &rds.AddRoleToDBClusterInput{DBClusterIdentifier: aws.String("tf"), RoleArn: role}))
	tf.readCluster()
}

func (tf terraform) readCluster() {
	tf.Helper()
	c := tf.cluster("tf")
	tf.drift("availability_zones", c.AvailabilityZones, []string{"us-east-1a", "us-east-1b", "us-east-1c"})
	tf.drift("allocated_storage", c.AllocatedStorage, int32(1))
	tf.drift("backup_retention_period", c.BackupRetentionPeriod, int32(7))
	tf.drift("copy_tags_to_snapshot", c.CopyTagsToSnapshot, true)
	tf.drift("database_name", c.DatabaseName, "app")
	tf.drift("db_cluster_parameter_group_name", c.DBClusterParameterGroup, "tf-cluster-pg")
	tf.drift("db_subnet_group_name", c.DBSubnetGroup, "tf-subnets")
	tf.drift("enabled_cloudwatch_logs_exports", c.EnabledCloudwatchLogsExports, []string{"postgresql"})
	tf.drift("engine", c.Engine, "aurora-postgresql")
	tf.drift("engine_mode", c.EngineMode, "provisioned")
	tf.drift("engine_version starts with 15", strings.HasPrefix(*c.EngineVersion, "15."), true)
	tf.drift("iam_database_authentication_enabled", c.IAMDatabaseAuthenticationEnabled, true)
	tf.drift("iam_roles", *c.AssociatedRoles[0].RoleArn, "arn:aws:iam::000000000000:role/s3")
	tf.drift("kms_key_id", c.KmsKeyId, keyARN)
	tf.drift("master_username", c.MasterUsername, "root")
	tf.drift("master_user_secret", *c.MasterUserSecret.SecretStatus, "active")
	tf.drift("preferred_backup_window", c.PreferredBackupWindow, "07:00-09:00")
	tf.drift("preferred_maintenance_window", c.PreferredMaintenanceWindow, "mon:03:00-mon:04:00")
	tf.drift("serverlessv2_scaling_configuration", *c.ServerlessV2ScalingConfiguration.MaxCapacity, 2.0)
	tf.drift("storage_encrypted", c.StorageEncrypted, true)
	tf.drift("storage_type", c.StorageType, "aurora-iopt1")
	tf.drift("vpc_security_group_ids", *c.VpcSecurityGroups[0].VpcSecurityGroupId, "sg-1")
	tf.drift("tags", *c.TagList[0].Value, "audit")
	for p := rds.NewDescribeGlobalClustersPaginator(tf.rds, &rds.DescribeGlobalClustersInput{
		Filters: []types.Filter{{Name: aws.String("db-cluster-id"), Values: []string{*c.DBClusterArn}}}}); p.HasMorePages(); {
		page, err := p.NextPage(tf.Context())
		tf.drift("global clusters", len(must(page, err).GlobalClusters), 0)
	}
}

func (tf terraform) createInstances() {
	ctx := tf.Context()
	for n, id := range []string{"tf-0", "tf-1"} {
		must(tf.rds.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{AutoMinorVersionUpgrade: aws.Bool(false), CopyTagsToSnapshot: aws.Bool(true),
			DBClusterIdentifier: aws.String("tf"), DBInstanceClass: aws.String("db.r6g.large"), DBInstanceIdentifier: &id, Engine: aws.String("aurora-postgresql"),
			PromotionTier: aws.Int32(int32(n)), PubliclyAccessible: aws.Bool(n == 1), DBParameterGroupName: aws.String("tf-pg"), DBSubnetGroupName: aws.String("tf-subnets"),
			EngineVersion: aws.String("15"), MonitoringInterval: aws.Int32(30), MonitoringRoleArn: aws.String("arn:aws:iam::000000000000:role/monitor"),
			EnablePerformanceInsights: aws.Bool(true), PerformanceInsightsKMSKeyId: aws.String(keyARN), PerformanceInsightsRetentionPeriod: aws.Int32(31)}))
		tf.await(tf.instanceStatus(id), "available", instancePendings...)
		// A CA of one's own makes the provider modify and reboot.
		must(tf.rds.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{ApplyImmediately: aws.Bool(true), CACertificateIdentifier: aws.String("rds-ca-ecc384-g1"), DBInstanceIdentifier: &id}))
		tf.await(tf.instanceStatus(id), "available", instancePendings...)
		must(tf.rds.RebootDBInstance(ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: &id}))
		tf.await(tf.instanceStatus(id), "available", instancePendings...)
		tf.readInstance(id, n, "db.r6g.large")
	}
}

func (tf terraform) readInstance(id string, n int, class string) {
	tf.Helper()
	i, c := tf.instance(id), tf.cluster("tf")
	tf.drift("writer", *c.DBClusterMembers[n].IsClusterWriter && *c.DBClusterMembers[n].DBInstanceIdentifier == id, n == 0)
	tf.drift("auto_minor_version_upgrade", i.AutoMinorVersionUpgrade, false)
	tf.drift("ca_cert_identifier", i.CACertificateIdentifier, "rds-ca-ecc384-g1")
	tf.drift("copy_tags_to_snapshot", i.CopyTagsToSnapshot, true)
	tf.drift("db_parameter_group_name", i.DBParameterGroups[0].DBParameterGroupName, "tf-pg")
	tf.drift("db_subnet_group_name", i.DBSubnetGroup.DBSubnetGroupName, "tf-subnets")
	tf.drift("instance_class", i.DBInstanceClass, class)
	tf.drift("kms_key_id", i.KmsKeyId, keyARN)
	tf.drift("monitoring_interval", i.MonitoringInterval, int32(30))
	tf.drift("monitoring_role_arn", i.MonitoringRoleArn, "arn:aws:iam::000000000000:role/monitor")
	tf.drift("performance_insights_enabled", i.PerformanceInsightsEnabled, true)
	tf.drift("performance_insights_kms_key_id", i.PerformanceInsightsKMSKeyId, keyARN)
	tf.drift("performance_insights_retention_period", i.PerformanceInsightsRetentionPeriod, int32(31))
	tf.drift("preferred_maintenance_window", i.PreferredMaintenanceWindow, "mon:03:00-mon:04:00")
	tf.drift("promotion_tier", i.PromotionTier, int32(n))
	tf.drift("publicly_accessible", i.PubliclyAccessible, n == 1)
	tf.drift("storage_encrypted", i.StorageEncrypted, true)
	tf.drift("pending modified values", reflect.ValueOf(*i.PendingModifiedValues).IsZero(), true)
}

// streamStatus is the provider's: a stopped stream is none.
func (tf terraform) streamStatus(arn string) func() string {
	return func() string {
		c := tf.cluster(arn)
		if c == nil || c.ActivityStreamStatus == types.ActivityStreamStatusStopped {
			return ""
		}
		return string(c.ActivityStreamStatus)
	}
}

func (tf terraform) createStream(arn string) {
	must(tf.rds.StartActivityStream(tf.Context(), &rds.StartActivityStreamInput{ApplyImmediately: aws.Bool(true), EngineNativeAuditFieldsIncluded: aws.Bool(false),
		KmsKeyId: aws.String(keyID), Mode: types.ActivityStreamModeAsync, ResourceArn: &arn}))
	tf.await(tf.streamStatus(arn), "started", "starting")
	c := tf.cluster(arn)
	tf.drift("kinesis_stream_name", c.ActivityStreamKinesisStreamName, "aws-rds-das-"+*c.DbClusterResourceId)
	tf.drift("kms_key_id", c.ActivityStreamKmsKeyId, keyID)
	tf.drift("mode", c.ActivityStreamMode, types.ActivityStreamModeAsync)
	tf.drift("resource_arn", c.DBClusterArn, arn)
}

func (tf terraform) update() {
	ctx := tf.Context()
	must(tf.rds.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{ApplyImmediately: aws.Bool(true), DBInstanceIdentifier: aws.String("tf-1"),
		DBInstanceClass: aws.String("db.r6g.xlarge")}))
	tf.await(tf.instanceStatus("tf-1"), "available", instancePendings...)
	tf.readInstance("tf-1", 1, "db.r6g.xlarge")
	// The provider drops the instances' parameter group when it is told to.
	in := &rds.ModifyDBClusterInput{ApplyImmediately: aws.Bool(true), DBClusterIdentifier: aws.String("tf"), DBInstanceParameterGroupName: aws.String("tf-pg"),
		EnableIAMDatabaseAuthentication: aws.Bool(false), EngineVersion: aws.String("15.99")}
	_, err := tf.rds.ModifyDBCluster(ctx, in)
	if code, message := apiError(err); code != "InvalidParameterCombination" && !strings.Contains(message, "db-instance-parameter-group-name can only be specified for a major") {
		tf.Errorf("got %v", err)
	}
	in.DBInstanceParameterGroupName = nil
	must(tf.rds.ModifyDBCluster(ctx, in))
	tf.await(tf.clusterStatus("tf", true), "available", append(clusterUpdating, pendingValuesName)...)
	tf.drift("engine_version", tf.cluster("tf").EngineVersion, "15.99")
	// Without apply_immediately the provider does not wait for what is pending.
	must(tf.rds.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{ApplyImmediately: aws.Bool(false), DBClusterIdentifier: aws.String("tf"),
		EnableIAMDatabaseAuthentication: aws.Bool(true)}))
	tf.await(tf.clusterStatus("tf", false), "available", clusterUpdating...)
	c := tf.cluster("tf")
	tf.drift("pending iam authentication", c.PendingModifiedValues.IAMDatabaseAuthenticationEnabled, true)
	must(tf.rds.EnableHttpEndpoint(ctx, &rds.EnableHttpEndpointInput{ResourceArn: c.DBClusterArn}))
	tf.drift("enable_http_endpoint", tf.cluster("tf").HttpEndpointEnabled, true)
	must(tf.rds.AddTagsToResource(ctx, &rds.AddTagsToResourceInput{ResourceName: c.DBClusterArn, Tags: []types.Tag{{Key: aws.String("env"), Value: aws.String("test")}}}))
	must(tf.rds.RemoveTagsFromResource(ctx, &rds.RemoveTagsFromResourceInput{ResourceName: c.DBClusterArn, TagKeys: []string{"team"}}))
}

func apiError(err error) (code, message string) {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return "", ""
	}
	return api.ErrorCode(), api.ErrorMessage()
}

func (tf terraform) destroy(arn string) {
	ctx := tf.Context()
	must(tf.rds.StopActivityStream(ctx, &rds.StopActivityStreamInput{ApplyImmediately: aws.Bool(true), ResourceArn: &arn}))
	tf.await(tf.streamStatus(arn), "", "stopping")
	_, err := tf.rds.StopActivityStream(ctx, &rds.StopActivityStreamInput{ApplyImmediately: aws.Bool(true), ResourceArn: &arn})
	if _, message := apiError(err); !strings.Contains(message, "Activity Streams feature expected to be started, but is stopped") {
		tf.Errorf("got %v", err)
	}
	for _, id := range []string{"tf-0", "tf-1"} {
		must(tf.rds.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &id}))
		tf.await(tf.instanceStatus(id), "", instanceDeleting...)
	}
	in := &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("tf"), DeleteAutomatedBackups: aws.Bool(true), SkipFinalSnapshot: aws.Bool(false),
		FinalDBSnapshotIdentifier: aws.String("tf-final")}
	_, err = tf.rds.DeleteDBCluster(ctx, in)
	if code, message := apiError(err); code != "InvalidParameterCombination" || !strings.Contains(message, "disable deletion pro") {
		tf.Errorf("got %v", err)
	}
	must(tf.rds.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{ApplyImmediately: aws.Bool(true), DBClusterIdentifier: aws.String("tf"), DeletionProtection: aws.Bool(false)}))
	tf.await(tf.clusterStatus("tf", false), "available", clusterUpdating...)
	must(tf.rds.DeleteDBCluster(ctx, in))
	tf.await(tf.clusterStatus("tf", false), "", clusterDeleting...)
	must(tf.rds.DeleteDBClusterParameterGroup(ctx, &rds.DeleteDBClusterParameterGroupInput{DBClusterParameterGroupName: aws.String("tf-cluster-pg")}))
	must(tf.rds.DeleteDBParameterGroup(ctx, &rds.DeleteDBParameterGroupInput{DBParameterGroupName: aws.String("tf-pg")}))
	must(tf.rds.DeleteDBSubnetGroup(ctx, &rds.DeleteDBSubnetGroupInput{DBSubnetGroupName: aws.String("tf-subnets")}))
}

// snapshot reads the final snapshot as aws_db_cluster_snapshot and its data source
// do, shares it and deletes it.
func (tf terraform) snapshot() {
	ctx, id := tf.Context(), aws.String("tf-final")
	s := must(tf.rds.DescribeDBClusterSnapshots(ctx, &rds.DescribeDBClusterSnapshotsInput{DBClusterSnapshotIdentifier: id})).DBClusterSnapshots
	if len(s) != 1 || *s[0].Status != "available" || *s[0].DBClusterIdentifier != "tf" || *s[0].EngineVersion != "15.99" || *s[0].KmsKeyId != keyARN ||
		*s[0].SnapshotType != "manual" || *s[0].PercentProgress != 100 || len(s[0].TagList) != 1 {
		tf.Errorf("snapshots %+v", s)
	}
	must(tf.rds.ModifyDBClusterSnapshotAttribute(ctx, &rds.ModifyDBClusterSnapshotAttributeInput{DBClusterSnapshotIdentifier: id,
		AttributeName: aws.String("restore"), ValuesToAdd: []string{"123456789012"}}))
	a := must(tf.rds.DescribeDBClusterSnapshotAttributes(ctx, &rds.DescribeDBClusterSnapshotAttributesInput{DBClusterSnapshotIdentifier: id}))
	tf.drift("shared_accounts", a.DBClusterSnapshotAttributesResult.DBClusterSnapshotAttributes[0].AttributeValues, []string{"123456789012"})
	must(tf.rds.DeleteDBClusterSnapshot(ctx, &rds.DeleteDBClusterSnapshotInput{DBClusterSnapshotIdentifier: id}))
	_, err := tf.rds.DescribeDBClusterSnapshots(ctx, &rds.DescribeDBClusterSnapshotsInput{DBClusterSnapshotIdentifier: id})
	var gone *types.DBClusterSnapshotNotFoundFault
	if !errors.As(err, &gone) {
		tf.Errorf("got %v", err)
	}
}

func TestTerraform(t *testing.T) {
	tf := newTerraform(t, start(t, Config{EngineVersion: "15.4", Clock: mondayNoon()}))
	tf.groups()
	tf.createCluster()
	tf.createInstances()
	arn := *tf.cluster("tf").DBClusterArn
	tf.createStream(arn)
	tf.readCluster()
	tf.update()
	tf.destroy(arn)
	tf.snapshot()
}
