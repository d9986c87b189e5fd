"""Prints model.json: what botocore's service model of KMS says of the operations' inputs."""
import gzip
import json
import os

import botocore

path = os.path.join(os.path.dirname(botocore.__file__), "data", "kms", "2014-11-01", "service-2.json.gz")
with gzip.open(path) as f:
    model = json.load(f)
shapes = {}


def add(name):
    if name in shapes:
        return name
    shape = model["shapes"][name]
    kept = shapes[name] = {k: shape[k] for k in ("type", "min", "max", "pattern", "enum", "sensitive") if k in shape}
    if "members" in shape:
        required = shape.get("required", [])
        kept["members"] = [{"name": m, "shape": add(v["shape"]), "required": m in required} for m, v in shape["members"].items()]
    if shape["type"] == "list":
        kept["member"] = add(shape["member"]["shape"])
    return name


operations = {name: add(o["input"]["shape"]) for name, o in sorted(model["operations"].items())}


def lines(d):
    return ",\n".join("%s: %s" % (json.dumps(k), json.dumps(v)) for k, v in sorted(d.items()))


print('{"operations": {\n%s\n}, "shapes": {\n%s\n}}' % (lines(operations), lines(shapes)))
