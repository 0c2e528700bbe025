"""State and audit in DynamoDB: two tables, one transaction for a change and its events (P-audit).

Keys and indexes: design.md §4. Transactions hold conditional Puts alone, since a tenant's rights may lack
ConditionCheck; nothing here scans or describes. Every read that decides something is strongly consistent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from app import clock
from app.domain.audit import AuditEvent
from app.domain.draft import Draft
from app.domain.incident import Incident
from app.errors import Conflict, Unknown, VendorError, VendorRefused, VendorThrottled, VendorUnavailable
from app.ports import Change, StepRecord

if TYPE_CHECKING:
    from types_aiobotocore_dynamodb.client import DynamoDBClient

VENDOR = "DynamoDB"
TTL_S = 366 * 86_400  # a year and a day: the trail outlives the yearly audit
DEADLINE_S = 5.0
READ_ATTEMPTS = 3
COMMIT_ATTEMPTS = 2  # with one ClientRequestToken, so that the second is the first (AWS: TransactWriteItems)
OPEN_STATUSES = ("ALERT_RECEIVED", "ROOM_ASSEMBLING", "ACTIVE", "ASSEMBLY_DEGRADED", "MITIGATED")

_LOST_RACE = {"ConditionalCheckFailed", "TransactionConflict"}
_THROTTLED = {"ThrottlingError", "ProvisionedThroughputExceeded"}
_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize

Item = dict[str, Any]
Condition = tuple[str, Item]  # expression and its values


class DynamoStore:
    """``ports.Store``. The client's own retries are to be off: a repeated write is decided here."""

    def __init__(self, client: DynamoDBClient, *, incidents_table: str, audit_table: str) -> None:
        self._client = client
        self._incidents = incidents_table
        self._audit = audit_table

    async def incident(self, incident_id: str) -> Incident | None:
        item = await self._get(f"INCIDENT#{incident_id}", "META")
        return _incident(item) if item else None

    async def incident_of_alert(self, alert_group: str) -> Incident | None:
        return await self._looked_up(f"ALERT#{alert_group}")

    async def incident_of_channel(self, channel_id: str) -> Incident | None:
        return await self._looked_up(f"CHANNEL#{channel_id}")

    async def open_incidents(self) -> list[Incident]:
        found: list[Incident] = []
        for status in OPEN_STATUSES:
            items = await self._query(
                self._incidents,
                {"status": status},
                index="status-index",
                key="#status = :status",
                names={"#status": "status"},
            )
            found.extend(_incident(item) for item in items)
        return found

    async def steps(self, incident_id: str, flow: str) -> dict[str, StepRecord]:
        items = await self._children(self._incidents, incident_id, f"STEP#{flow}#")
        records = [
            StepRecord(**{**json.loads(item["doc"]), "at": datetime.fromisoformat(item["at"])}) for item in items
        ]
        return {record.step: record for record in records}

    async def draft(self, incident_id: str, draft_id: str) -> Draft | None:
        item = await self._get(f"INCIDENT#{incident_id}", f"DRAFT#{draft_id}")
        return Draft.model_validate_json(item["doc"]) if item else None

    async def drafts(self, incident_id: str) -> list[Draft]:
        items = await self._children(self._incidents, incident_id, "DRAFT#")
        return sorted((Draft.model_validate_json(item["doc"]) for item in items), key=lambda d: (d.created_at, d.id))

    async def trail(self, incident_id: str) -> list[AuditEvent]:
        return [_event(item) for item in await self._children(self._audit, incident_id, "EVENT#")]

    async def commit(self, change: Change) -> Incident:
        new, events = change.applied()
        puts = list(self._puts(change, new, events))
        token = clock.new_id()
        for attempt in range(1, COMMIT_ATTEMPTS + 1):
            try:
                async with asyncio.timeout(DEADLINE_S):
                    await self._client.transact_write_items(TransactItems=cast("Any", puts), ClientRequestToken=token)
                return new
            except ClientError as error:
                failure = _transaction_error(error)
                # The answer to an earlier attempt may have been lost after it was committed: then the head is ours.
                if isinstance(failure, Conflict) and attempt > 1 and await self._is_head(new):
                    return new
                raise failure from error
            except (BotoCoreError, TimeoutError) as error:
                if attempt == COMMIT_ATTEMPTS:
                    raise Unknown(VENDOR, "TransactWriteItems", type(error).__name__) from error
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _puts(self, change: Change, new: Incident, events: Sequence[AuditEvent]) -> Iterator[Item]:
        pk = f"INCIDENT#{new.id}"
        expires = int(change.at.timestamp()) + TTL_S
        is_new: Condition = ("attribute_not_exists(PK)", {})
        unchanged = ("version = :version", {":version": change.incident.version})
        yield self._put(
            self._incidents, pk, "META", expires,
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
            yield self._put(self._audit, pk, f"EVENT#{event.seq:08d}", expires, fields, is_new)
        for step in change.steps:
            doc = json.dumps({"flow": step.flow, "step": step.step, "result": step.result})
            fields = {"doc": doc, "at": step.at.isoformat()}
            yield self._put(self._incidents, pk, f"STEP#{step.flow}#{step.step}", expires, fields, None)
        for write in change.drafts:
            fields = {
                "state": write.draft.state.value,
                "sha256": write.draft.sha256,
                "doc": write.draft.model_dump_json(),
            }
            was = is_new if write.was is None else ("#state = :was", {":was": write.was.value})
            yield self._put(self._incidents, pk, f"DRAFT#{write.draft.id}", expires, fields, was)
        for kind, key in change.lookups:
            free = ("attribute_not_exists(PK) OR incident_id IN (:mine, :before)",
                    {":mine": new.id, ":before": change.replaces or new.id})  # fmt: skip
            yield self._put(self._incidents, f"{kind}#{key}", "LOOKUP", expires, {"incident_id": new.id}, free)

    def _put(self, table: str, pk: str, sk: str, expires: int, fields: Item, condition: Condition | None) -> Item:
        item = {"PK": pk, "SK": sk, "expires_at": expires, **fields}
        put: Item = {"TableName": table, "Item": {name: _serialize(value) for name, value in item.items()}}
        if condition:
            expression, values = condition
            put["ConditionExpression"] = expression
            if values:
                put["ExpressionAttributeValues"] = {name: _serialize(value) for name, value in values.items()}
            if "#state" in expression:
                put["ExpressionAttributeNames"] = {"#state": "state"}
        return {"Put": put}

    async def _is_head(self, new: Incident) -> bool:
        now = await self.incident(new.id)
        return now is not None and now.version == new.version and now.audit_head == new.audit_head

    async def _looked_up(self, pk: str) -> Incident | None:
        item = await self._get(pk, "LOOKUP")
        return await self.incident(str(item["incident_id"])) if item else None

    async def _get(self, pk: str, sk: str) -> Item | None:
        answer = await self._read(
            "get_item", TableName=self._incidents, Key={"PK": {"S": pk}, "SK": {"S": sk}}, ConsistentRead=True
        )
        item = _plain(answer["Item"]) if "Item" in answer else None
        return item if item and _alive(item) else None

    async def _children(self, table: str, incident_id: str, prefix: str) -> list[Item]:
        values = {"pk": f"INCIDENT#{incident_id}", "prefix": prefix}
        return await self._query(table, values, key="PK = :pk AND begins_with(SK, :prefix)")

    async def _query(
        self, table: str, values: Item, *, key: str, index: str | None = None, names: Item | None = None
    ) -> list[Item]:
        request: Item = {
            "TableName": table,
            "KeyConditionExpression": key,
            "ExpressionAttributeValues": {f":{name}": _serialize(value) for name, value in values.items()},
            **({"IndexName": index} if index else {"ConsistentRead": True}),
            **({"ExpressionAttributeNames": names} if names else {}),
        }
        items: list[Item] = []
        while True:  # a page holds 1 MB
            answer = await self._read("query", **request)
            items.extend(item for item in map(_plain, answer["Items"]) if _alive(item))
            if "LastEvaluatedKey" not in answer:
                return items
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    async def _read(self, operation: str, **request: Any) -> Item:
        for attempt in range(1, READ_ATTEMPTS + 1):
            try:
                async with asyncio.timeout(DEADLINE_S):
                    return cast("Item", await getattr(self._client, operation)(**request))
            except ClientError as error:
                failure = _error(error, operation)
            except (BotoCoreError, TimeoutError) as error:
                failure = VendorUnavailable(VENDOR, operation, type(error).__name__)
            if isinstance(failure, VendorRefused) or attempt == READ_ATTEMPTS:
                raise failure
        raise AssertionError("unreachable: the last attempt returns or raises")


def _transaction_error(error: ClientError) -> Exception:
    if error.response.get("Error", {}).get("Code") != "TransactionCanceledException":
        return _error(error, "TransactWriteItems")
    reasons = cast("Item", error.response).get("CancellationReasons", [])
    codes = {reason.get("Code") for reason in reasons} - {"None", None}
    if codes & _LOST_RACE:
        return Conflict(f"lost the race for {', '.join(sorted(map(str, codes)))}")
    if codes & _THROTTLED:
        return VendorThrottled(VENDOR, "TransactWriteItems", retry_after=1.0)
    return VendorRefused(VENDOR, "TransactWriteItems", ", ".join(sorted(map(str, codes))) or "cancelled")


def _error(error: ClientError, operation: str) -> VendorError:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if "Throttl" in code or code in {"ProvisionedThroughputExceededException", "RequestLimitExceeded"}:
        return VendorThrottled(VENDOR, operation, retry_after=1.0)
    if status >= 500 and operation == "TransactWriteItems":
        return Unknown(VENDOR, operation, code)
    if status >= 500:
        return VendorUnavailable(VENDOR, operation, code)
    return VendorRefused(
        VENDOR,
        operation,
        code,
        remedy="check the tables' names and the pod's role; run the drill in a sandbox to compare",
    )


def _plain(item: Item) -> Item:
    return {name: _deserialize(value) for name, value in item.items()}


def _alive(item: Item) -> bool:
    """DynamoDB deletes expired items days later; until then they are there, and do not count."""
    return int(item["expires_at"]) > clock.now().timestamp()


def _incident(item: Item) -> Incident:
    return Incident.model_validate_json(item["doc"])


def _event(item: Item) -> AuditEvent:
    fields = {name: item[name] for name in AuditEvent.model_fields}
    return AuditEvent.model_validate({**fields, "details": json.loads(item["details"]), "seq": int(item["seq"])})
