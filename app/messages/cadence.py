"""Reminders, and what they are about: updates, promises to customers, notes for the timeline."""

from __future__ import annotations

from datetime import datetime

from app.domain.incident import Incident
from app.domain.ticket import Snooze
from app.messages.message import Block, Message, actions, button, clip, escape, link, say, section
from app.messages.room import silence, slack_time, take_command, to

SNOOZES = (15, 30, 60)  # minutes


def nudge(incident: Incident, room: str, since_minutes: int, promised: datetime | None = None) -> Message:
    """To the IC alone, or to the room while nobody commands: time to speak. ``promised``: what customers wait for."""
    promise = f" *Customers were promised an update by {slack_time(promised)}.*" if promised else ""
    nobody = "" if incident.ic else " *Nobody commands this incident:* somebody *Take command*."
    text = (
        f":alarm_clock: {_where(incident, room)}: {since_minutes} min without an update.{promise} "
        "What can you tell people now? "
        'In the room: `/incident-response update "…"`, or `/incident-response status draft` for customers.' + nobody
    )
    buttons = [*_snoozes(incident), silence(incident)] if incident.ic else [take_command(incident)]
    return Message(text=clip(text, 300), blocks=(section(text), actions(*buttons)))


def _snoozes(incident: Incident) -> list[Block]:
    return [
        button(f"snooze:{n}", f"Snooze {n} min", Snooze(incident=incident.id, minutes=n).model_dump_json())
        for n in SNOOZES
    ]


def unanswered(incident: Incident, room: str, minutes: int) -> Message:
    """To somebody else than the commander, who keeps silent."""
    who = f"<@{incident.ic}>, who commands it," if incident.ic else "the room, where nobody commands,"
    text = (
        f":rotating_light: {_where(incident, room)}: {who} was reminded that an update is due and has not answered for "
        f"{minutes} min. Look whether they are all right, and *Take command* if they cannot go on."
    )
    return Message(text=clip(text, 300), blocks=(section(text), actions(take_command(incident))))


def silenced(incident: Incident, actor_id: str) -> Message:
    text = f":no_bell: <@{actor_id}> silenced the reminders of this incident. The status page is now on you."
    resume = button("resume_nudges", "Resume reminders", incident.id)
    return Message(text=text, blocks=(section(text), actions(resume)))


def resumed(actor_id: str) -> Message:
    return say(f":bell: <@{actor_id}> resumed the reminders of this incident.")


def promise_due(incident: Incident, room: str, promised: datetime) -> Message:
    text = (
        f":hourglass_flowing_sand: {_where(incident, room)}: customers were promised an update by "
        f"{slack_time(promised)}. In the room: `/incident-response status draft`."
    )
    return Message(text=clip(text, 300), blocks=(section(text),))


def promise_broken(incident: Incident, promised: datetime) -> Message:
    return say(
        f":warning: {to(incident.ic)}customers were promised an update by {slack_time(promised)}, and have none. "
        "`/incident-response status draft` writes one; it may give a new time."
    )


def update(author: str, text: str) -> Message:
    return say(f":mega: *Update* by <@{author}>: {escape(text)}")


def note(author: str, text: str) -> Message:
    return say(f":pushpin: *For the timeline*, by <@{author}>: {escape(text)}")


def _where(incident: Incident, room: str) -> str:
    return link(room, f"{incident.severity}: {incident.title}")
