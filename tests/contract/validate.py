"""Validates examples against the schemas of an OpenAPI document: validate.py DOCUMENT EXAMPLES.

Schemas with names are closed first: the published ones let members come without a new version, and here nothing may
stand in an answer that the document does not describe.
"""

import json
import sys

import jsonschema_rs

document, examples = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
for schema in document["components"]["schemas"].values():
    if "properties" in schema:
        schema["additionalProperties"] = False

operations = {
    operation["operationId"]: operation
    for path in document["paths"].values()
    for operation in path.values()
}
wrong = 0
for example in examples:
    place = f"{example['operation']} {example['status']} {example['name']}"
    try:
        response = operations[example["operation"]]["responses"][str(example["status"])]
        schema = response["content"][example["media_type"]]["schema"]
    except KeyError as missing:
        print(f"{place}: the document has no {missing}")
        wrong += 1
        continue
    validator = jsonschema_rs.Draft202012Validator(schema | {"components": document["components"]})
    for error in validator.iter_errors(example["body"]):
        print(f"{place}: {error.message} at {'/'.join(map(str, error.instance_path))}")
        wrong += 1
print(f"{len(examples)} examples, {wrong} errors")
sys.exit(1 if wrong or not examples else 0)
