"""A person's gesture in Slack, on its way into the queue: verify, check the form, wrap, send, and only then ack (L4).

One Bolt app behind both of Slack's transports: ``/slack/events`` of the webhook pod, and the websocket of the
processor, which signs what it gets with the same secret. It needs no bot token and calls nobody.

What could not be put in the queue is said at once, to the person who asked (L7): Slack shows a command's answer, a
modal's error, and a warning beside a button whose request was not answered with 200.
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
from app.domain.gesture import COMMAND, Gesture, parse
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


def bolt_app(signing_secret: str, send: Send) -> AsyncApp:
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
    return app


class _Intake:
    def __init__(self, send: Send) -> None:
        self._send = send

    async def command(self, ack: AsyncAck, request: AsyncBoltRequest) -> None:
        if await self._recorded(request):
            await ack()
        else:
            await ack(text=NOT_RECORDED, response_type="ephemeral")

    async def button(self, ack: AsyncAck, request: AsyncBoltRequest) -> BoltResponse | None:
        if not await self._recorded(request):
            return BoltResponse(status=503)
        await ack()
        return None

    async def modal(self, ack: AsyncAck, request: AsyncBoltRequest, body: dict[str, Any]) -> BoltResponse | None:
        if await self._recorded(request):
            await ack()
            return None
        field = _first_input(body.get("view", {}).get("blocks", []))
        if field is None:
            return BoltResponse(status=503)
        await ack(response_action="errors", errors={field: NOT_RECORDED})
        return None

    async def _recorded(self, request: AsyncBoltRequest) -> bool:
        """Whether the gesture is durable. The reason why not is ours to log, not the person's to read."""
        headers = {name: values[0] for name, values in request.headers.items() if values}
        try:
            with telemetry.work("slack gesture", headers):
                await self._send(_wrap(parse(request.raw_body), headers))
        except (VendorError, Park) as error:
            telemetry.log.error("gesture_not_recorded", reason=str(error))
            return False
        return True


def _wrap(gesture: Gesture, headers: Mapping[str, str]) -> Envelope:
    if gesture.name in OPENS_MODAL:
        group = lane("modal", gesture.user_id)
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


def _verification(signing_secret: str) -> Callable[..., Awaitable[BoltResponse]]:
    async def verify(req: AsyncBoltRequest, next_: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:
        timestamp = req.headers.get(_TIMESTAMP, [""])[0]
        given = req.headers.get(_SIGNATURE, [""])[0]
        if verify_slack(signing_secret, timestamp, req.raw_body.encode(), given, now=clock.wall()) is None:
            return BoltResponse(
                status=401,
                body={"error": "not signed by Slack, or too long ago", "remedy": "check SLACK_SIGNING_SECRET"},
            )
        return await next_()

    return verify


async def _nobody(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
    """Bolt wants to know as whom to act. As nobody: intake holds no token."""
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)


async def _acknowledge(ack: AsyncAck) -> None:
    await ack()


def _first_input(blocks: Sequence[Mapping[str, Any]]) -> str | None:
    """A modal shows an error beside an input and nowhere else."""
    return next((block["block_id"] for block in blocks if block.get("type") == "input" and "block_id" in block), None)
