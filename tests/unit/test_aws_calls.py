"""One rule for every call to AWS: repeated while that is safe, ended by its deadline, failed in our words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from app.aws_calls import AwsCalls
from app.errors import VendorError, VendorRefused, VendorThrottled, VendorUnavailable

CALLS = AwsCalls("Queues", "look at the queue", deadline_s=5, pause_s=0)


def answers(*errors: Exception) -> tuple[Callable[[], Awaitable[str]], list[int]]:
    """A call that fails with each of these, and then succeeds; and how often it was made."""
    left, made = list(errors), list[int]()

    async def call() -> str:
        made.append(len(made))
        if left:
            raise left.pop(0)
        return "done"

    return call, made


def refused(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Receive")  # type: ignore[typeddict-item]


async def test_what_may_work_later_is_tried_again() -> None:
    call, made = answers(EndpointConnectionError(endpoint_url="http://aws.example"), refused("InternalError", 500))
    assert await CALLS.repeat("receive", call) == "done"
    assert len(made) == 3


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (EndpointConnectionError(endpoint_url="http://aws.example"), VendorUnavailable),
        (refused("ServiceUnavailable", 503), VendorUnavailable),
        (refused("ThrottlingException"), VendorThrottled),
        (refused("OverLimit"), VendorThrottled),
        (refused("ProvisionedThroughputExceededException"), VendorThrottled),
    ],
)
async def test_the_last_failure_is_told_in_our_words(error: Exception, becomes: type[VendorError]) -> None:
    call, made = answers(*[error] * 5)
    with pytest.raises(becomes) as raised:
        await CALLS.repeat("receive", call)
    assert (raised.value.vendor, raised.value.operation, len(made)) == ("Queues", "receive", 3)


async def test_a_refusal_is_final_and_says_what_to_do() -> None:
    call, made = answers(refused("AccessDenied", 403))
    with pytest.raises(VendorRefused) as raised:
        await CALLS.repeat("receive", call)
    assert (raised.value.code, raised.value.remedy, len(made)) == ("AccessDenied", "look at the queue", 1)


async def test_the_deadline_covers_all_tries() -> None:
    """D10: what is given up is cancelled, and does not land later."""
    ended: list[str] = []

    async def hangs() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    with pytest.raises(VendorUnavailable, match=r"no answer within 0\.05 s"):
        await CALLS.repeat("receive", hangs, deadline_s=0.05)
    assert ended == ["cancelled"]
