"""An SQS FIFO queue. A send that returned is durable (P-accept).

The SDK's own retries are off: what is repeated is decided here and in ``outbox``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import aioboto3
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError, ClientError

from app import telemetry
from app.aws_calls import AwsCalls
from app.errors import VendorError, VendorRefused, VendorUnavailable
from app.queue.delivery import Delivery
from app.queue.envelope import Envelope
from app.queue.outbox import DEADLINE_S, PAUSE_S, SIZE_MAX, Entry, Outbox

if TYPE_CHECKING:
    from types_aiobotocore_sqs.client import SQSClient

VENDOR = "SQS"
_CALLS = AwsCalls(VENDOR, "check the queue's address and the pod's right to it", deadline_s=DEADLINE_S, pause_s=PAUSE_S)
_CONFIG = AioConfig(
    retries={"total_max_attempts": 1},
    connect_timeout=DEADLINE_S,
    read_timeout=30,  # above the longest poll
    max_pool_connections=50,
)
_ATTRIBUTES_SIZE = 1_024  # bytes set aside for a message's attributes, which count as well
_VISIBILITY_MAX_S = 43_200
_REASON_MAX = 1_000  # characters of a reason that are kept beside a parked message
_TRACE_HEADERS = ("traceparent", "tracestate")
_NOT_TAKEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class SqsQueue:
    """``ports.Queue`` and ``Inbox``; used as ``async with SqsQueue(...) as queue``."""

    def __init__(self, session: aioboto3.Session, url: str, *, region: str) -> None:
        self._session = session
        self._url = url
        self._region = region
        self._stack = AsyncExitStack()
        self._client: SQSClient
        self._outbox = Outbox(self._post)
        self._redrive_policy: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        return self._url.rpartition("/")[2]

    async def __aenter__(self) -> Self:
        client = self._session.client("sqs", region_name=self._region, config=_CONFIG)
        self._client = await self._stack.enter_async_context(client)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._outbox.aclose()
        await self._stack.aclose()

    async def send(self, envelope: Envelope) -> None:
        """Raises ``VendorUnavailable`` or ``VendorThrottled`` (not taken, as far as we know), ``VendorRefused``."""
        if not envelope.trace:
            envelope = envelope.model_copy(update={"trace": telemetry.carrier()})
        body = _accepted(envelope.encode())
        size = len(body.encode()) + _ATTRIBUTES_SIZE
        if size > SIZE_MAX:
            remedy = f"the queue takes {SIZE_MAX}: lower BODY_LIMIT_BYTES, so that the sender is told 413"
            raise VendorRefused(VENDOR, "send", f"a message of {size} bytes", remedy=remedy)
        entry = {
            "MessageBody": body,
            "MessageGroupId": envelope.lane,
            "MessageDeduplicationId": envelope.dedup_id,
            "MessageAttributes": _attributes(envelope.trace),
        }
        await self._outbox.send(entry, size)

    async def _post(self, entries: Mapping[str, Entry]) -> Mapping[str, VendorError]:
        """A 200 may hold failures: each entry is looked at."""
        numbered: Any = [{"Id": number, **entry} for number, entry in entries.items()]
        try:
            answer = await self._client.send_message_batch(QueueUrl=self._url, Entries=numbered)
        except (BotoCoreError, ClientError) as error:
            return dict.fromkeys(entries, _CALLS.failure("send", error))
        return {
            one["Id"]: (VendorRefused if one["SenderFault"] else VendorUnavailable)(VENDOR, "send", one["Code"])
            for one in answer.get("Failed", [])
        }

    async def receive(self, *, max_messages: int = 10, wait_s: int = 20, visibility_s: int = 30) -> list[Delivery]:
        answer = await _CALLS.repeat(
            "receive",
            lambda: self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=max_messages,
                WaitTimeSeconds=wait_s,
                VisibilityTimeout=visibility_s,
                MessageSystemAttributeNames=["ApproximateReceiveCount", "MessageGroupId", "SentTimestamp"],
                MessageAttributeNames=list(_TRACE_HEADERS),
            ),
            deadline_s=wait_s + DEADLINE_S,
            tries=1,  # the consumer asks again, and pauses longer each time
        )
        return [_delivery(message) for message in answer.get("Messages", [])]

    async def extend(self, delivery: Delivery, seconds: float) -> None:
        visibility = min(math.ceil(seconds), _VISIBILITY_MAX_S)
        await _CALLS.repeat(
            "extend",
            lambda: self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=delivery.receipt, VisibilityTimeout=visibility
            ),
        )

    async def delete(self, delivery: Delivery) -> None:
        await _CALLS.repeat(
            "delete", lambda: self._client.delete_message(QueueUrl=self._url, ReceiptHandle=delivery.receipt)
        )

    async def park(self, delivery: Delivery, reason: str) -> None:
        """Repeated after a crash in between, it is one dead letter: the message's own id deduplicates it."""
        attributes = {**delivery.trace, "reason": _accepted(reason)[:_REASON_MAX]}
        dead_letters = await self._dead_letter_url()
        await _CALLS.repeat(
            "park",
            lambda: self._client.send_message(
                QueueUrl=dead_letters,
                MessageBody=delivery.text,
                MessageGroupId=delivery.lane,
                MessageDeduplicationId=delivery.id,
                MessageAttributes=_attributes(attributes),
            ),
        )
        await self.delete(delivery)

    async def check(self) -> None:
        """Raises when the queue cannot be reached, or is not ours to use."""
        await self._attribute("QueueArn")

    async def depths(self) -> tuple[int, int]:
        """Messages that wait here, and in the dead-letter queue; both about right, which is all that SQS says."""
        here, dead = self._url, await self._dead_letter_url()
        waiting = [await self._attribute("ApproximateNumberOfMessages", url) for url in (here, dead)]
        return int(waiting[0] or 0), int(waiting[1] or 0)

    async def drops_after(self) -> int:
        """Raises ``VendorRefused`` for a queue without a dead-letter queue."""
        return int((await self._redrive())["maxReceiveCount"])

    async def _dead_letter_url(self) -> str:
        """A FIFO queue's dead-letter queue is of the same account and region, so only the name differs."""
        arn = str((await self._redrive())["deadLetterTargetArn"])
        return f"{self._url.rpartition('/')[0]}/{arn.rpartition(':')[2]}"

    async def _redrive(self) -> Mapping[str, Any]:
        if self._redrive_policy is None:
            policy = await self._attribute("RedrivePolicy")
            if policy is None:
                remedy = f"give {self.name} a dead-letter queue: nothing is dropped"
                raise VendorRefused(VENDOR, "park", "no RedrivePolicy", remedy=remedy)
            self._redrive_policy = json.loads(policy)
        return self._redrive_policy

    async def _attribute(self, name: Any, url: str | None = None) -> str | None:
        answer = await _CALLS.repeat(
            "attributes", lambda: self._client.get_queue_attributes(QueueUrl=url or self._url, AttributeNames=[name])
        )
        return answer.get("Attributes", {}).get(name)


def _attributes(values: Mapping[str, str]) -> Any:
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items() if value}


def _accepted(text: str) -> str:
    """SQS takes all of Unicode but a few code points; escaped, they mean the same inside JSON."""
    return _NOT_TAKEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _delivery(message: Any) -> Delivery:
    attributes = message["Attributes"]
    headers = message.get("MessageAttributes", {})
    return Delivery(
        id=message["MessageId"],
        text=message["Body"],
        receipt=message["ReceiptHandle"],
        lane=attributes["MessageGroupId"],
        attempt=int(attributes["ApproximateReceiveCount"]),
        sent_at=int(attributes["SentTimestamp"]) / 1000,
        trace={name: headers[name]["StringValue"] for name in _TRACE_HEADERS if name in headers},
    )
