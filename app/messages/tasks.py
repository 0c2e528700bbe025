"""A task as the room sees it: whose it is, and a button for when it is done."""

from __future__ import annotations

from app.domain.incident import Incident
from app.domain.task import Task
from app.domain.ticket import TaskTicket
from app.messages.checklist import task_line, tasks_section
from app.messages.message import Block, Message, actions, button, clip, escape, section


def given(incident: Incident, task: Task) -> Message:
    by = "" if task.by == task.owner else f" (from <@{task.by}>)"
    if task.done_at:
        return Message(
            text=clip(f"Done: {escape(task.text)}", 300),
            blocks=(section(f"{task_line(task)}: done by <@{task.done_by}>"),),
        )
    words = f":clipboard: <@{task.owner}>: *{escape(task.text).replace('*', '')}*{by}"
    return Message(
        text=clip(f"Task: {escape(task.text)}", 300), blocks=(section(words), actions(_done(incident, task)))
    )


def listed(incident: Incident) -> Message:
    if not incident.tasks:
        return Message(
            text="No tasks",
            blocks=(section('No tasks yet. `/incident-response task "what is to be done" @owner` adds one.'),),
        )
    return Message(text=f"{len(incident.tasks)} tasks", blocks=(tasks_section(incident),))


def _done(incident: Incident, task: Task) -> Block:
    return button("task_done", "Done", TaskTicket(incident=incident.id, task=task.id).model_dump_json())
