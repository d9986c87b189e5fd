"""Event subscriptions, by boto3 with its own paginators. Arguments: endpoint,
topic ARN. The cluster my-cluster and its instance are there."""
import sys

import boto3
from botocore.config import Config

endpoint, topic = sys.argv[1:]
rds = boto3.client("rds", endpoint_url=endpoint, region_name="us-east-1",
                   aws_access_key_id="test", aws_secret_access_key="test",
                   config=Config(retries={"max_attempts": 0}))

of_clusters = rds.describe_event_categories(SourceType="db-cluster")["EventCategoriesMapList"]
assert len(of_clusters) == 1 and of_clusters[0]["SourceType"] == "db-cluster", of_clusters
assert {"configuration change", "failure", "notification"} <= set(of_clusters[0]["EventCategories"]), of_clusters
assert len(rds.describe_event_categories()["EventCategoriesMapList"]) > 5

made = rds.create_event_subscription(SubscriptionName="audit", SnsTopicArn=topic, SourceType="db-cluster",
                                     EventCategories=["failure", "notification"], SourceIds=["my-cluster"],
                                     Tags=[{"Key": "team", "Value": "audit"}])["EventSubscription"]
assert made["Status"] == "creating" and made["Enabled"] is True, made
shown = rds.describe_event_subscriptions(SubscriptionName="audit")["EventSubscriptionsList"]
assert len(shown) == 1, shown
shown = shown[0]
assert shown["Status"] == "active" and shown["SourceIdsList"] == ["my-cluster"], shown
assert shown["EventCategoriesList"] == ["failure", "notification"] and shown["SnsTopicArn"] == topic, shown
assert rds.list_tags_for_resource(ResourceName=shown["EventSubscriptionArn"])["TagList"] == [{"Key": "team", "Value": "audit"}]

changed = rds.modify_event_subscription(SubscriptionName="audit", Enabled=False, EventCategories=["failure"])["EventSubscription"]
assert changed["Status"] == "modifying" and changed["Enabled"] is False and changed["EventCategoriesList"] == ["failure"], changed
assert changed["SourceIdsList"] == ["my-cluster"], changed
try:
    rds.modify_event_subscription(SubscriptionName="audit", SourceType="db-instance")
    raise AssertionError("the source type of a subscription with sources was changed")
except rds.exceptions.ClientError as e:
    assert e.response["Error"]["Code"] == "InvalidParameterCombination", e.response

rds.create_db_cluster(DBClusterIdentifier="other", Engine="aurora-postgresql", MasterUsername="postgres", ManageMasterUserPassword=True)
rds.add_source_identifier_to_subscription(SubscriptionName="audit", SourceIdentifier="other")
try:
    rds.add_source_identifier_to_subscription(SubscriptionName="audit", SourceIdentifier="nope")
    raise AssertionError("a source that is not there was added")
except rds.exceptions.SourceNotFoundFault:
    pass
left = rds.remove_source_identifier_from_subscription(SubscriptionName="audit", SourceIdentifier="my-cluster")["EventSubscription"]
assert left["SourceIdsList"] == ["other"], left

pages = list(rds.get_paginator("describe_event_subscriptions").paginate(PaginationConfig={"PageSize": 20}))
assert [s["CustSubscriptionId"] for p in pages for s in p["EventSubscriptionsList"]] == ["audit"], pages
assert rds.delete_event_subscription(SubscriptionName="audit")["EventSubscription"]["Status"] == "deleting"
try:
    rds.describe_event_subscriptions(SubscriptionName="audit")
    raise AssertionError("the subscription is still there")
except rds.exceptions.SubscriptionNotFoundFault:
    pass
