"""What an auditor would check after a drill: in DynamoDB, Slack, Statuspage, Linear, the queues and the schedules.

Looks at what is there, never at what the play says it did.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import aioboto3

from app.domain.audit import AuditType, Export
from app.domain.incident import Incident
from app.effects.dynamodb import DynamoStore
from app.sim import aws, cast
from app.sim.sandbox import Sandbox

EXPECTED = frozenset(
    person.slack_id for person in cast.PEOPLE if person.active and (person.on_call_now or person.in_directory_group)
)
QUEUES = (aws.INCIDENT_EVENTS, aws.NUDGE_EVENTS, aws.SLA_CHECK)


@dataclass(frozen=True)
class Check:
    name: str
    ok: bool
    found: str


@dataclass(frozen=True)
class Report:
    """``leaks``: what was left behind. All times in milliseconds of the machines' time."""

    incident: str | None
    checks: tuple[Check, ...]
    audit_events: int
    audit_verified: bool
    leaks: tuple[str, ...]
    timings: Mapping[str, int]

    @property
    def ok(self) -> bool:
        return bool(self.checks) and all(check.ok for check in self.checks) and self.audit_verified and not self.leaks

    def as_json(self) -> dict[str, Any]:
        times = {
            name: self.timings.get(name) for name in ("accepted_ms", "assembled_ms", "published_ms", "postmortem_ms")
        }
        return {
            "ok": self.ok,
            "incident": self.incident,
            **times,
            "audit_events": self.audit_events,
            "audit_verified": self.audit_verified,
            "leaks": list(self.leaks),
            "checks": [asdict(check) for check in self.checks],
        }


async def examine(sandbox: Sandbox, incident_id: str | None, timings: Mapping[str, int], stopped: str | None) -> Report:
    """``stopped``: why the play ended early, if it did."""
    played = Check("the ceremony was played to its end", stopped is None, stopped or "from alert to archive")
    leaks = await asyncio.to_thread(left_behind, sandbox.at.aws)
    incident, export = await _read(sandbox, incident_id or "")
    if incident is None or export is None:
        return Report(incident_id, (played,), 0, False, tuple(leaks), timings)
    slack = await sandbox.people("slack/people/state")
    page = await sandbox.people("statuspage/people/state")
    linear = await sandbox.people("linear/people/state")
    checks = (
        played,
        *_room(slack, incident, export),
        *_publishing(page, export),
        _postmortem(linear, incident),
        Check("every gesture was acknowledged", *_acknowledged(slack)),
    )
    return Report(incident_id, checks, len(export.events), not export.problems(), tuple(leaks), timings)


def with_leaks(report: Report, more: Sequence[str]) -> Report:
    return replace(report, leaks=(*report.leaks, *more))


def still_alive(pids: Mapping[str, int]) -> list[str]:
    """Processes of the sandbox that outlived it."""
    return [f"process {name} ({pid}) still runs" for name, pid in pids.items() if os.path.exists(f"/proc/{pid}")]


def _room(slack: dict[str, Any], incident: Incident, export: Export) -> list[Check]:
    rooms = [channel for channel in slack["channels"] if channel["name"].startswith("incident-response-")]
    invited = {e.details["slack_id"] for e in export.events if e.type is AuditType.RESPONDER_INVITED}
    members = set(rooms[0]["members"]) - {cast.BOT_USER_ID} if rooms else set()
    names = ", ".join(room["name"] for room in rooms)
    strangers = members - EXPECTED
    return [
        Check("one war room", len(rooms) == 1 and rooms[0]["id"] == incident.channel_id, names or "none"),
        Check("all on-call and directory people were invited", invited >= EXPECTED and members >= EXPECTED,
              f"{len(invited & EXPECTED)} of {len(EXPECTED)}"),
        Check("nobody else was (P-people)", not strangers, ", ".join(sorted(strangers)) or "nobody"),
        Check("the checklist is pinned", bool(rooms and rooms[0]["pins"]), str(len(rooms[0]["pins"]) if rooms else 0)),
        Check("the room is archived", bool(rooms and rooms[0]["archived"]), str(incident.archived_at or "not yet")),
    ]  # fmt: skip


def _publishing(page: dict[str, Any], export: Export) -> list[Check]:
    approved = [e.details["sha256"] for e in export.events if e.type is AuditType.STATUSPAGE_DRAFT_APPROVED]
    published = [e.details["sha256"] for e in export.events if e.type is AuditType.STATUSPAGE_PUBLISHED]
    sent = [write["sha256"] for write in page["writes"]]
    return [
        Check("one approval, one publish", (len(approved), len(published), len(sent)) == (1, 1, 1),
              f"{len(approved)} approved, {len(published)} published, {len(sent)} sent"),
        Check("the bytes sent are the bytes approved (SHA-256)", bool(sent) and approved == published == sent,
              sent[0][:16] + "…" if sent else "nothing was sent"),
        Check("one public incident", len(page["incidents"]) == 1, str(len(page["incidents"]))),
    ]  # fmt: skip


def _postmortem(linear: dict[str, Any], incident: Incident) -> Check:
    issues = [issue for issue in linear["issues"] if issue["parent"] is None]
    filed = incident.postmortem is not None and [issue["id"] for issue in issues] == [incident.postmortem.id]
    return Check("one postmortem in Linear", filed, ", ".join(issue["identifier"] for issue in issues) or "none")


def _acknowledged(slack: dict[str, Any]) -> tuple[bool, str]:
    late = [gesture for gesture in slack["gestures"] if gesture["outcome"] != "acked"]
    return not late, f"{len(slack['gestures'])} gestures, {len(late)} late or lost"


async def export_of(sandbox: Sandbox, incident_id: str) -> Export | None:
    return (await _read(sandbox, incident_id))[1]


async def _read(sandbox: Sandbox, incident_id: str) -> tuple[Incident | None, Export | None]:
    session = aioboto3.Session(aws.ACCESS_KEY, aws.SECRET_KEY, region_name=aws.REGION)
    async with session.client("dynamodb", endpoint_url=sandbox.at.aws) as client:
        store = DynamoStore(client, incidents_table=aws.INCIDENTS_TABLE, audit_table=aws.AUDIT_TABLE)
        incident = await store.incident(incident_id)
        if incident is None:
            return None, None
        events = await store.trail(incident_id)
    return incident, Export(incident_id=incident_id, seq=incident.audit_seq, head=incident.audit_head, events=events)


def left_behind(endpoint: str) -> list[str]:
    """Schedules and messages: a drill leaves none (S10)."""
    schedules = aws.client("scheduler", endpoint).list_schedules(GroupName=aws.SCHEDULE_GROUP)["Schedules"]
    leaks = [f"schedule {schedule['Name']}" for schedule in schedules]
    sqs = aws.client("sqs", endpoint)
    counted = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    for queue in (*QUEUES, *(aws.dead_letter(queue) for queue in QUEUES)):
        attributes = sqs.get_queue_attributes(QueueUrl=aws.queue_url(endpoint, queue), AttributeNames=list(counted))
        messages = sum(int(attributes["Attributes"][name]) for name in counted)
        if messages:
            leaks.append(f"{messages} messages in {queue}")
    return leaks
