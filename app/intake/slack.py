"""A person's gesture in Slack, on its way into the queue: verify, check the form, wrap, send, and only then ack (L4).
What people do in the channels that the app is in (joining, writing, pinning) takes the same way.

One Bolt app behind both of Slack's transports: ``/slack/events`` of the webhook pod, and the websocket of the
processor, which signs what it gets with the same secret. It needs no bot token and calls nobody.

What could not be put in the queue is said at once, to the person who asked (L7): Slack shows a command's answer, a
modal's error, and a warning beside a button whose request was not answered with 200. An event it sends again.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from app import clock, telemetry
from app.domain.gesture import COMMAND, Gesture, Unheeded, parse
from app.errors import Park, VendorError
from app.queue.envelope import GESTURE, Envelope, SlackSignature, dedup, lane
from app.signature import verify_slack

Send = Callable[[Envelope], Awaitable[None]]

# Their modal must be open within three seconds of the click, so they wait for nobody (docs/adr, 2).
OPENS_MODAL = frozenset({"edit_statuspage"})
LINK_PREFIX = "open_link"  # buttons that only open an address: Slack reports the click all the same
NOT_RECORDED = (
    ":warning: This was *not recorded*: the queue is out of reach. Nothing was done. Please try again in a moment."
)

_TIMESTAMP = "x-slack-request-timestamp"
_SIGNATURE = "x-slack-signature"
_ANY = re.compile(".*")


def bolt_app(signing_secret: Callable[[], str], send: Send) -> AsyncApp:
    """``signing_secret`` is asked for each gesture: it may be another one by then."""
    app = AsyncApp(
        name="incident-response",
        client=AsyncWebClient(),  # never used; given, so that Bolt does not make one with a token it finds around
        authorize=_nobody,
        before_authorize=_verification(signing_secret),
        # Ours instead: the same check that the processor makes again, on the house's clock.
        request_verification_enabled=False,
        process_before_response=True,
    )
    intake = _Intake(send)
    app.command(COMMAND)(intake.command)
    app.block_action(re.compile(f"^{LINK_PREFIX}"))(_acknowledge)
    app.block_action(_ANY)(intake.button)
    app.view_submission(_ANY)(intake.modal)
    app.event(_ANY)(intake.event)
    app.error(_failed)
    return app


async def dispatch(bolt: AsyncApp, body: str, headers: Mapping[str, str]) -> BoltResponse:
    """Bolt reads the body before it asks for the signature, and trusts it to be Slack's: a stranger's need not be."""
    try:
        return await bolt.async_dispatch(AsyncBoltRequest(body=body, headers=dict(headers)))
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        telemetry.log.warning("not_a_gesture", reason=f"{type(error).__name__} in Bolt")
        return BoltResponse(status=400)


class _Intake:
    def __init__(self, send: Send) -> None:
        self._send = send

    async def command(self, ack: AsyncAck, request: AsyncBoltRequest) -> BoltResponse | None:
        match await self._record(request):
            case 200:
                await ack()
            case 503:
                await ack(text=NOT_RECORDED, response_type="ephemeral")
            case status:
                return BoltResponse(status=status)
        return None

    async def button(self, ack: AsyncAck, request: AsyncBoltRequest) -> BoltResponse | None:
        status = await self._record(request)
        if status != 200:
            return BoltResponse(status=status)
        await ack()
        return None

    async def modal(self, ack: AsyncAck, request: AsyncBoltRequest, body: dict[str, Any]) -> BoltResponse | None:
        status = await self._record(request)
        field = _first_input(body["view"].get("blocks", [])) if status == 503 else None
        if field:
            await ack(response_action="errors", errors={field: NOT_RECORDED})
        elif status != 200:
            return BoltResponse(status=status)
        else:
            await ack()
        return None

    async def event(self, request: AsyncBoltRequest) -> BoltResponse:
        return BoltResponse(status=await self._record(request))

    async def _record(self, request: AsyncBoltRequest) -> int:
        """200: the gesture is durable; 400: it is none; 503: not now. Why is ours to log, not a person's to read."""
        headers = {name: values[0] for name, values in request.headers.items() if values}
        try:
            with telemetry.work("slack gesture", headers):
                await self._send(_wrap(parse(request.raw_body), headers))
        except Unheeded as nothing:
            telemetry.log.debug("event_unheeded", why=nothing.why)
        except (VendorError, Park) as error:
            telemetry.log.error("gesture_not_recorded", reason=str(error))
            return 400 if isinstance(error, Park) else 503
        return 200


def _wrap(gesture: Gesture, headers: Mapping[str, str]) -> Envelope:
    if gesture.name in OPENS_MODAL:
        group = lane("modal", gesture.user_id)
    elif gesture.form == "event":  # whoever presses a button does not wait for what is made of others' chatting
        group = lane("room", gesture.channel_id or gesture.user_id)
    else:
        group = lane("slack", gesture.channel_id or gesture.user_id)
    return Envelope(
        kind=GESTURE,
        lane=group,
        dedup_id=dedup("slack", gesture.key),
        body=gesture.raw,
        signature=SlackSignature(timestamp=headers[_TIMESTAMP], v0=headers[_SIGNATURE]),
        trace=telemetry.carrier(),
    )


def _verification(signing_secret: Callable[[], str]) -> Callable[..., Awaitable[BoltResponse]]:
    async def verify(req: AsyncBoltRequest, next_: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:
        timestamp = req.headers.get(_TIMESTAMP, [""])[0]
        given = req.headers.get(_SIGNATURE, [""])[0]
        if verify_slack(signing_secret(), timestamp, req.raw_body.encode(), given, now=clock.wall()) is None:
            return BoltResponse(
                status=401,
                body={"error": "not signed by Slack, or too long ago", "remedy": "check SLACK_SIGNING_SECRET"},
            )
        return await next_()

    return verify


async def _failed(error: Exception, request: AsyncBoltRequest) -> BoltResponse:
    """Bolt trips over a gesture of odd shape before any listener sees it. Everything else is a fault of ours."""
    try:
        parse(request.raw_body)
    except Park as odd:
        telemetry.log.warning("not_a_gesture", reason=odd.why)
        return BoltResponse(status=400)
    telemetry.log.error("unexpected", exc_info=error)
    return BoltResponse(status=500)


async def _nobody(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
    """Bolt wants to know as whom to act. As nobody: intake holds no token."""
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)


async def _acknowledge(ack: AsyncAck) -> None:
    await ack()


def _first_input(blocks: Sequence[Mapping[str, Any]]) -> str | None:
    """A modal shows an error beside an input and nowhere else."""
    return next((block["block_id"] for block in blocks if block.get("type") == "input" and "block_id" in block), None)
