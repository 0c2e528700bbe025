"""What AWS refuses: the constraints of botocore's own service models, which botocore does not check itself. Pure.

SQS's model holds hardly any; those of its documentation stand here, in the words of the models
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from botocore.model import OperationModel, Shape

_TEXT = "[\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*"
_FIFO_ID = {"min": 1, "max": 128, "pattern": "[!-~]*"}
_SQS: Mapping[str, Mapping[str, Any]] = {
    "MessageGroupId": _FIFO_ID,
    "MessageDeduplicationId": _FIFO_ID,
    "MessageBody": {"min": 1, "max": 1_048_576, "pattern": _TEXT},
    "StringValue": {"min": 1, "pattern": _TEXT},
    "DataType": {"max": 256, "pattern": r"(String|Number|Binary)(\..+)?"},
    "Id": {"min": 1, "max": 80, "pattern": "[A-Za-z0-9_-]*"},
    "QueueName": {"min": 1, "max": 80, "pattern": r"[A-Za-z0-9_-]+(\.fifo)?"},
    "Entries": {"min": 1, "max": 10},
    "MessageAttributes": {"max": 10},
    "MaxNumberOfMessages": {"min": 1, "max": 10},
    "WaitTimeSeconds": {"min": 0, "max": 20},
    "VisibilityTimeout": {"min": 0, "max": 43_200},
    "DelaySeconds": {"min": 0, "max": 900},
}
_ATTRIBUTE_NAME = {"min": 1, "max": 256, "pattern": r"(?!(?i:aws|amazon)\.)[A-Za-z0-9_.-]+"}
_BATCH_BYTES_MAX = 1_048_576
_SHOWN = 60  # characters of a value that a complaint quotes


def complaints(operation: OperationModel, given: Mapping[str, Any]) -> list[str]:
    """One sentence for each thing that AWS would refuse; types are botocore's to check."""
    shape = operation.input_shape
    found = list(_value(operation.service_model.service_name, "", shape, given)) if shape else []
    if operation.name == "SendMessageBatch":
        found += _batch(given.get("Entries", []))
    return [f"{operation.service_model.service_name} {operation.name}: {one}" for one in found]


def _value(service: str, where: str, shape: Shape, value: Any) -> Iterator[str]:
    rules = {**shape.metadata, **(_SQS.get(where.rpartition(".")[2], {}) if service == "sqs" else {})}
    if shape.type_name == "structure" and isinstance(value, Mapping):
        yield from _structure(service, where, shape, rules, value)
    elif shape.type_name == "list" and isinstance(value, list | tuple):
        yield from _between(where, rules, len(value), "entries")
        for number, item in enumerate(value):
            yield from _value(service, f"{where}[{number}]", _part(shape, "member"), item)
    elif shape.type_name == "map" and isinstance(value, Mapping):
        yield from _map(service, where, shape, rules, value)
    elif shape.type_name == "string" and isinstance(value, str):
        yield from _string(where, rules, value)
    elif shape.type_name == "blob" and isinstance(value, bytes | bytearray | str):
        yield from _between(where, rules, len(value), "bytes")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _between(where, rules, value, "")


def _structure(
    service: str, where: str, shape: Shape, rules: Mapping[str, Any], value: Mapping[str, Any]
) -> Iterator[str]:
    if rules.get("document"):
        return
    members: Mapping[str, Shape] = _part(shape, "members")
    yield from (f"{where or 'it'} needs {name}" for name in rules.get("required", ()) if value.get(name) is None)
    yield from (f"{where or 'it'} knows no {name}" for name in value.keys() - members.keys())
    if rules.get("union") and len(value) != 1:
        yield f"{where} takes exactly one of {', '.join(members)}"
    for name in value.keys() & members.keys():
        if value[name] is not None:
            yield from _value(service, f"{where}.{name}".lstrip("."), members[name], value[name])


def _map(service: str, where: str, shape: Shape, rules: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[str]:
    yield from _between(where, rules, len(value), "entries")
    for name, item in value.items():
        yield from _value(service, f"{where} key", _part(shape, "key"), name)
        if service == "sqs" and where.endswith("MessageAttributes"):
            yield from _string(f"{where} key", _ATTRIBUTE_NAME, name)
        yield from _value(service, f"{where}[{name}]", _part(shape, "value"), item)


def _string(where: str, rules: Mapping[str, Any], value: str) -> Iterator[str]:
    shown = "a secret value" if rules.get("sensitive") else repr(value[:_SHOWN])
    yield from _between(f"{where} {shown}", rules, len(value), "characters")
    if rules.get("enum") and value not in rules["enum"]:
        yield f"{where} {shown} is none of {', '.join(rules['enum'])}"
    if rules.get("pattern") and not _compiled(rules["pattern"]).fullmatch(value):
        yield f"{where} {shown} does not match {rules['pattern']!r}"


def _between(where: str, rules: Mapping[str, Any], size: float, unit: str) -> Iterator[str]:
    if "min" in rules and size < rules["min"]:
        yield f"{where} has {size} {unit}, fewer than {rules['min']}"
    if "max" in rules and size > rules["max"]:
        yield f"{where} has {size} {unit}, more than {rules['max']}"


def _batch(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    ids = [entry.get("Id") for entry in entries]
    if len(set(ids)) < len(ids):
        yield "two entries have one Id"
    size = sum(_message_bytes(entry) for entry in entries)
    if size > _BATCH_BYTES_MAX:
        yield f"the entries have {size} bytes, more than {_BATCH_BYTES_MAX}"


def _message_bytes(entry: Mapping[str, Any]) -> int:
    """A message's attributes count as well: names, types and values."""
    texts = [str(entry.get("MessageBody", ""))]
    for name, attribute in entry.get("MessageAttributes", {}).items():
        texts += [name, attribute.get("DataType", ""), attribute.get("StringValue", "")]
    return sum(len(text.encode()) for text in texts)


def _part(shape: Shape, name: str) -> Any:
    """``member``, ``members``, ``key`` or ``value``, which only some shapes have."""
    return getattr(shape, name)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """AWS's patterns are Java's, and are to match the whole."""
    return re.compile(pattern.replace(r"\p{Print}", "[ -~]"))
