"""The queue, as SQS has it, whoever plays it, and as its in-memory twin has it: one set of rules."""

from __future__ import annotations

import asyncio
import json
import socket
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aioboto3
import pytest

from app import clock
from app.errors import Park, VendorRefused, VendorUnavailable
from app.queue.delivery import Delivery
from app.queue.envelope import Envelope, dedup
from app.queue.sqs import SqsQueue
from app.sim import aws as sandbox
from app.sim.memory_queue import MemoryQueue
from tests import strict
from tests.contract.conftest import Reach

RECEIVES_MAX = 3
TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}


@dataclass
class Case:
    queue: SqsQueue | MemoryQueue
    dead: Callable[[], list[tuple[str, str | None]]]  # text and reason of what lies in the dead-letter queue
    put: Callable[[str], None]  # a text that is no envelope, from a stranger


def envelope(key: str, *, lane: str = "alert:a", body: str = "{}", **more: Any) -> Envelope:
    return Envelope(kind="event:alert_firing", lane=lane, dedup_id=key, body=body, **more)


def create_queue(endpoint: str) -> str:
    sqs, name = sandbox.client("sqs", endpoint), f"{uuid.uuid4().hex}.fifo"
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    sqs.create_queue(QueueName=f"dead-{name}", Attributes=fifo)
    redrive = {"deadLetterTargetArn": sandbox.queue_arn(f"dead-{name}"), "maxReceiveCount": RECEIVES_MAX}
    sqs.create_queue(QueueName=name, Attributes={**fifo, "RedrivePolicy": json.dumps(redrive)})
    return name


