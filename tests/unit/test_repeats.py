"""What is repeated, what is read once, and what is read side by side."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import aioboto3
import httpx
import pytest
from botocore.exceptions import ClientError

from app.domain.catalogue import Service
from app.domain.readings import Outcome
from app.effects.github import GitHub
from app.effects.oncall import OnCallApi
from app.errors import VendorThrottled
from app.queue.delivery import Delivery
from app.queue.sqs import SqsQueue
from app.sim import virtual_time
from app.sim.virtual_time import EPOCH


class Throttling:
    """An SQS that is too busy for so many calls."""

    def __init__(self, times: int) -> None:
        self.left, self.deleted = times, 0

    async def delete_message(self, **_: Any) -> None:
        if self.left > 0:
            self.left -= 1
            raise ClientError({"Error": {"Code": "RequestThrottled"}}, "DeleteMessage")
        self.deleted += 1


@pytest.mark.parametrize(("busy", "deleted"), [(2, 1), (3, 0)])
def test_a_delete_that_was_throttled_is_tried_again(busy: int, deleted: int) -> None:
    """D4: what is worked and still in the queue is worked again; a bounded number of tries is worth that."""
    client = Throttling(busy)

    async def story() -> None:
        queue = SqsQueue(aioboto3.Session(), "http://sqs/1/q.fifo", region="us-east-1")
        queue._client = client  # type: ignore[assignment]
        await queue.delete(Delivery(id="1", text="", receipt="r", lane="l", attempt=1, sent_at=0.0))

    if deleted:
        virtual_time.run(story())
    else:
        with pytest.raises(VendorThrottled):
            virtual_time.run(story())
    assert client.deleted == deleted


def test_a_groups_alert_is_read_once_so_that_a_new_group_has_its_turn() -> None:
    """P-accept: a hundred groups that are known do not use up what may be read in one look."""
    asked: list[str] = []

    def oncall(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/alerts/"):
            asked.append(request.url.params["alert_group_id"])
            results = [{"id": "A1", "payload": {"labels": {"severity": "P3"}}}]
        else:
            names = [f"G{number}" for number in range(25)] if request.url.params["state"] == "new" else []
            results = [
                {"id": name, "title": "t", "state": "new", "created_at": EPOCH.isoformat()} for name in names
            ]  # fmt: skip
        return httpx.Response(200, json={"results": results, "next": None})

    async def story() -> None:
        api = OnCallApi("http://oncall", "token", transport=httpx.MockTransport(oncall))
        for _ in range(3):
            alerts = await api.open_alert_groups(EPOCH - timedelta(days=1))
        assert {alert.labels.get("severity") for alert in alerts} == {"P3"}
        assert len(asked) == len(set(asked)) == 25

    virtual_time.run(story())


def test_a_slow_github_does_not_take_the_commits_with_it() -> None:
    """P-bounded: four answers of two seconds each are there after two seconds; the room waits eight for all of it."""

    async def github(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(2)
        if "/contents/" in request.url.path:
            raw = {"content-type": "application/vnd.github.raw+json; charset=utf-8"}
            file = httpx.Response(200, text="* @org/team", headers=raw)
            return file if "/docs/" in request.url.path else httpx.Response(404)
        return httpx.Response(
            200, json=[] if request.url.path.endswith(("/commits", "/deployments")) else {"name": "checkout"}
        )

    async def story() -> None:
        code = GitHub("http://github", "token", "org", ["checkout"], transport=httpx.MockTransport(github))
        async with asyncio.timeout(3):
            commits, deployments, owners = await code.snapshot(Service(name="checkout"), EPOCH)
        assert (commits.outcome, deployments.outcome) == (Outcome.NO_DATA, Outcome.NO_DATA)
        assert owners.outcome is Outcome.MEASURED
        assert "@org/team" in owners.text

    virtual_time.run(story())


def test_owners_that_take_too_long_do_not_take_the_commits_with_them() -> None:
    """P-bounded: what was touched is known only after two answers; the room waits eight seconds for all of it."""
    commit = {"sha": "a" * 40, "commit": {"message": "m", "author": {"name": "n"}, "committer": {"date": f"{EPOCH}"}}}

    async def github(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(4)
        if "/contents/" in request.url.path:
            return httpx.Response(404)
        answer: Any = {"name": "checkout"} if request.url.path.endswith("/checkout") else [commit]
        return httpx.Response(200, json=[] if request.url.path.endswith("/deployments") else answer)

    async def story() -> None:
        code = GitHub("http://github", "token", "org", ["checkout"], transport=httpx.MockTransport(github))
        async with asyncio.timeout(8):
            commits, deployments, owners = await code.snapshot(Service(name="checkout"), EPOCH)
        assert (commits.outcome, deployments.outcome) == (Outcome.MEASURED, Outcome.NO_DATA)
        assert owners.outcome is Outcome.FAILED
        assert "no answer within 7 s" in owners.why

    virtual_time.run(story())
