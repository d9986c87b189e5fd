"""Writes model.json beside it: what botocore's service model says of the actions
that rdsapi serves. The tests hold the server to it. Run it where botocore is
installed when an action is added.
"""
import json
import pathlib
import re

import botocore.session

model = botocore.session.get_session().get_service_model("rds")


def describe(shape, above=()):
    kind = shape.type_name
    out = {"type": kind}
    if kind == "structure" and shape.name not in above:
        out["members"] = {n: describe(m, above + (shape.name,)) for n, m in shape.members.items()}
        if shape.required_members:
            out["required"] = sorted(shape.required_members)
    elif kind == "list":
        out["name"] = shape.member.serialization.get("name", "member")
        out["of"] = describe(shape.member, above)
    return out


def code(shape):
    return shape.metadata.get("error", {}).get("code", shape.name)


here = pathlib.Path(__file__).parent
actions = {}
for name in re.findall(r'"(\w+)": +op\(', (here.parent / "operations.go").read_text()):
    op = model.operation_model(name)
    empty = {"type": "structure", "members": {}}
    actions[name] = {
        "in": describe(op.input_shape) if op.input_shape else empty,
        "out": describe(op.output_shape) if op.output_shape else empty,
        "errors": sorted(code(e) for e in op.error_shapes),
    }
text = json.dumps(actions, indent=0, sort_keys=True, separators=(",", ":"))
(here / "model.json").write_text(text + "\n")
