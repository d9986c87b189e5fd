"""Walks through paginators, waiters, resharding and tags with boto3."""

import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

client = boto3.client(
    "kinesis",
    endpoint_url=sys.argv[1],
    region_name="us-east-1",
    aws_access_key_id="test",
    aws_secret_access_key="test",
    config=Config(retries={"max_attempts": 1}),
)


def pages(operation, key, size, **kwargs):
    out = []
    for page in client.get_paginator(operation).paginate(PaginationConfig={"PageSize": size}, **kwargs):
        part = page
        for name in key.split("."):
            part = part[name]
        assert len(part) <= size, (operation, len(part))
        out.extend(part)
    return out


names = ["stream-%02d" % i for i in range(7)]
for name in names:
    client.create_stream(StreamName=name, ShardCount=5)
    client.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 2})
assert pages("list_streams", "StreamNames", 3) == names
assert [s["StreamName"] for s in pages("list_streams", "StreamSummaries", 2)] == names

stream = names[0]
arn = client.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
ids = ["shardId-%012d" % i for i in range(5)]
listed, page = [], client.list_shards(StreamName=stream, MaxResults=2)
while page.get("NextToken"):
    listed.extend(page["Shards"])
    page = client.list_shards(NextToken=page["NextToken"], MaxResults=2)
assert [s["ShardId"] for s in listed + page["Shards"]] == ids
try:
    # boto3's own paginator repeats the stream beside the token, which AWS refuses.
    pages("list_shards", "Shards", 2, StreamName=stream)
    raise AssertionError("NextToken and StreamName were accepted")
except client.exceptions.InvalidArgumentException as e:
    assert "NextToken and StreamName cannot be provided together." in str(e), e
assert [s["ShardId"] for s in pages("list_shards", "Shards", 100, StreamName=stream)] == ids
assert [s["ShardId"] for s in pages("describe_stream", "StreamDescription.Shards", 2, StreamARN=arn)] == ids

client.update_shard_count(StreamName=stream, TargetShardCount=7, ScalingType="UNIFORM_SCALING")
open_shards = client.list_shards(StreamARN=arn, ShardFilter={"Type": "AT_LATEST"})["Shards"]
assert len(open_shards) == 7, open_shards
ranges = sorted((int(s["HashKeyRange"]["StartingHashKey"]), int(s["HashKeyRange"]["EndingHashKey"])) for s in open_shards)
size = 2**128 // 7
assert ranges == [(i * size, (i + 1) * size - 1 if i < 6 else 2**128 - 1) for i in range(7)], ranges

client.add_tags_to_stream(StreamName=stream, Tags={"b": "2", "a": "1", "c": ""})
first = client.list_tags_for_stream(StreamName=stream, Limit=2)
assert first["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}] and first["HasMoreTags"], first
client.remove_tags_from_stream(StreamARN=arn, TagKeys=["a", "b"])
assert client.list_tags_for_stream(StreamName=stream)["Tags"] == [{"Key": "c", "Value": ""}]

client.tag_resource(ResourceARN=arn, Tags={"d": "4"})
client.untag_resource(ResourceARN=arn, TagKeys=["c"])
assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "d", "Value": "4"}]

client.increase_stream_retention_period(StreamName=stream, RetentionPeriodHours=48)
assert client.describe_stream(StreamName=stream)["StreamDescription"]["RetentionPeriodHours"] == 48
try:
    client.decrease_stream_retention_period(StreamName=stream, RetentionPeriodHours=72)
    raise AssertionError("a longer period was accepted")
except client.exceptions.InvalidArgumentException as e:
    assert "can not be longer than existing retention period (48 hours)" in str(e), e

client.start_stream_encryption(StreamName=stream, EncryptionType="KMS", KeyId="alias/k")
put = client.put_record(StreamName=stream, Data=b"\x00\xff", PartitionKey="k")
assert put["EncryptionType"] == "KMS", put
iterator = client.get_shard_iterator(
    StreamName=stream,
    ShardId=put["ShardId"],
    ShardIteratorType="AT_SEQUENCE_NUMBER",
    StartingSequenceNumber=put["SequenceNumber"],
)["ShardIterator"]
answer = client.get_records(ShardIterator=iterator, StreamARN=arn)
record = answer["Records"][0]
assert record["Data"] == b"\x00\xff" and record["EncryptionType"] == "KMS", record
assert record["SequenceNumber"] == put["SequenceNumber"] and answer["MillisBehindLatest"] == 0
at = client.get_shard_iterator(
    StreamName=stream, ShardId=put["ShardId"], ShardIteratorType="AT_TIMESTAMP", Timestamp=record["ApproximateArrivalTimestamp"]
)["ShardIterator"]
assert client.get_records(ShardIterator=at)["Records"][0]["SequenceNumber"] == put["SequenceNumber"]

limits = client.describe_limits()
assert limits["OpenShardCount"] == 7 + 6 * 5, limits
other = boto3.client("kinesis", endpoint_url=sys.argv[1], region_name="eu-west-1", aws_access_key_id="123456789012", aws_secret_access_key="x")
assert other.list_streams()["StreamNames"] == []
other.create_stream(StreamName="far", ShardCount=1)
assert other.describe_stream(StreamName="far")["StreamDescription"]["StreamARN"] == "arn:aws:kinesis:eu-west-1:123456789012:stream/far"

try:
    client.describe_stream(StreamName="far")
    raise AssertionError("a stream of another account was found")
except ClientError as e:
    assert e.response["Error"]["Code"] == "ResourceNotFoundException", e
    assert e.response["ResponseMetadata"]["HTTPStatusCode"] == 400

for name in names:
    client.delete_stream(StreamName=name)
    client.get_waiter("stream_not_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 2})
print("ok")
