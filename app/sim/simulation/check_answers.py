"""P-loud: every gesture has its answer, and what was put aside was told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qs

from app.domain.gesture import parse
from app.gate.drafts import draft_id
from app.queue.envelope import GESTURE, decode
from app.sim.simulation.house import House
from app.sim.simulation.wires import BookedQueue
from app.sim.slack_delivery import Gesture
from app.sim.slack_state import Channel

_BREAKER_S = 60.0  # a vendor that did not answer is left alone for half a minute, and again
_TELLING_S = 20.0  # what telling may take after a message was parked


def loud(house: House) -> Iterator[str]:
    for gesture in house.people.gestures:
        if gesture.outcome in {"lost", "late", "pending"} and not gesture.shown:
            yield f"{gesture.user} was told nothing: their gesture was {gesture.outcome}"
    for message, (_, lane, text) in house.events.taken.items():
        if message in house.events.fates and _asked(text) and not _answered(house, message, text):
            yield f"the gesture {message} of {lane} was never answered"
    for queue in house.queues:
        for message, fate in queue.fates.items():
            if fate.startswith("parked: ") and not _told_of(house, queue, message):
                yield f"{message} was parked ({fate[8:90]}), and nobody was told"


def _asked(text: str) -> bool:
    """Something was asked of us; what people do among themselves is no question."""
    envelope = decode(text)
    return envelope.kind == GESTURE and parse(envelope.body).form != "event"


def _answered(house: House, message: str, text: str) -> bool:
    gesture = _gesture_of(house, text)
    workspace = house.slack.workspace
    url = str(gesture.payload.get("response_url", "")).rpartition("/")[2]
    if url and workspace.response_urls[url].uses:
        return True
    if workspace.triggers[gesture.payload["trigger_id"]].used:  # the editor is its own answer
        return True
    if f"draft:{_draft_of(house, text)}" in _effects(house.rooms):  # and so is the text that was saved in it
        return True
    theirs = (channel for channel in workspace.channels.values() if channel.with_user == gesture.user)
    if any(effect.startswith(f"answer:{message}:") for effect in _effects(theirs)):
        return True
    return _could_not_be_told(house, house.events, message)


def _draft_of(house: House, text: str) -> str | None:
    """The draft that this gesture wrote, if it wrote one."""
    key = parse(decode(text).body).key
    ids = {draft_id(incident.id, key) for incident in house.incidents}
    return next((draft for _, draft in house.store.texts if draft in ids), None)


def _gesture_of(house: House, text: str) -> Gesture:
    form = {name: values[0] for name, values in parse_qs(decode(text).body).items()}
    trigger = (json.loads(form["payload"]) if "payload" in form else form)["trigger_id"]
    return next(one for one in house.people.gestures if one.payload["trigger_id"] == trigger)


def _told_of(house: House, queue: BookedQueue, message: str) -> bool:
    if _asked(queue.taken[message][2]):
        return True  # answered or not: the other check
    if f"parked:{message}" in _effects(house.slack.workspace.channels.values()):
        return True
    return _could_not_be_told(house, queue, message)


def _effects(channels: Iterable[Channel]) -> set[str]:
    payloads = ((post.metadata or {}).get("event_payload", {}) for channel in channels for post in channel.posts)
    return {str(payload.get("effect_id", "")) for payload in payloads}


def _could_not_be_told(house: House, queue: BookedQueue, message: str) -> bool:
    """Slack was struck while it was worked, or just before, so that the breaker is open: who cannot be reached cannot
    be told, and the log says so."""
    began, ended = queue.taken[message][0] - _BREAKER_S, queue.ended[message] + _TELLING_S
    return any(began <= one.at <= ended and one.detail.endswith("(struck)") for one in house.book.of("slack"))
