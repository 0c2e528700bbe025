"""What an auditor would check after a drill: in DynamoDB, Slack, Statuspage, Linear, the queues and the schedules.

Looks at what is there, never at what the play says it did.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import aioboto3
import httpx

from app import clock
from app.domain import gesture
from app.domain.audit import AuditType, Export
from app.domain.incident import Incident
from app.effects.dynamodb import DynamoStore
from app.errors import Park
from app.queue.envelope import GESTURE, decode
from app.sim import aws, cast
from app.sim.sandbox import Sandbox

EXPECTED = frozenset(
    person.slack_id for person in cast.PEOPLE if person.active and (person.on_call_now or person.in_directory_group)
)
QUEUES = (aws.INCIDENT_EVENTS, aws.NUDGE_EVENTS, aws.SLA_CHECK)
# The people see what was done before its message is gone; one that a vendor's rate limit or a race put off comes back
# within a minute and a half (``consumer.py``). What is there for longer nobody works: seconds of the machines' time.
QUIET_WITHIN_S = 120.0
_LOOK_S = 0.25


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


async def examine(
    sandbox: Sandbox,
    incident_id: str | None,
    timings: Mapping[str, int],
    stopped: str | None,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """``stopped``: why the play ended early, if it did. ``say`` is told what is waited for."""
    played = Check("the ceremony was played to its end", stopped is None, stopped or "from alert to archive")
    leaks = await left_behind(sandbox.at.aws, say)
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


async def left_behind(endpoint: str, say: Callable[[str], None]) -> list[str]:
    """Schedules and messages: a drill leaves none (S10). What is still being worked is waited for, and told.

    The schedules are looked at when the queues are quiet: whoever removes one has its message in hand.
    """
    left = await _when_quiet(endpoint, say)
    listed = await asyncio.to_thread(_schedules, endpoint)
    return [*(f"schedule {name}" for name in listed), *(_told(message) for message in left)]


async def _when_quiet(endpoint: str, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """What is in the queues when nothing is worked any more. Nobody works the dead-letter queues."""
    until, told = clock.monotonic() + QUIET_WITHIN_S, ""
    async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
        while True:
            answer = (await http.get(f"{endpoint}/messages")).raise_for_status()
            messages: list[dict[str, Any]] = answer.json()
            waiting = "; ".join(_told(message) for message in messages if message["queue"] in QUEUES)
            if not waiting or clock.monotonic() >= until:
                return messages
            if waiting != told:
                say(f"waiting for the queues: {waiting}")
            told = waiting
            await asyncio.sleep(_LOOK_S)


def _schedules(endpoint: str) -> list[str]:
    pages = aws.client("scheduler", endpoint).get_paginator("list_schedules").paginate(GroupName=aws.SCHEDULE_GROUP)
    return [schedule["Name"] for page in pages for schedule in page["Schedules"]]


def _told(message: Mapping[str, Any]) -> str:
    why = f": {message['reason']}" if message["reason"] else ""  # of what was given up
    where = f"message {message['id']} in {message['queue']}, received {message['attempts']}×"
    return f"{_kind(message['text'])}, {where}{why}"


def _kind(text: str) -> str:
    try:
        envelope = decode(text)
        if envelope.kind != GESTURE:
            return envelope.kind
        person = gesture.parse(envelope.body)
    except Park as unread:
        return unread.why
    return f"{person.form} {person.name} of {person.user_id}"
