"""Slack's HTTP transport (SLACK_TRANSPORT=http): ``/slack/events`` in front of the same Bolt app as Socket Mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Request, Response
from slack_bolt.async_app import AsyncApp

from app import clock
from app.intake.slack import dispatch
from app.settings import WebhookSettings
from app.signature import verify_slack
from app.webhook import bodies
from app.webhook.answers import Failure, Problem, documented
from app.webhook.limits import RateLimit, read_body

_TOLD = {  # what Bolt or intake answer with a status alone; error, remedy
    400: ("this is nothing that Slack sends", "send what Slack sent, byte for byte"),
    401: ("not signed by Slack, or too long ago", "check SLACK_SIGNING_SECRET"),
    404: (
        "nothing here handles this",
        "compare its commands, interactivity and events with docs/commands.md",
    ),
    503: ("the queue did not take the gesture", "do it again in a moment; if it stays so, look at /ready"),
}


def slack_events(bolt: AsyncApp, settings: WebhookSettings, signing_secret: Callable[[], str]) -> APIRouter:
    router = APIRouter()
    rate = RateLimit(settings.requests_per_second)

    def from_slack(body: bytes, headers: Mapping[str, str]) -> bool:
        """Bolt refuses what Slack did not sign; here it is asked who is to be counted."""
        timestamp, signature = (headers.get(f"x-slack-{name}", "") for name in ("request-timestamp", "signature"))
        return verify_slack(signing_secret(), timestamp, body, signature, now=clock.wall()) is not None

    @router.post(
        "/slack/events",
        summary="Hand in a gesture or an event",
        response_class=Response,
        responses=documented(
            _400=Failure, _401=Failure, _404=Failure, _408=Failure, _413=Failure, _429=Failure, _503=Failure
        ),
        openapi_extra=bodies.GESTURE,
    )
    async def events(request: Request) -> Response:
        body = await read_body(request, settings.body_limit_bytes)
        rate.count(request, genuine=from_slack(body, request.headers))
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise Problem(400, "the body is not UTF-8", "send what Slack sent, byte for byte") from error
        answer = await dispatch(bolt, text, request.headers)
        if answer.status in _TOLD:
            raise Problem(answer.status, *_TOLD[answer.status])
        return Response(answer.body, status_code=answer.status, headers=answer.first_headers())

    @router.get("/slack/events", summary="Slack's check of the certificate", response_class=Response)
    async def ssl_check() -> Response:
        return Response()

    return router
