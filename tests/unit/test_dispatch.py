"""From a message to its handler, and to the answer that a person sees."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from pydantic import BaseModel

from app.domain.alert import Alert, AlertEvent
from app.domain.change import Change
from app.domain.gesture import Gesture
from app.domain.help import CommandHelp
from app.domain.incident import Incident, Status
from app.domain.people import Human
from app.domain.severity import Severity
from app.errors import Park, Refused, Retry, VendorRefused, VendorUnavailable
from app.messages.message import Message, say
from app.ports import Chat, Store
from app.processor.dispatch import Dispatcher
from app.processor.registry import Event, Registry
from app.queue.delivery import Delivery
from app.queue.envelope import Envelope, SlackSignature
from app.signature import sign_slack
from app.sim.memory_store import MemoryStore

SECRET = "signing-secret"
SENT_AT = 1_795_000_000.0
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ROOM = "C0ROOM"
ELSEWHERE = "C0GENERAL"
FALLBACK = "C0INCIDENTS"
URL = "https://hooks.slack.com/commands/1"


@dataclass
class Said:
    """What people saw; ``broken`` names the ways that do not work."""

    broken: set[str] = field(default_factory=set)
    seen: list[tuple[str, str, str]] = field(default_factory=list)  # way, to whom, text

    async def respond(self, url: str, message: Message) -> None:
        self._say("respond", url, message)

    async def whisper(self, channel: str, slack_id: str, message: Message) -> None:
        self._say("whisper", f"{channel}/{slack_id}", message)

    async def direct(self, slack_id: str, message: Message, *, effect_id: str) -> str:
        return self._say("direct", slack_id, message)

    async def post(self, channel: str, message: Message, *, effect_id: str) -> str:
        return self._say("post", channel, message)

    def _say(self, way: str, to: str, message: Message) -> str:
        if way in self.broken:
            raise VendorRefused("Slack", way, "expired_url")
        self.seen.append((way, to, message.text))
        return "1.1"


class Brittle(MemoryStore):
    """A store that is away."""

    async def incident_of_channel(self, channel_id: str) -> Incident | None:
        raise VendorUnavailable("DynamoDB", "get_item", "away")


class Ledger:
    """Stands for any service."""


class Due(BaseModel):
    incident_id: str


@dataclass
class Case:
    registry: Registry = field(default_factory=Registry)
    said: Said = field(default_factory=Said)
    store: Store = field(default_factory=MemoryStore)

    @property
    def dispatcher(self) -> Dispatcher:
        chat = cast("Chat", self.said)
        services: dict[type, object] = {Ledger: Ledger(), Store: self.store}
        return Dispatcher(
            self.registry, services, signing_secret=SECRET, store=self.store, chat=chat, fallback_channel=FALLBACK
        )

    def command(self, name: str, handle: Any) -> Case:
        self.registry.commands[name] = handle
        self.registry.helps[name] = f"does {name}"
        return self


async def open_room(store: Store) -> Incident:
    incident = Incident(
        id="abcdefghij", status=Status.ACTIVE, severity=Severity.P1, title="t", service="checkout",
        alert=Alert(alert_group="G1", event=AlertEvent.FIRING, at=NOW, title="t"), created_at=NOW, channel_id=ROOM,
    )  # fmt: skip
    lookups = [("ALERT", "G1"), ("CHANNEL", ROOM)]
    return await store.commit(Change(incident=incident, facts=(), at=NOW, create=True, lookups=lookups))


def typed(text: str, *, channel: str = ROOM, url: str = URL) -> str:
    form = {"command": "/incident-response", "text": text, "user_id": "U1", "team_id": "T1", "channel_id": channel}
    return urlencode({**form, "response_url": url, "trigger_id": "t1"})


def gesture(raw: str, *, secret: str = SECRET, age: float = 1, attempt: int = 1, signed: str | None = None) -> Delivery:
    timestamp = str(int(SENT_AT - age))
    signature = SlackSignature(timestamp=timestamp, v0=sign_slack(secret, timestamp, (signed or raw).encode()))
    return delivered(
        Envelope(kind="slack", lane="slack:C", dedup_id="g", body=raw, signature=signature), attempt=attempt
    )


def event(name: str, body: str) -> Delivery:
    return delivered(Envelope(kind=f"event:{name}", lane="timer:x", dedup_id="e", body=body))


def delivered(envelope: Envelope, *, attempt: int = 1) -> Delivery:
    return Delivery("m1", envelope.encode(), "r1", envelope.lane, attempt, SENT_AT)


# ---------------------------------------------------------------- people


async def test_a_command_gets_what_it_asks_for_and_its_answer_goes_to_the_person() -> None:
    async def status(it: Gesture, who: Human, incident: Incident, ledger: Ledger, commands: CommandHelp) -> Message:
        return say(f"{it.text}|{who.actor}|{incident.id}|{type(ledger).__name__}|{commands.entries}")

    case = Case().command("status", status)
    await open_room(case.store)
    await case.dispatcher.work(gesture(typed("status now")))
    answer = "now|slack:U1|abcdefghij|Ledger|(('status', 'does status'),)"
    assert case.said.seen == [("respond", URL, answer)]


@pytest.mark.parametrize(
    "forged",
    [
        gesture(typed("resolve"), secret="another"),
        gesture(typed("resolve"), signed=typed("status")),
        gesture(typed("resolve"), age=301),
        gesture(typed("resolve"), age=-301),
        delivered(Envelope(kind="slack", lane="slack:C", dedup_id="g", body=typed("resolve"))),
    ],
    ids=["other secret", "other bytes", "too old", "from the future", "unsigned"],
)
async def test_a_forged_gesture_is_nobodys_word(forged: Delivery) -> None:
    """G10: parked unworked, and told to the fallback channel, not to whoever the forger named."""
    worked: list[str] = []

    async def resolve(human: Human) -> None:
        worked.append(human.actor)

    case = Case().command("resolve", resolve)
    with pytest.raises(Park) as parked:
        await case.dispatcher.work(forged)
    assert worked == []
    await case.dispatcher.told(forged, parked.value.why)
    [(way, to, text)] = case.said.seen
    assert (way, to) == ("post", FALLBACK)
    assert "signature" in text


async def test_outside_a_room_the_person_learns_where_to_go() -> None:
    async def status(incident: Incident) -> None:
        raise AssertionError("there is no incident here")

    case = Case().command("status", status)
    await open_room(case.store)
    await case.dispatcher.work(gesture(typed("status", channel=ELSEWHERE)))
    [(_, _, text)] = case.said.seen
    assert "in that incident's room" in text
    assert f"<#{ROOM}>" in text


async def test_a_handler_that_can_do_without_a_room_gets_none() -> None:
    async def help_(incident: Incident | None) -> Message:
        return say(f"incident: {incident}")

    case = Case().command("help", help_)
    await case.dispatcher.work(gesture(typed("", channel=ELSEWHERE)))
    assert case.said.seen == [("respond", URL, "incident: None")]


async def test_a_refusal_is_told_and_done_with() -> None:
    async def resolve() -> None:
        raise Refused("only the incident commander can")

    case = Case().command("resolve", resolve)
    await case.dispatcher.work(gesture(typed("resolve")))
    assert case.said.seen == [("respond", URL, "only the incident commander can")]


async def test_an_unknown_command_is_answered_with_what_there_is() -> None:
    """S5, L7"""

    async def nothing() -> None: ...

    case = Case().command("status", nothing).command("status_draft", nothing)
    await case.dispatcher.work(gesture(typed("statsu <!channel>")))
    [(_, _, text)] = case.said.seen
    assert "There is no `/incident-response statsu`" in text
    assert "`/incident-response status draft`  does status_draft" in text


async def test_a_button_of_an_older_version_says_so() -> None:
    """S5, L7"""
    payload = (
        '{"type":"block_actions","user":{"id":"U1"},"channel":{"id":"C1"},'
        '"actions":[{"action_id":"gone","action_ts":"1.1","value":"x"}]}'
    )
    case = Case()
    await case.dispatcher.work(gesture(urlencode({"payload": payload})))
    [(way, to, text)] = case.said.seen
    assert (way, to) == ("whisper", "C1/U1")
    assert "older version" in text


@pytest.mark.parametrize("error", [Retry("later"), RuntimeError("boom"), VendorUnavailable("Slack", "x", "away")])
async def test_what_is_not_done_yet_is_said_once(error: Exception) -> None:
    """L7: an answer at the first failure, none at the ones between, and one at the end."""

    async def resolve() -> None:
        raise error

    case = Case().command("resolve", resolve)
    for attempt in (1, 2, 3):
        with pytest.raises(type(error)):
            await case.dispatcher.work(gesture(typed("resolve"), attempt=attempt))
    await case.dispatcher.told(gesture(typed("resolve"), attempt=3), "gave up after 3 attempts")
    first, last = case.said.seen
    assert "tried again" in first[2]
    assert "gave up after 3 attempts" in last[2]


async def test_an_answer_also_when_the_store_is_away() -> None:
    """L7"""

    async def status(incident: Incident) -> None: ...

    case = Case(store=Brittle()).command("status", status)
    with pytest.raises(VendorUnavailable):
        await case.dispatcher.work(gesture(typed("status")))
    assert [way for way, _, _ in case.said.seen] == ["respond"]


@pytest.mark.parametrize(
    ("broken", "way"), [(set(), "respond"), ({"respond"}, "whisper"), ({"respond", "whisper"}, "direct")]
)
async def test_the_answer_takes_the_first_way_that_works(broken: set[str], way: str) -> None:
    """L7"""

    async def resolve() -> Message:
        return say("done")

    case = Case(said=Said(broken)).command("resolve", resolve)
    await case.dispatcher.work(gesture(typed("resolve")))
    assert [(seen, text) for seen, _, text in case.said.seen] == [(way, "done")]


async def test_an_answer_that_cannot_be_given_changes_nothing() -> None:
    """D8: the work is done, and is not done again because Slack did not take the answer."""
    times: list[int] = []

    async def resolve() -> Message:
        times.append(1)
        return say("done")

    case = Case(said=Said({"respond", "whisper", "direct"})).command("resolve", resolve)
    await case.dispatcher.work(gesture(typed("resolve")))
    assert len(times) == 1


# ---------------------------------------------------------------- what people do among themselves


def said_in(channel: str, *, secret: str = SECRET, attempt: int = 1) -> Delivery:
    event = {"type": "message", "channel": channel, "user": "U1", "text": "words", "ts": "1.1"}
    body = {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": event}
    return gesture(json.dumps(body), secret=secret, attempt=attempt)


async def test_what_happens_in_a_room_reaches_its_handler_and_nobody_is_answered() -> None:
    handled: list[str] = []

    async def message(it: Gesture, who: Human, incident: Incident, ledger: Ledger) -> None:
        handled.append(f"{it.text}|{who.actor}|{incident.id}")

    case = Case()
    case.registry.room_events["message"] = message
    await open_room(case.store)
    await case.dispatcher.work(said_in(ROOM))
    assert handled == ["words|slack:U1|abcdefghij"]
    assert case.said.seen == []


async def test_what_happens_elsewhere_is_none_of_our_business() -> None:
    async def message() -> None:
        raise AssertionError("this is no room of ours")

    case = Case()
    case.registry.room_events["message"] = message
    await open_room(case.store)
    await case.dispatcher.work(said_in(ELSEWHERE))


async def test_a_forged_event_of_a_room_is_nobodys_word() -> None:
    """G10"""

    async def message() -> None:
        raise AssertionError("Slack did not say so")

    case = Case()
    case.registry.room_events["message"] = message
    await open_room(case.store)
    with pytest.raises(Park):
        await case.dispatcher.work(said_in(ROOM, secret="another"))


async def test_an_event_that_fails_is_tried_again_and_in_the_end_told_to_the_room() -> None:
    """P-loud: not to the person, who asked for nothing."""

    async def message() -> None:
        raise VendorUnavailable("Slack", "conversations.history", "away")

    case = Case()
    case.registry.room_events["message"] = message
    await open_room(case.store)
    with pytest.raises(VendorUnavailable):
        await case.dispatcher.work(said_in(ROOM))
    assert case.said.seen == []
    await case.dispatcher.told(said_in(ROOM, attempt=6), "Slack is away")
    [(way, to, text)] = case.said.seen
    assert (way, to) == ("post", ROOM)
    assert "Slack is away" in text


# ---------------------------------------------------------------- machines


async def test_an_event_is_handled_with_its_body() -> None:
    handled: list[str] = []

    async def handle(body: Due, ledger: Ledger) -> None:
        handled.append(body.incident_id)

    case = Case()
    case.registry.events["nudge_due"] = Event(Due, handle)
    await case.dispatcher.work(event("nudge_due", '{"incident_id":"abcdefghij"}'))
    assert handled == ["abcdefghij"]


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [("unheard_of", "{}", "nothing here handles"), ("nudge_due", "{}", "incident_id"), ("nudge_due", "x", "JSON")],
)
async def test_an_event_that_nobody_can_handle_is_parked_with_its_reason(name: str, body: str, why: str) -> None:
    """L6"""

    async def handle(body: Due) -> None: ...

    case = Case()
    case.registry.events["nudge_due"] = Event(Due, handle)
    with pytest.raises(Park, match=why):
        await case.dispatcher.work(event(name, body))


async def test_what_was_parked_is_told_in_its_room_or_in_the_fallback_channel() -> None:
    """P-loud, T5: and nothing that came from outside can ping anybody."""

    async def handle(body: Due) -> None: ...

    case = Case()
    case.registry.events["nudge_due"] = Event(Due, handle)
    await open_room(case.store)
    await case.dispatcher.told(event("nudge_due", '{"incident_id":"abcdefghij"}'), "why <!channel>")
    await case.dispatcher.told(event("nudge_due", '{"incident_id":"unknown"}'), "why")
    await case.dispatcher.told(Delivery("m2", "garbage", "r", "x", 1, SENT_AT), "not an envelope")
    assert [(way, to) for way, to, _ in case.said.seen] == [("post", ROOM), ("post", FALLBACK), ("post", FALLBACK)]
    assert "<!channel>" not in case.said.seen[0][2]


async def test_what_was_parked_while_a_room_is_made_is_told_outside_of_it_too() -> None:
    """S3: the only member of a room that is being made may be the app."""

    async def handle(body: Due) -> None: ...

    case = Case()
    case.registry.events["nudge_due"] = Event(Due, handle)
    incident = await open_room(case.store)
    begun = incident.model_copy(update={"status": Status.ROOM_ASSEMBLING})
    await case.store.commit(Change(incident=begun, facts=(), at=NOW))
    await case.dispatcher.told(event("nudge_due", json.dumps({"incident_id": incident.id})), "why")
    assert [(way, to) for way, to, _ in case.said.seen] == [("post", FALLBACK), ("post", ROOM)]
