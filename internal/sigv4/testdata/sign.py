"""Prints requests that botocore has signed, as JSON."""
import json
import botocore.session
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

requests = []


def add(name, auth, service, method, url, body="", headers=None):
    request = AWSRequest(method=method, url=url, data=body, headers=headers or {})
    auth.add_auth(request)
    prepared = request.prepare()
    headers = {k: v.decode() if isinstance(v, bytes) else str(v) for k, v in prepared.headers.items()}
    requests.append({"Name": name, "Method": method, "URL": prepared.url, "Body": body, "Service": service, "Headers": headers})


JSON = {"X-Amz-Target": "Kinesis_20131202.PutRecord", "Content-Type": "application/x-amz-json-1.1"}
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
long_term = Credentials("AKID", "secret/+")
temporary = Credentials("ASIA", "secret/+", "token/+==")

add("json", SigV4Auth(long_term, "kinesis", "eu-central-1"), "kinesis", "POST", "http://127.0.0.1:4566/", '{"StreamName":"ä"}', JSON)
add("json with a token", SigV4Auth(temporary, "kms", "eu-central-1"), "kms", "POST", "http://localhost:4566/", "{}", JSON)
add("form", SigV4Auth(long_term, "rds", "eu-central-1"), "rds", "POST", "http://127.0.0.1:4566/", "Action=DescribeDBClusters&Version=2014-10-31", FORM)
add("port 80", SigV4Auth(long_term, "rds", "eu-central-1"), "rds", "POST", "http://example.com/", "Action=X", FORM)
add("port 443", SigV4Auth(long_term, "rds", "eu-central-1"), "rds", "POST", "https://example.com/", "Action=X", FORM)
add("path", SigV4Auth(long_term, "rds", "eu-central-1"), "rds", "GET", "http://127.0.0.1:4566/a%20b//c/../d/?x=%2F&y=a%2Bb&y=a", "", {"My-Header": "a   b "})
add("presigned", SigV4QueryAuth(long_term, "rds", "eu-central-1", expires=60), "rds", "GET", "http://127.0.0.1:4566/?Action=DescribeDBClusters&Version=2014-10-31")
add("presigned with a token", SigV4QueryAuth(temporary, "sts", "eu-central-1", expires=604800), "sts", "GET", "http://127.0.0.1:4566/?Action=GetCallerIdentity&Version=2011-06-15")

session = botocore.session.get_session()
session.set_credentials("AKID", "secret/+", "token")
for service, call, kwargs in [("kinesis", "list_streams", {}), ("kms", "encrypt", {"KeyId": "a", "Plaintext": b"b"}), ("rds", "describe_db_clusters", {}), ("sts", "get_caller_identity", {})]:
    client = session.create_client(service, "eu-central-1", endpoint_url="http://127.0.0.1:1")

    def keep(request, service=service, **_):
        headers = {k: v.decode() if isinstance(v, bytes) else str(v) for k, v in request.headers.items()}
        body = request.body or b""
        requests.append({"Name": "client " + service, "Method": request.method, "URL": request.url, "Body": body.decode() if isinstance(body, bytes) else body,
                         "Service": service, "Headers": headers})
        raise InterruptedError

    client.meta.events.register("before-send", keep)
    try:
        getattr(client, call)(**kwargs)
    except InterruptedError:
        pass
print(json.dumps(requests))
