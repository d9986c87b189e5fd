"""The life of a cluster and its activity stream, by boto3 with its own waiters
and paginators. Arguments: endpoint, KMS key id."""
import sys
import time

import boto3
from botocore.config import Config

endpoint, key = sys.argv[1:]
rds = boto3.client("rds", endpoint_url=endpoint, region_name="us-east-1",
                   aws_access_key_id="test", aws_secret_access_key="test",
                   config=Config(retries={"max_attempts": 0}))
quick = {"Delay": 1, "MaxAttempts": 120}

rds.create_db_cluster(DBClusterIdentifier="py", Engine="aurora-postgresql", MasterUsername="postgres",
                      MasterUserPassword="secret99", Tags=[{"Key": "team", "Value": "audit"}],
                      EnableCloudwatchLogsExports=[])
rds.get_waiter("db_cluster_available").wait(DBClusterIdentifier="py", WaiterConfig=quick)
rds.create_db_instance(DBInstanceIdentifier="py-1", DBClusterIdentifier="py", Engine="aurora-postgresql",
                       DBInstanceClass="db.r5.large")
rds.get_waiter("db_instance_available").wait(DBInstanceIdentifier="py-1", WaiterConfig=quick)
cluster = rds.describe_db_clusters(DBClusterIdentifier="py")["DBClusters"][0]
arn = cluster["DBClusterArn"]
assert cluster["TagList"] == [{"Key": "team", "Value": "audit"}], cluster
assert cluster["ActivityStreamStatus"] == "stopped", cluster
assert cluster["DBClusterMembers"][0]["IsClusterWriter"] is True, cluster
assert cluster["ClusterCreateTime"].tzinfo is not None, cluster


def await_stream(status):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        found = rds.describe_db_clusters(DBClusterIdentifier=arn)["DBClusters"][0]
        if found["ActivityStreamStatus"] == status:
            return found
        time.sleep(0.02)
    raise AssertionError(found)


try:
    rds.start_activity_stream(ResourceArn=arn, Mode="async", KmsKeyId="alias/aws/rds", ApplyImmediately=True)
    raise AssertionError("the default key was taken")
except rds.exceptions.KMSKeyNotAccessibleFault:
    pass
started = rds.start_activity_stream(ResourceArn=arn, Mode="async", KmsKeyId=key, ApplyImmediately=True)
assert started["Status"] == "starting" and started["ApplyImmediately"] is True, started
cluster = await_stream("started")
assert cluster["ActivityStreamKinesisStreamName"] == "aws-rds-das-" + cluster["DbClusterResourceId"], cluster
assert cluster["ActivityStreamKmsKeyId"] == key, cluster
rds.get_waiter("db_cluster_available").wait(DBClusterIdentifier=arn, WaiterConfig=quick)
stopped = rds.stop_activity_stream(ResourceArn=arn, ApplyImmediately=True)
assert stopped["Status"] == "stopping", stopped
await_stream("stopped")
try:
    rds.stop_activity_stream(ResourceArn=arn)
    raise AssertionError("stopped twice")
except rds.exceptions.ClientError as e:
    assert e.response["Error"]["Code"] == "InvalidParameterCombination", e.response
    assert "Activity Streams feature expected to be started, but is stopped" in e.response["Error"]["Message"], e.response

for n in range(25):
    rds.create_db_cluster(DBClusterIdentifier=f"many-{n}", Engine="aurora-postgresql", MasterUsername="postgres",
                          ManageMasterUserPassword=True)
pages = list(rds.get_paginator("describe_db_clusters").paginate(PaginationConfig={"PageSize": 20}))
assert [len(p["DBClusters"]) for p in pages] == [20, 6], pages
messages = [e["Message"] for p in rds.get_paginator("describe_events").paginate(SourceType="db-cluster", SourceIdentifier="py")
            for e in p["Events"]]
assert messages == ["DB cluster created", "Database Activity Streams is started on your database cluster.",
                    "Database Activity Streams is stopped on your database cluster."], messages

rds.delete_db_instance(DBInstanceIdentifier="py-1", SkipFinalSnapshot=True)
rds.get_waiter("db_instance_deleted").wait(DBInstanceIdentifier="py-1", WaiterConfig=quick)
rds.delete_db_cluster(DBClusterIdentifier="py", SkipFinalSnapshot=True)
rds.get_waiter("db_cluster_deleted").wait(DBClusterIdentifier="py", WaiterConfig=quick)
