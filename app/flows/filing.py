"""What outlives the room: the postmortem in the tracker, and beneath it an issue for each task that is still open.

An issue without an assignee, or without a label, is better than none: it says at its foot what it lacks, and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from app.domain.audit import AuditType, Fact
from app.domain.ids import issue_id
from app.domain.incident import Incident
from app.domain.issue import Issue
from app.domain.people import SYSTEM
from app.domain.redaction import redact
from app.domain.severity import Severity
from app.domain.task import Task
from app.errors import VendorRefused
from app.flows.steps import Done
from app.messages import filing as messages
from app.ports import Chat, Tracker
from app.telemetry import metrics

POSTMORTEM = "create_postmortem"
DUE_AFTER = timedelta(days=2)
_PRIORITIES = {Severity.P1: 2, Severity.P2: 3}  # the incident was urgent; to write it up is not
_LOW = 4


def to_file(incident: Incident) -> list[Task]:
    """What was done already needs no issue. A drill files nothing: Linear holds what really happened (S9)."""
    return [] if incident.drill else [task for task in incident.tasks if task.done_at is None and not task.filed_as]


def step_of(task: Task) -> str:
    return f"file_task_{task.id}"


def steps(incident: Incident) -> frozenset[str]:
    return frozenset({POSTMORTEM, *map(step_of, to_file(incident))})


@dataclass(frozen=True)
class Filing:
    chat: Chat
    tracker: Tracker

    async def postmortem(self, incident: Incident, markdown: str) -> Done:
        if incident.drill:
            return Done(result={"drill": "written, and filed nowhere"})
        assignee, notes = await self._assignee(incident.ic)
        labels, unlabelled = await self._labels()
        issue = Issue(
            id=issue_id(f"postmortem:{incident.id}{incident.again}"),
            title=redact(f"Postmortem: {incident.title}"),
            markdown=markdown + messages.lacking([*notes, *unlabelled]),
            link=await self.chat.link(incident.channel_id or ""),
            priority=_PRIORITIES.get(incident.severity, _LOW),
            assignee_id=assignee,
            label_ids=labels,
            due=((incident.resolved_at or incident.created_at) + DUE_AFTER).date(),
        )
        filed = await self.tracker.file(issue)
        metrics.postmortem_created()
        details = {"issue_id": filed.id, "identifier": filed.identifier, "url": filed.url, "assigned": bool(assignee)}
        fact = Fact(type=AuditType.POSTMORTEM_CREATED, actor=SYSTEM, details=details)
        return Done(result=filed.model_dump(), facts=[fact], change=lambda incident: incident.but(postmortem=filed))

    async def task(self, incident: Incident, task: Task) -> Done:
        assignee, notes = await self._assignee(task.owner)
        labels, unlabelled = await self._labels()
        issue = Issue(
            id=issue_id(f"task:{incident.id}:{task.id}"),
            title=redact(task.text),
            markdown=messages.task(incident, task) + messages.lacking([*notes, *unlabelled]),
            link=await self.chat.link(incident.channel_id or ""),
            priority=_PRIORITIES.get(incident.severity, _LOW),
            assignee_id=assignee,
            label_ids=labels,
            parent_id=incident.postmortem.id if incident.postmortem else None,
        )
        filed = await self.tracker.file(issue)
        details = {"task": task.id, "identifier": filed.identifier, "url": filed.url, "assigned": bool(assignee)}
        fact = Fact(type=AuditType.TASK_FILED, actor=SYSTEM, details=details)
        return Done(result=filed.model_dump(), facts=[fact], change=partial(_filed, task=task.id, as_=filed.identifier))

    async def _assignee(self, slack_id: str | None) -> tuple[str | None, Sequence[str]]:
        """Nobody rather than somebody else: the tracker's member with the address that Slack has of this person, or
        why there is none."""
        if slack_id is None:
            return None, ["Not assigned: nobody commanded the incident when it ended."]
        try:
            email = await self.chat.email(slack_id)
            member = await self.tracker.member(email) if email else None
        except VendorRefused as refused:
            return None, [f"Not assigned: {refused}"]
        if member:
            return member, []
        known = "the tracker knows no active member by their address" if email else "Slack shows no address of theirs"
        return None, [f"Not assigned: it belongs to Slack user {slack_id}, and {known}."]

    async def _labels(self) -> tuple[Sequence[str], Sequence[str]]:
        try:
            labels = await self.tracker.labels()
        except VendorRefused as refused:
            return (), [f"Without labels: {refused}"]
        return labels.ids, [f"Without the label “{name}”: there is none of that name." for name in labels.missing]


def _filed(incident: Incident, *, task: str, as_: str) -> Incident:
    tasks = (one.model_copy(update={"filed_as": as_}) if one.id == task else one for one in incident.tasks)
    return incident.but(tasks=tuple(tasks))