def dead_letters(endpoint: str, name: str) -> list[tuple[str, str | None]]:
    answer = sandbox.client("sqs", endpoint).receive_message(
        QueueUrl=sandbox.queue_url(endpoint, f"dead-{name}"), MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    return [
        (message["Body"], message.get("MessageAttributes", {}).get("reason", {}).get("StringValue"))
        for message in answer.get("Messages", [])
    ]


@pytest.fixture
async def case(queue_engine: str, request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    if queue_engine == "memory":
        memory = MemoryQueue(receives_max=RECEIVES_MAX)
        yield Case(
            memory,
            lambda: [(letter.text, letter.reason) for letter in memory.dead],
            lambda text: memory.put(text, lane="x", dedup_id=dedup(text)),
        )
        return
    endpoint: str = request.getfixturevalue("reach")(queue_engine)
    name = create_queue(endpoint)
    url = sandbox.queue_url(endpoint, name)

    def put(text: str) -> None:
        sandbox.client("sqs", endpoint).send_message(QueueUrl=url, MessageBody=text, MessageGroupId="x")

    async with SqsQueue(aioboto3.Session(), url, region=sandbox.REGION) as queue:
        yield Case(queue, lambda: dead_letters(endpoint, name), put)


async def take(case: Case, *, wait_s: int = 0, **how: int) -> list[Delivery]:
    return await case.queue.receive(wait_s=wait_s, **how)


def keys(deliveries: list[Delivery]) -> list[str]:
    return [delivery.envelope.dedup_id for delivery in deliveries]


async def test_what_was_sent_arrives_with_its_lane_time_and_trace(case: Case) -> None:
    before = clock.wall()
    await case.queue.send(envelope("1", body='{"title":"Größe \uffff 🔥"}', trace=TRACE))
    [delivery] = await take(case)
    assert delivery.envelope == envelope("1", body='{"title":"Größe \uffff 🔥"}', trace=TRACE)
    assert (delivery.lane, delivery.attempt, dict(delivery.trace)) == ("alert:a", 1, TRACE)
    assert before - 1 <= delivery.sent_at <= clock.wall() + 1


async def test_the_same_event_twice_is_one_message_also_after_it_was_worked(case: Case) -> None:
    await case.queue.send(envelope("1"))
    await case.queue.send(envelope("1"))
    [delivery] = await take(case)
    await case.queue.delete(delivery)
    await case.queue.send(envelope("1"))
    assert await take(case) == []


async def test_a_lane_keeps_its_order_and_waits_for_what_is_in_flight(case: Case) -> None:
    """D4: nothing of a lane is delivered while an earlier message of it is being worked; other lanes go on."""
    for key, lane in (("1", "a"), ("2", "a"), ("3", "b")):
        await case.queue.send(envelope(key, lane=lane))
    [first] = await take(case, max_messages=1)
    assert keys([first]) == ["1"]
    assert keys(await take(case)) == ["3"]
    await case.queue.delete(first)
    assert keys(await take(case, wait_s=2)) == ["2"]


async def test_one_receive_may_give_several_of_a_lane_in_order(case: Case) -> None:
    for number in range(5):
        await case.queue.send(envelope(str(number)))
    assert keys(await take(case)) == ["0", "1", "2", "3", "4"]


async def test_given_back_is_delivered_again_and_counted(case: Case) -> None:
    await case.queue.send(envelope("1"))
    [first] = await take(case)
    await case.queue.extend(first, 0)
    [again] = await take(case, wait_s=2)
    assert (again.id, again.attempt) == (first.id, 2)


async def test_a_lane_given_back_backwards_keeps_its_order(case: Case) -> None:
    """D4: what stops at a failure is given back whole, and comes again as it was."""
    for number in range(3):
        await case.queue.send(envelope(str(number)))
    for delivery in reversed(await take(case)):
        await case.queue.extend(delivery, 0)
    await case.queue.send(envelope("3"))
    assert keys(await take(case, wait_s=2)) == ["0", "1", "2", "3"]


async def test_what_is_not_extended_in_time_goes_to_the_next(case: Case) -> None:
    """D3: a message is ours for the visibility timeout, and no longer."""
    await case.queue.send(envelope("1"))
    [first] = await take(case, visibility_s=1)
    [again] = await take(case, wait_s=5)
    assert (again.id, again.attempt) == (first.id, 2)


async def test_what_is_extended_stays_ours(case: Case) -> None:
    """D3"""
    await case.queue.send(envelope("1"))
    [mine] = await take(case, visibility_s=1)
    await case.queue.extend(mine, 30)
    assert await take(case, wait_s=2) == []
    await case.queue.delete(mine)


async def test_an_earlier_receipt_is_worth_nothing(case: Case) -> None:
    """D3: whoever was too slow can take nothing from the one that has it now."""
    await case.queue.send(envelope("1"))
    [slow] = await take(case, visibility_s=1)
    [mine] = await take(case, wait_s=5)
    with pytest.raises(VendorRefused):
        await case.queue.delete(slow)
    with pytest.raises(VendorRefused):
        await case.queue.extend(slow, 0)
    assert await take(case) == []
    await case.queue.extend(mine, 0)
    assert keys(await take(case, wait_s=2)) == ["1"]


@pytest.mark.parametrize("queue_engine", ["memory", "moto"])  # ElasticMQ is laxer than SQS here: docs/conformance.md
async def test_a_receipt_ends_with_the_time_it_was_given_for(case: Case) -> None:
    """D3"""
    await case.queue.send(envelope("1"))
    [late] = await take(case, visibility_s=1)
    await asyncio.sleep(1.1)
    with pytest.raises(VendorRefused):
        await case.queue.delete(late)
    assert keys(await take(case)) == ["1"]


@pytest.mark.parametrize("wrong", [{"lane": "a b"}, {"key": "größe"}])
async def test_a_lane_and_an_id_are_of_letters_digits_and_punctuation(case: Case, wrong: dict[str, str]) -> None:
    with strict.on_purpose(), pytest.raises(VendorRefused):
        await case.queue.send(envelope(**{"key": "1", **wrong}))
    assert await take(case) == []


async def test_parked_is_kept_with_its_reason(case: Case) -> None:
    """L6: nothing is dropped."""
    case.put("no envelope at all")
    [delivery] = await take(case, visibility_s=1)
    with pytest.raises(Park, match="not an envelope"):
        _ = delivery.envelope
    await case.queue.park(delivery, "not an envelope: \x00, \ud800")  # what no attribute of a message may hold
    assert await take(case, wait_s=2) == []
    [(text, reason)] = case.dead()
    assert (text, (reason or "")[:16]) == ("no envelope at all", "not an envelope:")


async def test_how_full_it_is_can_be_told(case: Case) -> None:
    case.put("parked")
    [delivery] = await take(case, visibility_s=30)
    await case.queue.park(delivery, "no envelope")
    case.put("waits")
    assert await case.queue.depths() == (1, 1)


async def test_the_queue_itself_gives_up_after_too_many_deliveries(case: Case) -> None:
    await case.queue.send(envelope("1"))
    assert await case.queue.drops_after() == RECEIVES_MAX
    for _ in range(RECEIVES_MAX):
        [delivery] = await take(case, wait_s=2)
        await case.queue.extend(delivery, 0)
    assert await take(case, wait_s=1) == []
    assert case.dead() == [(delivery.text, None)]


async def test_many_at_once_all_arrive(case: Case) -> None:
    """P-accept: each of the senders that shared a request has its message in the queue when it is told so."""
    await asyncio.gather(*(case.queue.send(envelope(str(n), lane=f"alert:{n}")) for n in range(25)))
    arrived: list[str] = []
    while batch := await take(case):
        arrived += keys(batch)
    assert sorted(arrived, key=int) == [str(n) for n in range(25)]


async def test_a_queue_that_is_there_checks_out(case: Case) -> None:
    await case.queue.check()


async def test_a_queue_that_cannot_be_reached_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """L1: what did not become durable is an error to the sender, who can try again."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with socket.socket() as closed:  # bound and not listening: refuses
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        async with SqsQueue(aioboto3.Session(), f"{address}/1/q.fifo", region="us-east-1") as queue:
            with pytest.raises(VendorUnavailable):
                await queue.send(envelope("1"))
            with pytest.raises(VendorUnavailable):
                await queue.check()


async def test_a_message_above_the_limit_is_refused_before_it_is_sent(case: Case) -> None:
    """L2"""
    with pytest.raises(VendorRefused, match="BODY_LIMIT_BYTES"):
        await case.queue.send(envelope("1", body="x" * 1_048_576))


async def test_a_queue_that_does_not_exist_is_refused_with_a_remedy(queue_server: str, reach: Reach) -> None:
    url = sandbox.queue_url(reach(queue_server), "nowhere.fifo")
    async with SqsQueue(aioboto3.Session(), url, region=sandbox.REGION) as queue:
        with pytest.raises(VendorRefused, match="check the queue's address"):
            await queue.send(envelope("1"))
