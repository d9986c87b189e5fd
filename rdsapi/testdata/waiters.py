"""Snapshots, groups and failover, by boto3 with its own waiters and paginators.
Argument: endpoint."""
import sys

import boto3
from botocore.config import Config

rds = boto3.client("rds", endpoint_url=sys.argv[1], region_name="us-east-1",
                   aws_access_key_id="test", aws_secret_access_key="test",
                   config=Config(retries={"max_attempts": 0}))
quick = {"Delay": 1, "MaxAttempts": 60}


def wait(name, **what):
    rds.get_waiter(name).wait(WaiterConfig=quick, **what)


family = "aurora-postgresql15"
rds.create_db_subnet_group(DBSubnetGroupName="nets", DBSubnetGroupDescription="d", SubnetIds=["subnet-1", "subnet-2"])
rds.create_db_cluster_parameter_group(DBClusterParameterGroupName="cg", DBParameterGroupFamily=family, Description="d")
rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName="cg", Parameters=[
    {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}])
pages = list(rds.get_paginator("describe_db_cluster_parameters").paginate(DBClusterParameterGroupName="cg"))
assert len(pages) > 3, len(pages)
changed = {p["ParameterName"]: p["ParameterValue"] for page in pages for p in page["Parameters"] if p["Source"] == "user"}
assert changed == {"rds.force_ssl": "1"}, changed

rds.create_db_cluster(DBClusterIdentifier="py", Engine="aurora-postgresql", EngineVersion="15.4", MasterUsername="postgres",
                      MasterUserPassword="secret99", DBClusterParameterGroupName="cg", DBSubnetGroupName="nets")
wait("db_cluster_available", DBClusterIdentifier="py")
for n in "ab":
    rds.create_db_instance(DBInstanceIdentifier="py-" + n, DBClusterIdentifier="py", Engine="aurora-postgresql", DBInstanceClass="db.r5.large")
    wait("db_instance_available", DBInstanceIdentifier="py-" + n)

assert rds.failover_db_cluster(DBClusterIdentifier="py")["DBCluster"]["Status"] == "failing-over"
wait("db_cluster_available", DBClusterIdentifier="py")
members = rds.describe_db_clusters(DBClusterIdentifier="py")["DBClusters"][0]["DBClusterMembers"]
assert [m["DBInstanceIdentifier"] for m in members if m["IsClusterWriter"]] == ["py-b"], members

rds.create_db_cluster_snapshot(DBClusterIdentifier="py", DBClusterSnapshotIdentifier="snap")
wait("db_cluster_snapshot_available", DBClusterSnapshotIdentifier="snap")
wait("db_cluster_snapshot_available", DBClusterIdentifier="py")
try:
    rds.create_db_snapshot(DBInstanceIdentifier="py-a", DBSnapshotIdentifier="no")
    raise AssertionError("an instance of a cluster had a snapshot")
except rds.exceptions.ClientError as e:
    assert "CreateDBClusterSnapshot" in e.response["Error"]["Message"], e.response
wait("db_snapshot_deleted", DBSnapshotIdentifier="no")

for n in "ba":
    rds.delete_db_instance(DBInstanceIdentifier="py-" + n)
    wait("db_instance_deleted", DBInstanceIdentifier="py-" + n)
rds.delete_db_cluster(DBClusterIdentifier="py", FinalDBSnapshotIdentifier="last")
wait("db_cluster_deleted", DBClusterIdentifier="py")
found = [s["DBClusterSnapshotIdentifier"] for p in rds.get_paginator("describe_db_cluster_snapshots").paginate() for s in p["DBClusterSnapshots"]]
assert found == ["last", "snap"], found
for s in found:
    rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=s)
    wait("db_cluster_snapshot_deleted", DBClusterSnapshotIdentifier=s)
rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName="cg")
rds.delete_db_subnet_group(DBSubnetGroupName="nets")
