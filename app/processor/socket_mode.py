"""Slack's websocket (SLACK_TRANSPORT=socket) in front of the same Bolt app as ``/slack/events``.

Socket Mode signs nothing: the connection itself is the proof. The queue, though, carries signed gestures only, so that
the processor need not trust whoever may write to it (G10). So each payload is put back into the form that Slack's HTTP
transport sends, signed here with the same secret, and from there on the two transports are one.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from app import clock, telemetry
from app.intake.slack import Send, bolt_app
from app.signature import sign_slack

OPEN_DEADLINE_S = 5  # apps.connections.open
PING_INTERVAL_S = 5.0  # also the pause between two attempts to connect
STUCK_S = 60.0  # without a connection; then a client is given up, and the next asks Slack for a new address
WATCH_INTERVAL_S = 1.0
DRAIN_S = 1.5  # for the gestures in flight, when told to stop


class SocketListener:
    def __init__(self, app_token: str, signing_secret: str, api_url: str, send: Send) -> None:
        self._app_token = app_token
        self._signing_secret = signing_secret
        self._api_url = api_url
        self._bolt = bolt_app(lambda: signing_secret, send)
        self._client: SocketModeClient | None = None
        self._in_flight: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        client = self._client
        if client is None or client.closed or client.stale:
            return False
        return client.current_session is not None and not client.current_session.closed

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self._serve(stop)

    async def _serve(self, stop: asyncio.Event) -> None:
        """One client, which connects anew by itself with a pause between attempts; until ``stop``, or it is stuck."""
        client = self._client = self._new_client()
        connecting = asyncio.create_task(client.connect(), name="connect to Slack")  # type: ignore[no-untyped-call]
        try:
            await self._stopped_or_stuck(stop)
        finally:
            connecting.cancel()
            if self._in_flight:
                await asyncio.wait(self._in_flight, timeout=DRAIN_S)
            await client.close()  # type: ignore[no-untyped-call]
            await asyncio.gather(connecting, return_exceptions=True)
            telemetry.log.info("socket_closed")

    async def _stopped_or_stuck(self, stop: asyncio.Event) -> None:
        """An address to connect to is good once and for half a minute; the client tries a dead one for ever."""
        alive_at = clock.monotonic()
        while clock.monotonic() - alive_at < STUCK_S:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), WATCH_INTERVAL_S)
                return
            if self.connected:
                alive_at = clock.monotonic()
        telemetry.log.error("socket_stuck", seconds_without_connection=STUCK_S)

    def _new_client(self) -> SocketModeClient:
        web = AsyncWebClient(base_url=self._api_url.rstrip("/") + "/", timeout=OPEN_DEADLINE_S, retry_handlers=[])
        client = SocketModeClient(self._app_token, web_client=web, ping_interval=PING_INTERVAL_S)
        web.proxy = client.proxy = None  # like app.outbound: a vendor is where the settings say
        client.message_listeners.append(_log_connection)
        client.socket_mode_request_listeners.append(self._listen)
        return client

    async def _listen(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        task = asyncio.create_task(self._handle(client, request), name=f"gesture {request.envelope_id}")
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)
        await task

    async def _handle(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        if request.type not in ("slash_commands", "interactive", "events_api"):
            # Nobody asked for it. Acknowledged, else Slack sends it again.
            telemetry.log.warning("socket_payload_ignored", type=request.type)
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
            return
        answer = await self._bolt.async_dispatch(self._as_http(request))
        if answer.status != 200:
            # No acknowledgement is the one way to say "failed" here: Slack tells the person, or sends an event again.
            telemetry.log.error("gesture_not_acknowledged", type=request.type, status=answer.status)
            return
        await client.send_socket_mode_response(
            SocketModeResponse(envelope_id=request.envelope_id, payload=_payload(answer))
        )

    def _as_http(self, request: SocketModeRequest) -> AsyncBoltRequest:
        kind, body = _body(request)
        timestamp = str(int(clock.wall()))
        return AsyncBoltRequest(
            body=body,
            headers={
                "content-type": kind,
                "x-slack-request-timestamp": timestamp,
                "x-slack-signature": sign_slack(self._signing_secret, timestamp, body.encode()),
            },
        )


async def _log_connection(_: AsyncBaseSocketModeClient, message: dict[str, Any], __: str | None = None) -> None:
    if message.get("type") == "hello":
        telemetry.log.info("socket_connected", connections=message.get("num_connections"))


def _body(request: SocketModeRequest) -> tuple[str, str]:
    """Content type and body, as Slack's HTTP transport has them."""
    if request.type == "events_api":
        return "application/json", json.dumps(request.payload)
    fields = request.payload if request.type == "slash_commands" else {"payload": json.dumps(request.payload)}
    form = {name: _form_value(value) for name, value in fields.items() if value is not None}
    return "application/x-www-form-urlencoded", urlencode(form)


def _form_value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _payload(answer: BoltResponse) -> dict[str, Any] | None:
    if not answer.body:
        return None
    if answer.headers.get("content-type", [""])[0].startswith("application/json"):
        payload: dict[str, Any] = json.loads(answer.body)
        return payload
    return {"text": answer.body}
