"""Lambda functions that read an activity stream: `handler` by an event source mapping,
`transform` for Firehose. The key is KMS', the format that of the Aurora user guide.
"""

import base64
import json
import zlib

import aws_encryption_sdk
import boto3
from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider

kms = boto3.client("kms")
sdk = aws_encryption_sdk.EncryptionSDKClient(
    commitment_policy=aws_encryption_sdk.CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT
)


class DataKey(RawMasterKeyProvider):
    """The data key of one record."""

    provider_id = "BC"

    def __new__(cls, key):
        return super().__new__(cls)

    def __init__(self, key):
        super().__init__()
        self.key = WrappingKey(WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING, key, EncryptionKeyType.SYMMETRIC)
        self.add_master_key("DataKey")

    def _get_raw_key(self, key_id):
        return self.key


def opened(data, stream_arn):
    """The events in a record's data, without heartbeats."""
    record = json.loads(base64.b64decode(data))
    key = kms.decrypt(
        CiphertextBlob=base64.b64decode(record["key"]),
        EncryptionContext={"aws:rds:dbc-id": stream_arn.partition("aws-rds-das-")[2]},
    )["Plaintext"]
    message = base64.b64decode(record["databaseActivityEvents"])
    plain, _ = sdk.decrypt(source=message, key_provider=DataKey(key))
    found = json.loads(zlib.decompress(plain, zlib.MAX_WBITS + 16))
    return [e for e in found["databaseActivityEventList"] if e["type"] != "heartbeat"]


def handler(event, context):
    for record in event["Records"]:
        try:
            for e in opened(record["kinesis"]["data"], record["eventSourceARN"]):
                print(json.dumps(e))
        except Exception as cause:  # Lambda hands this record over again, and those behind it
            print("failed:", cause)
            return {"batchItemFailures": [{"itemIdentifier": record["kinesis"]["sequenceNumber"]}]}
    return {"batchItemFailures": []}


def transform(event, context):
    done = []
    for record in event["records"]:
        answer = {"recordId": record["recordId"], "data": record["data"]}
        try:
            lines = [json.dumps(e) + "\n" for e in opened(record["data"], event["sourceKinesisStreamArn"])]
            answer["result"] = "Ok" if lines else "Dropped"
            answer["data"] = base64.b64encode("".join(lines).encode()).decode()
        except Exception as cause:
            print("failed:", cause)
            answer["result"] = "ProcessingFailed"
        done.append(answer)
    return {"records": done}
