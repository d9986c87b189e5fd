"""Keys by boto3, with its paginators. Argument: endpoint."""
import sys

import boto3
from botocore.config import Config

kms = boto3.client("kms", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="test",
                   aws_secret_access_key="test", config=Config(retries={"max_attempts": 0}))
context = {"aws:rds:dbc-id": "cluster-4HNY5V4RRNPKKYB7ICFKE5JBQQ"}


def refused(code, message, call, **args):
    try:
        call(**args)
    except kms.exceptions.ClientError as e:
        error = e.response["Error"]
        assert (error["Code"], error["Message"]) == (code, message), error
        assert e.response["ResponseMetadata"]["HTTPStatusCode"] == 400, e.response
    else:
        raise AssertionError("not refused: " + code)


key = kms.create_key(Description="das", Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]
kms.create_alias(AliasName="alias/das", TargetKeyId=key["KeyId"])
data_key = kms.generate_data_key(KeyId="alias/das", KeySpec="AES_256", EncryptionContext=context)
assert len(data_key["CiphertextBlob"]) == 184 and data_key["KeyId"] == key["Arn"], data_key
plain = kms.decrypt(CiphertextBlob=data_key["CiphertextBlob"], EncryptionContext=context)
assert plain["Plaintext"] == data_key["Plaintext"] and plain["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
# boto3 puts "" for a message that is not there.
refused("InvalidCiphertextException", "", kms.decrypt, CiphertextBlob=data_key["CiphertextBlob"])
kms.disable_key(KeyId=key["KeyId"])
refused("DisabledException", key["Arn"] + " is disabled.", kms.decrypt, CiphertextBlob=data_key["CiphertextBlob"], EncryptionContext=context)
kms.enable_key(KeyId=key["KeyId"])
deletion = kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
assert deletion["KeyState"] == "PendingDeletion", deletion
refused("KMSInvalidStateException", key["Arn"] + " is pending deletion.", kms.generate_data_key, KeyId="alias/das", KeySpec="AES_256")
kms.cancel_key_deletion(KeyId=key["KeyId"])
assert kms.describe_key(KeyId="alias/das")["KeyMetadata"]["KeyState"] == "Disabled"

for n in range(7):
    kms.create_alias(AliasName=f"alias/n{n}", TargetKeyId=key["KeyId"])
names = [a["AliasName"] for p in kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 3}) for a in p["Aliases"]]
assert names == ["alias/aws/rds", "alias/das"] + [f"alias/n{n}" for n in range(7)], names
tags = [t for p in kms.get_paginator("list_resource_tags").paginate(KeyId=key["KeyId"]) for t in p["Tags"]]
assert tags == [{"TagKey": "a", "TagValue": "b"}], tags
policies = [n for p in kms.get_paginator("list_key_policies").paginate(KeyId=key["KeyId"]) for n in p["PolicyNames"]]
assert policies == ["default"], policies
