"""What the webhook pod serves to alerting systems and to the cluster."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Literal, Protocol

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from app import telemetry
from app.errors import VendorError
from app.intake.oncall import Ignored, alert_of, wrap
from app.queue.envelope import Envelope
from app.webhook import bodies
from app.webhook.admission import Admission
from app.webhook.answers import (
    Accepted,
    Failure,
    FieldFailure,
    Healthy,
    NothingToDo,
    NotReady,
    Problem,
    Ready,
    documented,
    failure,
)
from app.webhook.secret_cache import SecretCache

SEND_DEADLINE_S = 3.0  # OnCall hangs up after four (L8)
RETRY_AFTER_S = 5
_CHECK_DEADLINE_S = 2.0


class Queue(Protocol):
    async def send(self, envelope: Envelope) -> None:
        """Durable when it returns. Raises ``VendorError``."""
        ...

    async def check(self) -> None:
        """Raises ``VendorError`` when the queue cannot be reached."""
        ...


def alerts(admission: Admission, queue: Queue) -> APIRouter:
    router = APIRouter()

    @router.post(
        "/webhook",
        status_code=202,
        summary="Hand in an alert",
        responses=documented(
            _400=Failure,
            _401=Failure,
            _408=Failure,
            _413=Failure,
            _415=Failure,
            _422=FieldFailure,
            _429=Failure,
            _503=Failure,
        ),
        openapi_extra=bodies.ALERT,
    )
    async def webhook(request: Request) -> Accepted | NothingToDo:
        """202 means that the event is durable (P-accept). After a 429 or 503 send it again."""
        body = await admission.body(request)
        alert = alert_of(_json(body))
        if isinstance(alert, Ignored):
            return NothingToDo(reason=alert.reason)
        envelope = wrap(alert)
        await _send(queue, envelope)
        return Accepted(alert_group=alert.alert_group, event=alert.event, id=envelope.dedup_id)

    return router


def health(secrets: SecretCache, queue: Queue) -> APIRouter:
    router = APIRouter()

    @router.get("/health", summary="Whether the process lives")
    async def live() -> Healthy:
        return Healthy()

    @router.get(
        "/ready",
        summary="Whether an alert could be taken now",
        response_model=Ready,
        responses=documented(_503=NotReady),
    )
    async def ready() -> Ready | JSONResponse:
        failed: dict[Literal["queue", "secret"], str] = {}
        try:
            async with asyncio.timeout(_CHECK_DEADLINE_S):
                await queue.check()
        except (VendorError, TimeoutError) as error:
            telemetry.log.warning("not_ready", part="queue", reason=str(error) or "no answer in time")
            failed["queue"] = "check INCIDENT_EVENTS_QUEUE_URL and the pod's rights on that queue"
        try:
            await secrets.values()
        except VendorError as error:
            telemetry.log.warning("not_ready", part="secret", reason=str(error))
            failed["secret"] = error.remedy
        if failed:
            missing = NotReady(error="not ready", remedy="see what failed", failed=failed)
            return failure(503, missing, {"Retry-After": str(RETRY_AFTER_S)})
        return Ready()

    return router


async def _send(queue: Queue, envelope: Envelope) -> None:
    try:
        async with asyncio.timeout(SEND_DEADLINE_S):
            await queue.send(envelope)
    except (VendorError, TimeoutError) as error:
        telemetry.log.error("alert_not_recorded", dedup_id=envelope.dedup_id, reason=str(error) or "no answer in time")
        raise Problem(
            503,
            "the queue did not take the event",
            "send it again; if it stays so, look at /ready",
            retry_after_s=RETRY_AFTER_S,
        ) from error


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:  # RecursionError: brackets within brackets without end
        raise Problem(400, "the body is empty or not JSON", "send one JSON object, UTF-8") from error
