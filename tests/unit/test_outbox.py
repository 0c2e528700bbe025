"""Sends that share a request: each sender learns the fate of its own message."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from app.errors import VendorError, VendorRefused, VendorThrottled, VendorUnavailable
from app.queue.outbox import SIZE_MAX, Entry, Outbox
from app.sim import virtual_time


class Wire:
    """A request's failures, by message, one mapping for each try; taken when none is left."""

    def __init__(self, *tries: Mapping[str, VendorError]) -> None:
        self.tries = list(tries)
        self.requests: list[list[str]] = []

    async def post(self, entries: Mapping[str, Entry]) -> Mapping[str, VendorError]:
        self.requests.append([entry["key"] for entry in entries.values()])
        failures = self.tries.pop(0) if self.tries else {}
        return {number: failures[entry["key"]] for number, entry in entries.items() if entry["key"] in failures}


async def send_all(outbox: Outbox, *keys: str, size: int = 100) -> list[BaseException | None]:
    return await asyncio.gather(*(outbox.send({"key": key}, size) for key in keys), return_exceptions=True)


def unavailable() -> VendorError:
    return VendorUnavailable("SQS", "send", "InternalError")


def test_ten_share_a_request() -> None:
    wire = Wire()
    keys = [f"k{n}" for n in range(12)]
    assert virtual_time.run(send_all(Outbox(wire.post), *keys)) == [None] * 12
    assert wire.requests == [keys[:10], keys[10:]]


def test_a_request_stays_below_the_queues_limit() -> None:
    """L2: the limit is of the whole request, not of each message."""
    wire = Wire()
    virtual_time.run(send_all(Outbox(wire.post), "a", "b", "c", size=SIZE_MAX // 2))
    assert wire.requests == [["a", "b"], ["c"]]


def test_only_what_was_not_taken_is_sent_again() -> None:
    """A 200 with failures in it is not a success for all."""
    wire = Wire({"b": unavailable()}, {"b": VendorThrottled("SQS", "send", retry_after=1)})
    assert virtual_time.run(send_all(Outbox(wire.post), "a", "b")) == [None, None]
    assert wire.requests == [["a", "b"], ["b"], ["b"]]


def test_what_is_refused_fails_alone_and_at_once() -> None:
    wire = Wire({"a": VendorRefused("SQS", "send", "InvalidMessageContents")})
    first, second = virtual_time.run(send_all(Outbox(wire.post), "a", "b"))
    assert isinstance(first, VendorRefused)
    assert second is None
    assert wire.requests == [["a", "b"]]


def test_what_is_never_taken_is_an_error() -> None:
    """L1"""
    wire = Wire(*[{"a": unavailable()}] * 3)
    [failure] = virtual_time.run(send_all(Outbox(wire.post), "a"))
    assert isinstance(failure, VendorUnavailable)


def test_no_answer_is_an_error_before_the_sender_hangs_up() -> None:
    """L8: the sender of an alert gives up after 4 s."""

    async def post(_: Mapping[str, Entry]) -> Mapping[str, VendorError]:
        await asyncio.sleep(60)
        return {}

    async def story() -> None:
        async with asyncio.timeout(4):
            with pytest.raises(VendorUnavailable, match="no answer within 2 s"):
                await Outbox(post).send({"key": "a"}, 1)

    virtual_time.run(story())


def test_a_bug_in_sending_is_an_error_to_the_sender_too() -> None:
    """Nobody waits for ever."""

    async def post(_: Mapping[str, Entry]) -> Mapping[str, VendorError]:
        raise KeyError("surprise")

    async def story() -> None:
        outbox = Outbox(post)
        with pytest.raises(VendorUnavailable):
            await outbox.send({"key": "a"}, 1)
        await outbox.aclose()

    virtual_time.run(story())
