"""Slack's HTTP transport (SLACK_TRANSPORT=http): ``/slack/events`` in front of the same Bolt app as Socket Mode."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from slack_bolt.async_app import AsyncApp

from app.intake.slack import dispatch
from app.webhook import bodies
from app.webhook.answers import Failure, Problem, documented
from app.webhook.limits import read_body

_TOLD = {  # what Bolt or intake answer with a status alone; error, remedy
    400: ("this is nothing that Slack sends", "send what Slack sent, byte for byte"),
    401: ("not signed by Slack, or too long ago", "check SLACK_SIGNING_SECRET"),
    404: ("nothing here handles this", "compare the Slack app's commands and interactivity with docs/commands.md"),
    503: ("the queue did not take the gesture", "do it again in a moment; if it stays so, look at /ready"),
}


def slack_events(bolt: AsyncApp, limit_bytes: int) -> APIRouter:
    router = APIRouter()

    @router.post(
        "/slack/events",
        summary="Hand in a gesture",
        response_class=Response,
        responses=documented(_400=Failure, _401=Failure, _404=Failure, _408=Failure, _413=Failure, _503=Failure),
        openapi_extra=bodies.GESTURE,
    )
    async def events(request: Request) -> Response:
        body = await read_body(request, limit_bytes)
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
