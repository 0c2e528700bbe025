"""What was measured, found and read around the alert, as the room is shown it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.domain.readings import Outcome, Reading
from app.messages.message import Block, Message, clip, context, cut, escape, link, section
from app.messages.room import slack_time

_OUTCOMES = {Outcome.NO_DATA: "no data", Outcome.FAILED: "query failed", Outcome.STALE: "stale"}
_READINGS_MAX = 20
_VALUE_MAX = 2500  # Slack takes 3,000 in a section, and the query follows
_LINK_MAX = 1500
NOT_LISTED = "This service is not in the catalogue (`SERVICES_FILE`): these are the queries for any service."


def snapshot(readings: Sequence[Reading], at: datetime, *, listed: bool) -> Message:
    """What was measured around the alert. A failure is named as one and never shown as a number (S1)."""
    blocks: list[Block] = [section(f"*What we know* as of {slack_time(at)}")]
    blocks += [section(_reading(reading)) for reading in readings[:_READINGS_MAX]]
    if not listed:
        blocks.append(context(NOT_LISTED))
    measured = sum(reading.outcome is Outcome.MEASURED for reading in readings)
    return Message(text=f"Context: {measured} of {len(readings)} sources measured", blocks=tuple(blocks))


def _reading(reading: Reading) -> str:
    label = _linked(reading.link, reading.label)
    query = f"\n`{escape(cut(reading.query, 300)).replace('`', ' ')}`" if reading.query else ""
    room = _VALUE_MAX - len(label)
    if reading.outcome is Outcome.MEASURED:
        value = _found(reading, room)
    elif reading.outcome is Outcome.STALE:
        when = f", last seen {slack_time(reading.at)}" if reading.at else ""
        value = f":hourglass: stale{when}: {_found(reading, room - 100)}"
    else:
        why = f": {escape(reading.why)}" if reading.why else ""
        value = clip(f":grey_question: {_OUTCOMES[reading.outcome]}{why}", room)
    return f"*{label}*  {value}{query}"


def _found(reading: Reading, room: int) -> str:
    """As much as fits, cut between lines: half a link would be no link."""
    slo = f"  (SLO {escape(reading.slo)})" if reading.slo else ""
    if not reading.lines:
        return clip(escape(reading.text), room - len(slo)) + slo
    shown: list[str] = []
    for number, line in enumerate(reading.lines):
        text = f"\n• {_linked(line.link, line.text)}"
        if room - len(text) < 20:
            return "".join(shown) + f"\n… and {len(reading.lines) - number} more"
        shown.append(text)
        room -= len(text)
    return "".join(shown)


def _linked(address: str | None, label: str) -> str:
    """A stranger's address becomes a link only if a browser opens it, and if it fits."""
    fits = address is not None and address.startswith(("https://", "http://")) and len(address) <= _LINK_MAX
    return link(address, label) if address and fits else escape(label)
