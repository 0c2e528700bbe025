"""What stands in the two tables, item by item (docs/architecture.md, Data). No I/O: from the house's words to
DynamoDB's, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from app import clock
from app.domain.audit import AuditEvent
from app.domain.change import Change
from app.domain.incident import Incident

TTL_S = 366 * 86_400  # a year and a day: the trail outlives the yearly audit

serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize

Item = dict[str, Any]
Condition = tuple[str, Item]  # expression and its values


def puts(change: Change, new: Incident, events: Sequence[AuditEvent], *, incidents: str, audit: str) -> Iterator[Item]:
    """The transaction: conditional Puts alone. ``incidents`` and ``audit``: names of the tables."""
    pk = f"INCIDENT#{new.id}"
    expires = int(change.at.timestamp()) + TTL_S
    is_new: Condition = ("attribute_not_exists(PK)", {})
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
        free = (f"attribute_not_exists(PK) OR incident_id IN ({', '.join(owners)})", owners)
        yield _put(incidents, f"{kind}#{key}", "LOOKUP", expires, {"incident_id": new.id}, free)


def _put(table: str, pk: str, sk: str, expires: int, fields: Item, condition: Condition | None) -> Item:
    item = {"PK": pk, "SK": sk, "expires_at": expires, **fields}
    put: Item = {"TableName": table, "Item": {name: serialize(value) for name, value in item.items()}}
    if condition:
        expression, values = condition
        put["ConditionExpression"] = expression
        if values:
            put["ExpressionAttributeValues"] = {name: serialize(value) for name, value in values.items()}
        if "#state" in expression:
            put["ExpressionAttributeNames"] = {"#state": "state"}
    return {"Put": put}


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
