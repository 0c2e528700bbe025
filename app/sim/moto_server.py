"""moto's server, held to what AWS would refuse (``aws_front.py``, a schedule in no group), and to the rules of SQS FIFO
queues:

* A deduplication id is remembered for five minutes, also when its message was worked and deleted.
* A message goes to one receiver at a time, and none is lost when one is sent while another is deleted.
* A long poll sees a lane that became free while it waited.
* A receipt counts only while its message is invisible, and until the message is delivered again.

And to DynamoDB's isolation: moto undoes a transaction that failed by putting back whole tables as they were before, and
with them loses what others wrote meanwhile. So its calls are taken one at a time.

Run as ``python -m app.sim.moto_server -p <port>``; everything it knows lives and dies with that process.
"""

from __future__ import annotations

import threading
from typing import Any

from moto import server
from moto.scheduler.models import EventBridgeSchedulerBackend
from moto.sqs.models import DEDUPLICATION_TIME_IN_SECONDS, Message, Queue, SQSBackend, sqs_backends
from werkzeug.serving import run_simple

from app import clock
from app.sim import aws
from app.sim.aws_front import refusing

_LOOK_S = 0.05  # between two looks of a long poll

_create_schedule = EventBridgeSchedulerBackend.create_schedule
_receive = SQSBackend.receive_message
_add = Queue.add_message
_delete = Queue.delete_message
_one_at_a_time = threading.RLock()  # re-entrant: a receive may move a message into a dead-letter queue
_tables = threading.Lock()
_sent: dict[tuple[Queue, str], float] = {}  # a queue's deduplication id -> when it was last taken


def receive(
    self: SQSBackend, queue_name: str, count: int, wait_seconds_timeout: int, visibility_timeout: int,
    message_attribute_names: list[str] | None = None,
) -> list[Message]:  # fmt: skip
    until = clock.monotonic() + wait_seconds_timeout
    while True:
        with _one_at_a_time:
            found: list[Message] = _receive(self, queue_name, count, 0, visibility_timeout, message_attribute_names)
        if found or clock.monotonic() >= until:
            return found
        threading.Event().wait(_LOOK_S)


def add(self: Queue, message: Message) -> None:
    moved_here = message.approximate_receive_count > 0  # from the queue that gave it up: not a new message
    with _one_at_a_time:
        if self.fifo_queue and message.deduplication_id and not moved_here:
            key, now = (self, message.deduplication_id), clock.monotonic()
            if key in _sent and now - _sent[key] < DEDUPLICATION_TIME_IN_SECONDS:
                return
            _sent[key] = now
        _add(self, message)


def delete(self: Queue, receipt_handle: str) -> None:
    with _one_at_a_time:
        _delete(self, receipt_handle)


def is_held(self: Message, receipt_handle: str) -> bool:
    return receipt_handle == self.receipt_handle and not self.visible


def create_schedule(self: EventBridgeSchedulerBackend, **given: Any) -> Any:
    self.get_schedule_group(given["group_name"])  # raises where there is none
    return _create_schedule(self, **given)


def messages() -> list[dict[str, Any]]:
    """All that is in the queues at one moment, worked or waiting: SQS itself names nobody what another one holds."""
    with _one_at_a_time:
        queues: list[Queue] = list(sqs_backends[aws.ACCOUNT][aws.REGION].queues.values())
        return [
            {
                "queue": queue.name, "id": one.id, "text": one.body, "attempts": one.approximate_receive_count,
                "reason": one.message_attributes.get("reason", {}).get("string_value", ""),
            }
            for queue in queues
            for one in queue._messages
        ]  # fmt: skip


def isolated(app: Any) -> Any:
    """A WSGI application around another: the answer is whole before the next call to a table begins."""

    def one_call(environ: dict[str, Any], answer: Any) -> Any:
        if not environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB_"):
            return app(environ, answer)
        with _tables:
            return list(app(environ, answer))

    return one_call


def refusing_server(host: str, port: int, app: Any, **how: Any) -> None:
    run_simple(host, port, refusing(isolated(app), messages), **how)


if __name__ == "__main__":
    EventBridgeSchedulerBackend.create_schedule = create_schedule  # type: ignore[method-assign, assignment]
    SQSBackend.receive_message = receive  # type: ignore[method-assign]
    Queue.add_message = add  # type: ignore[method-assign]
    Queue.delete_message = delete  # type: ignore[method-assign]
    Message.had_receipt_handle = is_held  # type: ignore[method-assign]
    server.run_simple = refusing_server  # type: ignore[attr-defined, assignment]
    server.main()
