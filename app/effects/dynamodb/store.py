"""State and audit in DynamoDB: two tables, one transaction for a change and its events (P-audit).

Keys: docs/architecture.md, Data. Transactions hold conditional Puts alone, since a tenant's rights may lack
ConditionCheck; nothing here scans or describes. Every read that decides something is strongly consistent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from app import clock
from app.aws_calls import AwsCalls
from app.domain.audit import AuditEvent, AuditType
from app.domain.change import Change, StepRecord
from app.domain.draft import Draft
from app.domain.incident import Incident
from app.effects.dynamodb import items
from app.effects.dynamodb.items import Item
from app.errors import Conflict, TrailBroken, Unknown, VendorRefused, VendorThrottled, VendorUnavailable

if TYPE_CHECKING:
    from types_aiobotocore_dynamodb.client import DynamoDBClient

VENDOR = "DynamoDB"
DEADLINE_S = 5.0
_CALLS = AwsCalls(
    VENDOR, "check the tables' names and the pod's role: run the doctor", deadline_s=DEADLINE_S, pause_s=0.1
)
COMMIT_ATTEMPTS = 2  # with one ClientRequestToken, so that the second is the first (AWS: TransactWriteItems)
OPEN_STATUSES = ("ALERT_RECEIVED", "ROOM_ASSEMBLING", "ACTIVE", "ASSEMBLY_DEGRADED", "MITIGATED")

_LOST_RACE = {"ConditionalCheckFailed", "TransactionConflict"}
_THROTTLED = {"ThrottlingError", "ProvisionedThroughputExceeded"}


class DynamoStore:
    """``ports.Store`` and ``Marks``. The client's own retries are to be off: a repeated write is decided here."""

    def __init__(self, client: DynamoDBClient, *, incidents_table: str, audit_table: str) -> None:
        self._client = client
        self._incidents = incidents_table
        self._audit = audit_table

    async def incident(self, incident_id: str) -> Incident | None:
        item = await self._get(f"INCIDENT#{incident_id}", "META")
        return items.incident_of(item) if item else None

    async def incident_of_alert(self, alert_group: str) -> Incident | None:
        return await self._looked_up(f"ALERT#{alert_group}")

    async def incident_of_channel(self, channel_id: str) -> Incident | None:
        return await self._looked_up(f"CHANNEL#{channel_id}")

    async def incident_together(self, key: str) -> Incident | None:
        return await self._looked_up(f"TOGETHER#{key}")

    async def open_incidents(self) -> list[Incident]:
        found: list[Incident] = []
        for status in OPEN_STATUSES:
            page = await self._query(
                self._incidents,
                {"status": status},
                index="status-index",
                key="#status = :status",
                names={"#status": "status"},
            )
            found.extend(items.incident_of(item) for item in page)
        return found

    async def steps(self, incident_id: str, flow: str) -> dict[str, StepRecord]:
        records = [
            StepRecord(**{**json.loads(item["doc"]), "at": datetime.fromisoformat(item["at"])})
            for item in await self._children(self._incidents, incident_id, f"STEP#{flow}#")
        ]
        return {record.step: record for record in records}

    async def draft(self, incident_id: str, draft_id: str) -> Draft | None:
        item = await self._get(f"INCIDENT#{incident_id}", f"DRAFT#{draft_id}")
        return Draft.model_validate_json(item["doc"]) if item else None

    async def drafts(self, incident_id: str) -> list[Draft]:
        found = await self._children(self._incidents, incident_id, "DRAFT#")
        return sorted((Draft.model_validate_json(item["doc"]) for item in found), key=lambda d: (d.created_at, d.id))

    async def trail(self, incident_id: str) -> list[AuditEvent]:
        return [items.event_of(item) for item in await self._children(self._audit, incident_id, "EVENT#")]

    async def incident_ids(self) -> list[str]:
        """Of every trail there is: each begins with its alert. From an index, page by page."""
        begun = await self._query(
            self._audit,
            {"type": AuditType.ALERT_RECEIVED.value},
            index="event-type-index",
            key="#type = :type",
            names={"#type": "type"},
        )
        return sorted({str(item["incident_id"]) for item in begun})

    async def commit(self, change: Change) -> Incident:
        new, events = change.applied()
        puts = list(items.puts(change, new, events, clock.now(), incidents=self._incidents, audit=self._audit))
        token = clock.new_id()
        for attempt in range(1, COMMIT_ATTEMPTS + 1):
            try:
                async with asyncio.timeout(DEADLINE_S):
                    await self._client.transact_write_items(TransactItems=cast("Any", puts), ClientRequestToken=token)
                return new
            except ClientError as error:
                failure = self._transaction_error(error, new, puts)
                # The answer to an earlier attempt may have been lost after it was committed: then the head is ours.
                if isinstance(failure, Conflict) and attempt > 1 and await self._is_head(new):
                    return new
                raise failure from error
            except (BotoCoreError, TimeoutError) as error:
                if attempt == COMMIT_ATTEMPTS:
                    raise Unknown(VENDOR, "TransactWriteItems", type(error).__name__) from error
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def begun(self, message: str) -> int:
        item = await self._get(f"MESSAGE#{message}", "BEGUN")
        return int(item["times"]) if item else 0

    async def mark(self, message: str, times: int) -> None:
        expires = int(clock.now().timestamp()) + items.MARK_TTL_S
        item = items.stored(f"MESSAGE#{message}", "BEGUN", expires, {"times": times})
        await _CALLS.repeat("PutItem", lambda: self._client.put_item(TableName=self._incidents, Item=item))

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
        item = items.plain(answer["Item"]) if "Item" in answer else None
        return item if item and items.alive(item) else None

    async def _children(self, table: str, incident_id: str, prefix: str) -> list[Item]:
        values = {"pk": f"INCIDENT#{incident_id}", "prefix": prefix}
        return await self._query(table, values, key="PK = :pk AND begins_with(SK, :prefix)")

    async def _query(
        self, table: str, values: Item, *, key: str, index: str | None = None, names: Item | None = None
    ) -> list[Item]:
        request: Item = {
            "TableName": table,
            "KeyConditionExpression": key,
            "ExpressionAttributeValues": {f":{name}": items.serialize(value) for name, value in values.items()},
            **({"IndexName": index} if index else {"ConsistentRead": True}),
            **({"ExpressionAttributeNames": names} if names else {}),
        }
        found: list[Item] = []
        while True:  # a page holds 1 MB
            answer = await self._read("query", **request)
            found.extend(item for item in map(items.plain, answer["Items"]) if items.alive(item))
            if "LastEvaluatedKey" not in answer:
                return found
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    async def _read(self, operation: str, **request: Any) -> Item:
        return await _CALLS.repeat(operation, lambda: getattr(self._client, operation)(**request))

    def _transaction_error(self, error: ClientError, new: Incident, puts: Sequence[Item]) -> Exception:
        reasons = [one.get("Code") for one in cast("Item", error.response).get("CancellationReasons", [])]
        if len(reasons) == len(puts) and reasons[0] in {"None", None}:
            # The incident is as it was read, and the number that is its next is taken: by nobody's commit.
            for put, reason in zip(puts, reasons, strict=True):
                if put["Put"]["TableName"] == self._audit and reason == "ConditionalCheckFailed":
                    return TrailBroken(new.id, str(put["Put"]["Item"]["SK"]["S"]))
        return _failure(error, set(reasons) - {"None", None})


def _failure(error: ClientError, codes: set[object]) -> Exception:
    code = error.response.get("Error", {}).get("Code", "")
    if code != "TransactionCanceledException":
        failure = _CALLS.failure("TransactWriteItems", error)
        if isinstance(failure, VendorUnavailable) or code == "TransactionInProgressException":
            return Unknown(VENDOR, "TransactWriteItems", code)
        return failure
    if codes & _LOST_RACE:
        return Conflict(f"lost the race for {', '.join(sorted(map(str, codes)))}")
    if codes & _THROTTLED:
        return VendorThrottled(VENDOR, "TransactWriteItems", retry_after=1.0)
    return VendorRefused(VENDOR, "TransactWriteItems", ", ".join(sorted(map(str, codes))) or "cancelled")
