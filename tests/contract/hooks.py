"""Bodies that are no JSON: what a schema cannot describe is taken from the run's own folder.

A submission is refused unless somebody signed it, a picture unless it shows a mark, a file unless its digest is its
address. So real ones are sent; nonsense in their place is what the tests of hostile input send.
"""

import hashlib
from pathlib import Path

import schemathesis
from hypothesis import strategies

statement = Path("statement.cbor").read_bytes()
picture = Path("picture.png").read_bytes()

schemathesis.openapi.media_type("application/cbor", strategies.just(statement))
schemathesis.openapi.media_type("image/png", strategies.just(picture))
# What a picture is, is read from its bytes.
schemathesis.openapi.media_type("image/jpeg", strategies.just(picture))
schemathesis.openapi.media_type("application/octet-stream", strategies.binary(max_size=4096))


@schemathesis.hook
def before_call(context, case, kwargs):
    """Files that are to be accepted get the address of what is sent."""
    if case.operation.definition.raw.get("operationId") != "put_artifact":
        return
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    body = getattr(case.body, "data", case.body)
    case.path_parameters["sha3"] = hashlib.sha3_256(bytes(body)).hexdigest()
