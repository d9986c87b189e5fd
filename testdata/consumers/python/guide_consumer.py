"""A consumer after the example in today's Aurora user guide, "Processing a database
activity stream using the AWS SDK":

    python guide_consumer.py REGION RESOURCE_ID

It prints the decrypted record, heartbeats and all, of every shard from now on. As in
the guide it lists the shards once: a shard that ends is left, and its children are not
read. Different from the guide: what it prints is text (bytes there), Region and
resource id are arguments, a round that has read nothing is followed by a pause, and
the commitment policy is the one that Encryption SDK 1 has, if that is installed.
"""

import base64
import json
import sys
import time
import zlib

import aws_encryption_sdk
import boto3
from aws_encryption_sdk.identifiers import CommitmentPolicy, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider
from aws_encryption_sdk.materials_managers.default import DefaultCryptoMaterialsManager

REGION, RESOURCE_ID = sys.argv[1:]
STREAM = "aws-rds-das-" + RESOURCE_ID
OLD = aws_encryption_sdk.identifiers.__version__.startswith("1.")
POLICY = "FORBID_ENCRYPT_ALLOW_DECRYPT" if OLD else "REQUIRE_ENCRYPT_ALLOW_DECRYPT"
sdk = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy[POLICY])


class DataKeyProvider(RawMasterKeyProvider):
    """The data key of one record."""

    provider_id = "BC"

    def __new__(cls, *args, **kwargs):
        return super(RawMasterKeyProvider, cls).__new__(cls)

    def __init__(self, data_key):
        RawMasterKeyProvider.__init__(self)
        self.wrapping_key = WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
            wrapping_key=data_key,
            wrapping_key_type=EncryptionKeyType.SYMMETRIC,
        )
        self.add_master_key("DataKey")

    def _get_raw_key(self, key_id):
        return self.wrapping_key


def opened(record, kms):
    """The DatabaseActivityMonitoringRecord in a record's data, as text."""
    outer = json.loads(record["Data"])
    data_key = kms.decrypt(
        CiphertextBlob=base64.b64decode(outer["key"]),
        EncryptionContext={"aws:rds:dbc-id": RESOURCE_ID},
    )["Plaintext"]
    plain, _ = sdk.decrypt(
        source=base64.b64decode(outer["databaseActivityEvents"]),
        materials_manager=DefaultCryptoMaterialsManager(master_key_provider=DataKeyProvider(data_key)),
    )
    return zlib.decompress(plain, zlib.MAX_WBITS + 16).decode("utf-8")


session = boto3.session.Session()
kms = session.client("kms", region_name=REGION)
kinesis = session.client("kinesis", region_name=REGION)
shards = kinesis.describe_stream(StreamName=STREAM)["StreamDescription"]["Shards"]
iterators = [
    kinesis.get_shard_iterator(StreamName=STREAM, ShardId=s["ShardId"], ShardIteratorType="LATEST")["ShardIterator"]
    for s in shards
]
while iterators:
    answers = [kinesis.get_records(ShardIterator=i, Limit=10000) for i in iterators]
    for answer in answers:
        for record in answer["Records"]:
            print(opened(record, kms), flush=True)
    iterators = [a["NextShardIterator"] for a in answers if "NextShardIterator" in a]
    if not any(a["Records"] for a in answers):
        time.sleep(0.25)
