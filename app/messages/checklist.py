"""What an incident needs, what of it is done, and what is late: read from the incident, so that it is so.

One message, pinned: the items, the tasks, and a button for each item that only people can judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.domain import checklist
from app.domain.checklist import Entry
from app.domain.draft import Draft
from app.domain.incident import Incident
from app.domain.task import Task
from app.domain.ticket import Tick
from app.messages.message import Block, Message, actions, button, escape, listing, section
from app.messages.room import slack_time

_DONE, _OPEN, _LATE = ":white_check_mark:", ":white_large_square:", ":alarm_clock:"


def card(incident: Incident, drafts: Sequence[Draft], now: datetime) -> Message:
    found = checklist.entries(incident, drafts)
    late = sum(entry.overdue(now) for entry in found)
    blocks: list[Block] = [section("*Checklist*\n" + "\n".join(_line(entry, now) for entry in found))]
    if incident.tasks:
        blocks.append(tasks_section(incident))
    if buttons := [_button(incident, entry) for entry in found if entry.item.button and not entry.done]:
        blocks.append(actions(*buttons))
    return Message(text="Checklist" + (f": {late} overdue" if late else ""), blocks=tuple(blocks))


def task_line(task: Task) -> str:
    if task.done_at:
        return f"{_DONE} ~{_words(task)}~ <@{task.owner}>"
    return f"{_OPEN} {_words(task)} <@{task.owner}>"


def tasks_section(incident: Incident) -> Block:
    """What is left to do first: a list that is too long is cut at its end."""
    ordered = sorted(incident.tasks, key=lambda task: task.done_at is not None)
    return section(listing("*Tasks*\n", [task_line(task) for task in ordered]))


def _words(task: Task) -> str:
    return escape(task.text).replace("~", "-")


def _line(entry: Entry, now: datetime) -> str:
    what = entry.item.what
    if entry.done:
        return f"{_DONE} {what}" + (f" (<@{entry.by}>)" if entry.by else "")
    if entry.overdue(now) and entry.due:
        return f"{_LATE} {what}: *overdue* since {slack_time(entry.due)}"
    return f"{_OPEN} {what}" + (f", by {slack_time(entry.due)}" if entry.due else "")


def _button(incident: Incident, entry: Entry) -> Block:
    value = Tick(incident=incident.id, item=entry.item.name).model_dump_json()
    return button(f"tick:{entry.item.name}", entry.item.button, value)
