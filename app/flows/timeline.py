"""What people say, put on the record: the words as they stood, and where they stand. Nothing is ever overwritten; the
same words of one message are on the record once, and changed words beside the first ones.
"""

from __future__ import annotations

import hashlib
from typing import Any

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.domain.incident import Incident
from app.domain.people import Human
from app.domain.policy import Policy
from app.domain.slack_text import unquoted
from app.errors import Refused
from app.flows import nudges
from app.flows.steps import post_once
from app.ledger import Decision
from app.messages import cadence as messages
from app.ports import Chat, Store, Timers

TEXT_MAX = 2500  # characters: what a message of ours shows whole, with its markup


async def say_update(
    store: Store, chat: Chat, timers: Timers, policy: Policy, incident: Incident, human: Human, text: str, key: str
) -> None:
    """Into the room, onto the record, and the next reminder is a whole interval away."""
    ts = await post_once(chat, _room(incident), messages.update(human.slack_id, text), f"update:{key}", adopting=True)
    await update(store, timers, policy, incident, human, text, ts, how="command")


async def update(
    store: Store, timers: Timers, policy: Policy, incident: Incident, human: Human, text: str, ts: str, *, how: str
) -> None:
    """That message told people how the incident stands."""
    details = {"author": human.slack_id, "text": text, "ts": ts, "how": how}
    now = clock.now()

    def decide(incident: Incident) -> Decision | None:
        if not incident.open:
            return None
        noted = _noted(incident, ts, text)
        if noted is None:
            return None
        return Decision(noted.but(last_update_at=now), [_fact(AuditType.STATUS_UPDATE, human, details)])

    incident = await ledger.amend(store, incident.id, decide)
    await nudges.postpone(timers, incident, policy)


async def say_note(store: Store, chat: Chat, incident: Incident, human: Human, text: str, key: str) -> None:
    message = messages.note(human.slack_id, text)
    ts = await post_once(chat, _room(incident), message, f"note:{key}", adopting=True)
    await _note(store, chat, incident, human, {"author": human.slack_id, "text": text, "ts": ts, "how": "command"})


async def keep(store: Store, chat: Chat, incident: Incident, human: Human, ts: str, *, how: str) -> None:
    """Somebody marked that message as worth remembering. One that cannot be read is remembered by its address."""
    if incident.archived_at is None:
        said = await chat.read(_room(incident), ts)
        author, text = (said.author, said.text) if said else ("", "")
        await _note(store, chat, incident, human, {"author": author, "text": text[:TEXT_MAX], "ts": ts, "how": how})


async def correct(store: Store, chat: Chat, incident: Incident, human: Human, ts: str, text: str) -> None:
    """Somebody gave that message other words. What nobody put on the timeline does not come there by that."""
    if incident.archived_at is None and any(mark.startswith(f"{ts} ") for mark in incident.noted):
        details = {"author": human.slack_id, "text": text[:TEXT_MAX], "ts": ts, "how": "edit"}
        await _note(store, chat, incident, human, details)


async def _note(store: Store, chat: Chat, incident: Incident, human: Human, details: dict[str, Any]) -> None:
    if _noted(incident, details["ts"], details["text"]) is None:
        return
    whole = {**details, "permalink": await chat.permalink(_room(incident), details["ts"])}

    def decide(incident: Incident) -> Decision | None:
        noted = _noted(incident, details["ts"], details["text"])
        return Decision(noted, [_fact(AuditType.TIMELINE_NOTE, human, whole)]) if noted else None

    await ledger.amend(store, incident.id, decide)


def words(text: str) -> str:
    """What stood behind the command, without the quotes around all of it. Raises ``Refused``: too little, too much."""
    said = unquoted(text)
    if not said:
        raise Refused('Say what: `/incident-response update "…"`, or `note "…"`, with your words between the quotes.')
    if len(said) > TEXT_MAX:
        raise Refused(f"That is {len(said):,} characters; a message here has {TEXT_MAX:,} at most. Cut it.")
    return said


def _noted(incident: Incident, ts: str, text: str) -> Incident | None:
    """None: these words are on the record."""
    mark = f"{ts} {hashlib.sha256(text.encode()).hexdigest()[:12]}"
    return None if mark in incident.noted else incident.but(noted=(*incident.noted, mark))


def _fact(kind: AuditType, human: Human, details: dict[str, Any]) -> Fact:
    return Fact(type=kind, actor=human.actor, details=details)


def _room(incident: Incident) -> str:
    if incident.channel_id is None or incident.archived_at:
        raise Refused("This incident has no room that can be written to.")
    return incident.channel_id
