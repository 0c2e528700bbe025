"""Slack's websocket, against the simulated Slack: what arrives is queued and signed as if it had come by HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from app import clock
from app.domain.gesture import parse
from app.errors import VendorUnavailable
from app.intake.slack import NOT_RECORDED
from app.processor import socket_mode
from app.processor.socket_mode import SocketListener
from app.queue.envelope import Envelope
from app.signature import verify_slack
from app.sim import cast
from app.sim.slack import SlackSim
from tests.conftest import Serve

PATIENCE_S = 30  # only ever waited out by a failure


@dataclass
class Queue:
    taken: list[Envelope] = field(default_factory=list)
    down: bool = False
    hold: asyncio.Event | None = None

    async def send(self, envelope: Envelope) -> None:
        if self.hold:
            await self.hold.wait()
        if self.down:
            raise VendorUnavailable("SQS", "send", "no answer")
        self.taken.append(envelope)


@dataclass
class Slack:
    """The workspace, and what its people do in it."""

    sim: SlackSim
    base_url: str

    async def command(self, text: str) -> dict[str, object]:
        async with httpx.AsyncClient(base_url=self.base_url, trust_env=False, timeout=PATIENCE_S) as http:
            given = {"user": "U0PRIMARY", "channel": cast.FALLBACK_CHANNEL, "text": text}
            answer: dict[str, object] = (await http.post("/people/command", json=given)).json()
            return answer


@pytest.fixture
def slack(serve: Serve) -> Slack:
    sim = SlackSim(transport="socket")
    return Slack(sim, serve(sim.app()))


@pytest.fixture
def queue() -> Queue:
    return Queue()


@asynccontextmanager
async def listening(slack: Slack, queue: Queue) -> AsyncIterator[SocketListener]:
    listener = SocketListener(cast.APP_TOKEN, cast.SIGNING_SECRET, f"{slack.base_url}/api", queue.send)
    stop = asyncio.Event()
    running = asyncio.create_task(listener.run(stop))
    try:
        await until(lambda: listener.connected)
        yield listener
    finally:
        stop.set()
        await asyncio.wait_for(running, PATIENCE_S)


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(PATIENCE_S * 100):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to be")


async def test_a_command_is_queued_as_slack_would_have_signed_it(slack: Slack, queue: Queue) -> None:
    """G10: the socket proves who sent it; from here on the signature does."""
    async with listening(slack, queue):
        gesture = await slack.command("status draft the café is down")

    assert gesture["outcome"] == "acked"
    assert gesture["shown"] == ""
    (envelope,) = queue.taken
    assert envelope.signature is not None
    given = envelope.signature
    assert verify_slack(cast.SIGNING_SECRET, given.timestamp, envelope.body.encode(), given.v0, now=clock.wall())
    read = parse(envelope.body)
    assert (read.form, read.name, read.text) == ("command", "status_draft", "the café is down")
    assert read.user_id == "U0PRIMARY"


async def test_what_is_said_in_a_room_is_queued_as_slack_would_have_signed_it(slack: Slack, queue: Queue) -> None:
    """G10"""
    room = slack.sim.workspace.new_channel("room", cast.BOT_USER_ID)
    room.members.add("U0PRIMARY")
    async with listening(slack, queue):
        async with httpx.AsyncClient(base_url=slack.base_url, trust_env=False, timeout=PATIENCE_S) as http:
            given = {"user": "U0PRIMARY", "channel": room.id, "text": "the café is <back>"}
            assert (await http.post("/people/say", json=given)).status_code == 200
        await until(lambda: bool(queue.taken))
    (envelope,) = queue.taken
    assert envelope.signature is not None
    given_by = envelope.signature
    assert verify_slack(cast.SIGNING_SECRET, given_by.timestamp, envelope.body.encode(), given_by.v0, now=clock.wall())
    read = parse(envelope.body)
    assert (read.form, read.name, read.text, read.user_id) == ("event", "message", "the café is <back>", "U0PRIMARY")


async def test_what_the_queue_did_not_take_is_said_to_the_person(slack: Slack, queue: Queue) -> None:
    """L7"""
    queue.down = True
    async with listening(slack, queue):
        gesture = await slack.command("status")
    assert gesture["shown"] == NOT_RECORDED


async def test_it_connects_anew_when_slack_says_so(slack: Slack, queue: Queue) -> None:
    async with listening(slack, queue):
        first = slack.sim.socket.connections[0]
        slack.sim.socket.disconnect()
        await until(lambda: any(one is not first for one in slack.sim.socket.connections))
        assert (await slack.command("status"))["outcome"] == "acked"
    assert len(queue.taken) == 1


async def test_it_goes_when_told_and_is_not_connected_any_more(slack: Slack, queue: Queue) -> None:
    async with listening(slack, queue) as listener:
        pass
    assert not listener.connected
    await until(lambda: slack.sim.socket.connections == [])


async def test_a_gesture_under_way_is_finished_before_it_goes(slack: Slack, queue: Queue) -> None:
    """L5: a deployment in the middle of a click."""
    queue.hold = asyncio.Event()
    async with listening(slack, queue) as listener:
        person = asyncio.create_task(slack.command("status"))
        await until(lambda: bool(listener._in_flight))
        asyncio.get_running_loop().call_later(0.1, queue.hold.set)
    assert (await person)["outcome"] == "acked"
    assert len(queue.taken) == 1


async def test_it_waits_for_a_slack_that_is_not_there_and_still_goes_when_told(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    listener = SocketListener(cast.APP_TOKEN, cast.SIGNING_SECRET, "http://127.0.0.1:9/api", queue.send)
    stop = asyncio.Event()
    running = asyncio.create_task(listener.run(stop))
    await until(lambda: "Failed to connect" in caplog.text)
    assert not listener.connected
    stop.set()
    await asyncio.wait_for(running, PATIENCE_S)


async def test_it_asks_for_another_address_when_the_first_leads_nowhere(
    slack: Slack, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address is good once and for a short time: a client that keeps the dead one is deaf for ever."""
    monkeypatch.setattr(socket_mode, "STUCK_S", 1.0)
    monkeypatch.setattr(socket_mode, "WATCH_INTERVAL_S", 0.05)
    good = slack.sim.socket.ticket
    given = iter(["expired"])
    monkeypatch.setattr(slack.sim.socket, "ticket", lambda: next(given, None) or good())
    async with listening(slack, queue):
        assert (await slack.command("status"))["outcome"] == "acked"
