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

# Grants, as RDS and other services take them.
alice = "arn:aws:iam::000000000000:user/alice"
usable = kms.create_key()["KeyMetadata"]
grant = kms.create_grant(KeyId=usable["KeyId"], GranteePrincipal=alice, RetiringPrincipal=alice, Operations=["Decrypt", "GenerateDataKey"],
                         Constraints={"EncryptionContextEquals": context})
listed = [g for p in kms.get_paginator("list_grants").paginate(KeyId=usable["KeyId"]) for g in p["Grants"]]
assert [g["GrantId"] for g in listed] == [grant["GrantId"]] and listed[0]["Constraints"] == {"EncryptionContextEquals": context}, listed
assert kms.list_retirable_grants(RetiringPrincipal=alice)["Grants"] == listed
kms.generate_data_key(KeyId=usable["KeyId"], KeySpec="AES_256", EncryptionContext=context, GrantTokens=[grant["GrantToken"]])
kms.retire_grant(GrantToken=grant["GrantToken"])
assert kms.list_grants(KeyId=usable["KeyId"])["Grants"] == []

# Rotation.
kms.rotate_key_on_demand(KeyId=usable["KeyId"])
kms.enable_key_rotation(KeyId=usable["KeyId"], RotationPeriodInDays=120)
rotations = [r for p in kms.get_paginator("list_key_rotations").paginate(KeyId=usable["KeyId"]) for r in p["Rotations"]]
assert [r["RotationType"] for r in rotations] == ["ON_DEMAND"], rotations
assert kms.get_key_rotation_status(KeyId=usable["KeyId"])["RotationPeriodInDays"] == 120

# Other kinds of keys.
signing = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
assert signing["SigningAlgorithms"] == ["ECDSA_SHA_256"], signing
signature = kms.sign(KeyId=signing["KeyId"], Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
assert kms.verify(KeyId=signing["KeyId"], Message=b"m", Signature=signature, SigningAlgorithm="ECDSA_SHA_256")["SignatureValid"]
refused("KMSInvalidSignatureException", "", kms.verify, KeyId=signing["KeyId"], Message=b"x", Signature=signature, SigningAlgorithm="ECDSA_SHA_256")
refused("InvalidKeyUsageException", signing["Arn"] + " key usage is SIGN_VERIFY which is not valid for GenerateMac.",
        kms.generate_mac, KeyId=signing["KeyId"], Message=b"m", MacAlgorithm="HMAC_SHA_256")
pair = kms.generate_data_key_pair(KeyId=usable["KeyId"], KeyPairSpec="ECC_NIST_P384", EncryptionContext=context)
assert kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"], EncryptionContext=context)["Plaintext"] == pair["PrivateKeyPlaintext"]
primary = kms.create_key(MultiRegion=True)["KeyMetadata"]
replica = kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-west-2")["ReplicaKeyMetadata"]
assert replica["KeyId"] == primary["KeyId"] and replica["Arn"].startswith("arn:aws:kms:eu-west-2:"), replica
external = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]
assert external["KeyState"] == "PendingImport", external
refused("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.", kms.generate_data_key,
        KeyId=usable["KeyId"], KeySpec="AES_256", DryRun=True)
refused("UnsupportedOperationException", usable["Arn"] + " origin is AWS_KMS which is not valid for this operation.",
        kms.get_parameters_for_import, KeyId=usable["KeyId"], WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
