"""Encrypts and decrypts with the AWS Encryption SDK for Python under KMS keys.

    python kms_keys.py KEY MRK REPLICA GRANT_TOKEN

MRK and REPLICA are the ARNs of one multi-Region key.
"""

import logging
import sys

import aws_encryption_sdk
from aws_encryption_sdk.exceptions import DecryptKeyError, GenerateKeyError
from aws_encryption_sdk.identifiers import CommitmentPolicy
from aws_encryption_sdk.key_providers.kms import (
    DiscoveryAwsKmsMasterKeyProvider,
    MRKAwareDiscoveryAwsKmsMasterKeyProvider,
    MRKAwareStrictAwsKmsMasterKeyProvider,
    StrictAwsKmsMasterKeyProvider,
)

logging.disable()  # the SDK logs the refusals that are wanted here
KEY, MRK, REPLICA, TOKEN = sys.argv[1:]
client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
context = {"aws:rds:dbc-id": "cluster-X", "purpose": "test"}
data = b"what is to be kept" * 1000


def seal(provider):
    return client.encrypt(source=data, key_provider=provider, encryption_context=context)[0]


def opens(message, provider):
    plain, header = client.decrypt(source=message, key_provider=provider)
    assert plain == data and context.items() <= header.encryption_context.items()


granted = StrictAwsKmsMasterKeyProvider(key_ids=[KEY], grant_tokens=[TOKEN])
message = seal(granted)
opens(message, granted)
opens(message, DiscoveryAwsKmsMasterKeyProvider())
# Two keys: each of them alone opens the message.
both = seal(StrictAwsKmsMasterKeyProvider(key_ids=[KEY, MRK]))
opens(both, StrictAwsKmsMasterKeyProvider(key_ids=[KEY]))
opens(both, StrictAwsKmsMasterKeyProvider(key_ids=[MRK]))
# One Region seals, the other opens.
there = seal(MRKAwareStrictAwsKmsMasterKeyProvider(key_ids=[MRK]))
opens(there, MRKAwareStrictAwsKmsMasterKeyProvider(key_ids=[REPLICA]))
opens(there, MRKAwareDiscoveryAwsKmsMasterKeyProvider(discovery_region="eu-west-2"))
try:
    opens(there, StrictAwsKmsMasterKeyProvider(key_ids=[KEY]))
except DecryptKeyError:
    pass
else:
    raise AssertionError("another key opens it")
bad = StrictAwsKmsMasterKeyProvider(key_ids=[KEY], grant_tokens=["no token"])
try:
    seal(bad)
except GenerateKeyError:
    pass
else:
    raise AssertionError("a forged grant token is accepted")
print("ok")
