"""What a promise rests on is read consistently: no engine that runs on one machine would show the difference."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from app.effects.dynamodb import DynamoStore
from app.ports import Store


class Client:
    """DynamoDB with nothing in it, and a memory for how it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    async def get_item(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        return {}

    async def query(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        return {"Items": []}


@pytest.mark.parametrize(
    "read",
    [
        lambda store: store.incident("i"),
        lambda store: store.incident_of_alert("g"),
        lambda store: store.incident_of_channel("c"),
        lambda store: store.incident_together("service:s"),
        lambda store: store.steps("i", "war_room"),
        lambda store: store.draft("i", "d"),
        lambda store: store.drafts("i"),
        lambda store: store.trail("i"),
    ],
)
async def test_every_read_that_decides_is_consistent(read: Callable[[Store], Awaitable[object]]) -> None:
    """G1: what was approved is read back as it is, not as it was."""
    client = Client()
    await read(DynamoStore(cast("Any", client), incidents_table="incidents", audit_table="audit"))
    assert [request.get("ConsistentRead") for request in client.asked] == [True]
