"""Answers requests for one version of the AWS Encryption SDK for Python.

    .venv/v3/bin/python python/judge.py

The line protocol is the one that judge_test.go describes. Version 1 is called
the way the Aurora user guide (2019) calls it, version 4 through keyrings.
"""

import base64
import sys
import warnings

warnings.simplefilter("ignore")

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import Algorithm, CommitmentPolicy, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider

MAJOR = int(aws_encryption_sdk.identifiers.__version__.split(".")[0])

SUITES = {
    "0x0178": Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA256,
    "0x0378": Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384,
}


class Provider(RawMasterKeyProvider):
    """Knows one AES key, under any name."""

    provider_id = "BC"

    def __new__(cls, *args, **kwargs):
        return super(RawMasterKeyProvider, cls).__new__(cls)

    def __init__(self, plain_key):
        RawMasterKeyProvider.__init__(self)
        self.wrapping_key = WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
            wrapping_key=plain_key,
            wrapping_key_type=EncryptionKeyType.SYMMETRIC,
        )

    def _get_raw_key(self, key_id):
        return self.wrapping_key


def keys(plain_key):
    """The argument that gives encrypt and decrypt their wrapping key."""
    if MAJOR >= 4:
        from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
        from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
        from aws_cryptographic_material_providers.mpl.models import AesWrappingAlg, CreateRawAesKeyringInput

        mpl = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
        return {
            "keyring": mpl.create_raw_aes_keyring(
                input=CreateRawAesKeyringInput(
                    key_namespace="BC",
                    key_name="DataKey",
                    wrapping_key=plain_key,
                    wrapping_alg=AesWrappingAlg.ALG_AES256_GCM_IV12_TAG16,
                )
            )
        }
    provider = Provider(plain_key)
    provider.add_master_key("DataKey")
    return {"key_provider": provider}


def answer(line):
    op, policy, suite, frame, key, context, data = line.rstrip("\n").split("\t")
    data = base64.b64decode(data)
    if MAJOR == 1 and policy == "FORBID_ENCRYPT_ALLOW_DECRYPT":
        client = aws_encryption_sdk
    else:
        client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy[policy])
    arguments = keys(base64.b64decode(key))
    if op == "decrypt":
        return client.decrypt(source=data, **arguments)[0]
    pairs = [pair.split("=") for pair in context.split(",") if pair]
    return client.encrypt(
        source=data,
        algorithm=SUITES[suite],
        frame_length=int(frame),
        encryption_context={k: v for k, v in pairs},
        **arguments
    )[0]


for request in sys.stdin:
    try:
        reply = "ok\t" + base64.b64encode(answer(request)).decode()
    except Exception as e:  # whatever the SDK raises is the answer
        reply = "error\t" + " ".join(("%s: %s" % (type(e).__name__, e)).split())
    sys.stdout.write(reply + "\n")
    sys.stdout.flush()
