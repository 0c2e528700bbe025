"""What stands in the two tables, item by item (docs/architecture.md, Data). No I/O: from the house's words to
DynamoDB's, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from app import clock
from app.domain.audit import AuditEvent
from app.domain.change import Change
from app.domain.incident import Incident
from app.errors import VendorRefused

TTL_S = 366 * 86_400  # a year and a day: the trail outlives the yearly audit
MARK_TTL_S = 15 * 86_400  # a message lives 14 days in SQS
# Bytes, of an item with the names of its attributes. DynamoDB takes 409,600 and says of more only that it is not valid.
ITEM_MAX = 400_000

serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize

Item = dict[str, Any]
Condition = tuple[str, Item]  # expression and its values


def puts(
    change: Change, new: Incident, events: Sequence[AuditEvent], now: datetime, *, incidents: str, audit: str
) -> Iterator[Item]:
    """The transaction: conditional Puts alone, the incident's first. ``incidents`` and ``audit``: names of the tables.

    What has expired by ``now`` is not there any more, whether or not DynamoDB has come to delete it: no read shows it,
    so it must stand in nobody's way either.
    """
    pk = f"INCIDENT#{new.id}"
    expires = int(change.at.timestamp()) + TTL_S
    gone, at = "attribute_not_exists(PK) OR expires_at <= :now", {":now": int(now.timestamp())}
    is_new: Condition = (gone, at)
    unchanged = ("version = :version", {":version": change.incident.version})
    yield _put(
        incidents, pk, "META", expires,
        {
            "status": new.status.value, "created_at": new.created_at.isoformat(), "severity": new.severity.value,
            "service": new.service, "version": new.version,
            "audit_seq": new.audit_seq, "audit_head": new.audit_head,
            "doc": new.model_dump_json(),
        },
        is_new if change.create else unchanged,
    )  # fmt: skip
    for event in events:
        fields = {**event.model_dump(mode="json", exclude={"details"}), "details": json.dumps(event.details)}
        yield _put(audit, pk, f"EVENT#{event.seq:08d}", expires, fields, is_new)
    for step in change.steps:
        doc = json.dumps({"flow": step.flow, "step": step.step, "result": step.result})
        fields = {"doc": doc, "at": step.at.isoformat()}
        yield _put(incidents, pk, f"STEP#{step.flow}#{step.step}", expires, fields, None)
    for write in change.drafts:
        fields = {
            "state": write.draft.state.value,
            "sha256": write.draft.sha256,
            "doc": write.draft.model_dump_json(),
        }
        was = is_new if write.was is None else ("#state = :was", {":was": write.was.value})
        yield _put(incidents, pk, f"DRAFT#{write.draft.id}", expires, fields, was)
    for kind, key in change.lookups:
        owners = {f":owner{number}": owner for number, owner in enumerate((new.id, *change.replaces))}
        free = (f"{gone} OR incident_id IN ({', '.join(owners)})", {**at, **owners})
        yield _put(incidents, f"{kind}#{key}", "LOOKUP", expires, {"incident_id": new.id}, free)


def _put(table: str, pk: str, sk: str, expires: int, fields: Item, condition: Condition | None) -> Item:
    put: Item = {"TableName": table, "Item": stored(pk, sk, expires, fields)}
    if condition:
        expression, values = condition
        put["ConditionExpression"] = expression
        if values:
            put["ExpressionAttributeValues"] = {name: serialize(value) for name, value in values.items()}
        if "#state" in expression:
            put["ExpressionAttributeNames"] = {"#state": "state"}
    return {"Put": put}


def stored(pk: str, sk: str, expires: int, fields: Item) -> Item:
    """Raises ``VendorRefused`` for what DynamoDB would not take."""
    item = {"PK": pk, "SK": sk, "expires_at": expires, **fields}
    size = sum(len(name.encode()) + len(str(value).encode()) for name, value in item.items())
    if size > ITEM_MAX:
        raise too_large(f"{pk} {sk}", size)
    return {name: serialize(value) for name, value in item.items()}


def too_large(what: str, size: int) -> VendorRefused:
    remedy = f"an item holds {ITEM_MAX}: this incident has grown too large; resolve it, and declare what goes on anew"
    return VendorRefused("DynamoDB", "TransactWriteItems", f"{what} would be {size} bytes", remedy=remedy)


def plain(item: Item) -> Item:
    return {name: _deserialize(value) for name, value in item.items()}


def alive(item: Item) -> bool:
    """DynamoDB deletes expired items days later; until then they are there, and do not count."""
    return int(item["expires_at"]) > clock.now().timestamp()


def incident_of(item: Item) -> Incident:
    return Incident.model_validate_json(item["doc"])


def event_of(item: Item) -> AuditEvent:
    fields = {name: item[name] for name in AuditEvent.model_fields}
    return AuditEvent.model_validate({**fields, "details": json.loads(item["details"]), "seq": int(item["seq"])})
