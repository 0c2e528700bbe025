"""What somebody should do: given to them before everybody's eyes, and ticked off there."""

from __future__ import annotations

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.domain.incident import Incident, Status
from app.domain.people import Human
from app.domain.task import OPEN_MAX, TEXT_MAX, Task, task_id
from app.errors import Refused
from app.flows import checklist
from app.flows.steps import keep_current, post_once
from app.ledger import Decision
from app.messages import tasks as messages
from app.messages.message import Message
from app.ports import Chat, Store


async def add(store: Store, chat: Chat, incident: Incident, text: str, owner: str, human: Human, *, by: str) -> Task:
    """The same gesture again is the same task, shown once."""
    task = Task(id=task_id(incident.id, by), text=text, owner=owner, by=human.slack_id, at=clock.now())

    def decide(incident: Incident) -> Decision | None:
        if any(known.id == task.id for known in incident.tasks):
            return None
        _demand_room_for(incident, task)
        details = {"task": task.id, "text": text, "owner": owner}
        fact = Fact(type=AuditType.TASK_ADDED, actor=human.actor, details=details)
        return Decision(incident.but(tasks=(*incident.tasks, task)), [fact])

    incident = await ledger.amend(store, incident.id, decide)
    await _show(store, chat, incident, _find(incident, task.id))
    await checklist.refresh(store, chat, incident.id)
    return task


async def done(store: Store, chat: Chat, incident_id: str, task: str, human: Human) -> Task:
    """Whoever did it says so; the second one is told who was first."""

    def decide(incident: Incident) -> Decision | None:
        found = _find(incident, task)
        if found.done_at:
            return None
        finished = found.model_copy(update={"done_at": clock.now(), "done_by": human.slack_id})
        fact = Fact(type=AuditType.TASK_DONE, actor=human.actor, details={"task": task, "text": found.text})
        return Decision(_with(incident, finished), [fact])

    incident = await ledger.amend(store, incident_id, decide)
    await _refresh(store, chat, incident, _find(incident, task))
    await checklist.refresh(store, chat, incident_id)
    return _find(incident, task)


async def _show(store: Store, chat: Chat, incident: Incident, task: Task) -> None:
    if incident.channel_id is None:
        raise Refused("The task is kept, but this incident has no room yet, so nobody was told of it.")
    if task.message_ts is None:
        ts = await post_once(
            chat, incident.channel_id, messages.given(incident, task), f"task:{task.id}", adopting=True
        )
        await ledger.amend(store, incident.id, lambda fresh: _shown(fresh, task.id, ts))
        await _refresh(store, chat, incident, task.model_copy(update={"message_ts": ts}))


def _shown(incident: Incident, task: str, ts: str) -> Decision:
    return Decision(_with(incident, _find(incident, task).model_copy(update={"message_ts": ts})), [])


async def _refresh(store: Store, chat: Chat, incident: Incident, task: Task) -> None:
    """Make the task's message say what has become of it: somebody may have done it before its place was known."""

    async def current() -> Message:
        fresh = await ledger.load(store, incident.id)
        return messages.given(fresh, _find(fresh, task.id))

    if incident.channel_id and task.message_ts and incident.archived_at is None:
        await keep_current(chat, incident.channel_id, task.message_ts, current)


def _demand_room_for(incident: Incident, task: Task) -> None:
    if incident.status is Status.RESOLVED:
        where = f" Add it to {incident.postmortem.url}" if incident.postmortem else " Add it to its postmortem"
        raise Refused(f"This incident is resolved, and its tasks are filed with its postmortem.{where}.")
    if not task.text or len(task.text) > TEXT_MAX:
        raise Refused(f"A task has 1 to {TEXT_MAX} characters; that one has {len(task.text)}.")
    if sum(known.done_at is None for known in incident.tasks) >= OPEN_MAX:
        raise Refused(f"There are {OPEN_MAX} open tasks already. Finish one first: press its *Done*.")


def _find(incident: Incident, task: str) -> Task:
    found = next((known for known in incident.tasks if known.id == task), None)
    if found is None:
        raise Refused("This incident has no such task.")
    return found


def _with(incident: Incident, task: Task) -> Incident:
    return incident.but(tasks=tuple(task if known.id == task.id else known for known in incident.tasks))
