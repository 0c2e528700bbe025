"""How a person's gesture, or an event, gets from Slack to the app: over a websocket (Socket Mode) or by a signed POST.

https://docs.slack.dev/apis/events-api/using-socket-mode
https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

import httpx
from starlette.websockets import WebSocket, WebSocketDisconnect

from app import clock
from app.signature import sign_slack

Json = dict[str, Any]

ACK_S = 3.0  # then the person is shown operation_timeout
KEEP_S = 30.0  # for how long an envelope that nobody acknowledged is offered again
_LOOK_S = 0.1  # between two looks at whether the connection is still there


@dataclass
class Gesture:
    """A person's gesture on its way. Made in the loop that waits for it; acknowledged from any thread."""

    id: str
    form: Literal["slash_commands", "interactive", "events_api"]
    user: str
    payload: Json
    made_at: float = field(default_factory=clock.monotonic)
    attempts: int = 0
    outcome: Literal["pending", "acked", "late", "lost"] = "pending"
    ack_ms: float | None = None
    ack: Any = None
    shown: str = ""  # what Slack itself tells the person
    _acked: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    def acknowledge(self, ack: Any) -> None:
        if self.ack_ms is None:
            self.ack, self.ack_ms = ack, (clock.monotonic() - self.made_at) * 1000
            self.outcome = "acked" if self.ack_ms <= ACK_S * 1000 else "late"
            self._loop.call_soon_threadsafe(self._acked.set)

    async def acknowledged(self, within: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._acked.wait(), within)
        return self.ack_ms is not None

    def as_json(self) -> Json:
        names = ("id", "form", "user", "payload", "attempts", "outcome", "ack_ms", "ack", "shown")
        return {name: getattr(self, name) for name in names}


class Courier(Protocol):
    async def deliver(self, gesture: Gesture) -> None:
        """Until it is acknowledged, or lost."""
        ...


def signed(gesture: Gesture, signing_secret: str, timestamp: str) -> tuple[str, dict[str, str]]:
    """Body and headers of the POST."""
    if gesture.form == "events_api":
        kind, body = "application/json", json.dumps(gesture.payload)
    else:
        form = gesture.payload if gesture.form == "slash_commands" else {"payload": json.dumps(gesture.payload)}
        kind, body = "application/x-www-form-urlencoded", urlencode(form)
    signature = sign_slack(signing_secret, timestamp, body.encode())
    return body, {
        "content-type": kind,
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": signature,
    }


class HttpCourier:
    """One signed POST."""

    def __init__(self, events_url: str, signing_secret: str) -> None:
        self._events_url = events_url
        self._signing_secret = signing_secret

    async def deliver(self, gesture: Gesture) -> None:
        body, headers = signed(gesture, self._signing_secret, str(int(clock.wall())))
        gesture.attempts += 1
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=ACK_S) as http:
                response = await http.post(self._events_url, content=body.encode(), headers=headers)
        except httpx.HTTPError:
            gesture.outcome = "lost"
            return
        if response.status_code == 200:
            gesture.acknowledge(_ack_of(response.text))
        else:
            gesture.outcome, gesture.shown = "lost", f"dispatch_failed ({response.status_code})"


def _ack_of(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return {"text": text}


class SocketCourier:
    def __init__(self, app_id: str) -> None:
        self.connections: list[_Connection] = []
        self._app_id = app_id
        self._tickets: set[str] = set()
        self._pending: dict[str, Gesture] = {}

    def ticket(self) -> str:
        """Opens one connection, once."""
        ticket = clock.new_id()
        self._tickets.add(ticket)
        return ticket

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tell every connection to go, and close it; after a ``warning`` it stays open for the moment."""
        for connection in list(self.connections):
            connection.send({"type": "disconnect", "reason": reason, "debug_info": {}})
            if reason != "warning":
                connection.send(None)

    async def deliver(self, gesture: Gesture) -> None:
        """To the newest connection; again when that is gone or keeps silent; for a bounded time. An event that finds
        nobody connected is not waited with."""
        if gesture.form == "events_api" and not self.connections:
            gesture.outcome = "lost"
            return
        self._pending[gesture.id] = gesture
        try:
            async with asyncio.timeout(KEEP_S):
                while not await self._offer(gesture):
                    pass
        except TimeoutError:
            gesture.outcome = "lost"
        finally:
            del self._pending[gesture.id]

    async def _offer(self, gesture: Gesture) -> bool:
        if not self.connections:
            return await gesture.acknowledged(within=_LOOK_S)
        connection = self.connections[-1]
        connection.send(_envelope(gesture))
        gesture.attempts += 1
        until = clock.monotonic() + ACK_S
        while connection in self.connections and clock.monotonic() < until:
            if await gesture.acknowledged(within=_LOOK_S):
                return True
        return False

    async def serve(self, websocket: WebSocket) -> None:
        ticket = websocket.path_params["ticket"]
        if ticket not in self._tickets:
            await websocket.close()
            return
        self._tickets.discard(ticket)
        await websocket.accept()
        connection = _Connection(websocket)
        self.connections.append(connection)
        connection.send(
            {
                "type": "hello",
                "num_connections": len(self.connections),
                "connection_info": {"app_id": self._app_id},
                "debug_info": {"host": "sandbox", "approximate_connection_time": 18_060},
            }
        )
        writer = asyncio.create_task(connection.write())
        try:
            async for text in websocket.iter_text():
                self._acknowledge(text)
        finally:
            self.connections.remove(connection)
            writer.cancel()

    def _acknowledge(self, text: str) -> None:
        try:
            ack = json.loads(text)
            gesture = self._pending.get(ack["envelope_id"])
        except (ValueError, KeyError, TypeError):
            return  # a client's own ping, or nothing that Slack knows
        if gesture:
            gesture.acknowledge(ack.get("payload"))


def _envelope(gesture: Gesture) -> Json:
    return {
        "envelope_id": gesture.id,
        "type": gesture.form,
        "accepts_response_payload": gesture.form != "events_api",
        "payload": gesture.payload,
    }


class _Connection:
    """What is to be sent may come from any thread; it is written in the server's loop, in order."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._loop = asyncio.get_running_loop()
        self._outbox: asyncio.Queue[Json | None] = asyncio.Queue()

    def send(self, message: Json | None) -> None:
        """None closes."""
        self._loop.call_soon_threadsafe(self._outbox.put_nowait, message)

    async def write(self) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):  # the other side is gone: the reader sees it too
            while (message := await self._outbox.get()) is not None:
                await self._websocket.send_text(json.dumps(message))
            await self._websocket.close()
