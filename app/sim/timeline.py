"""What happened, as a person tells it: the audit trail of every incident, in words.

``Trails`` reads it from DynamoDB as an auditor would; ``tell`` puts one event into words, and is pure.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from app.domain.audit import AuditEvent, AuditType
from app.sim import aws, cast

_plain = TypeDeserializer().deserialize
_NAMES = {person.slack_id: person.role for person in cast.PEOPLE}
Details = dict[str, Any]


@dataclass(frozen=True)
class Line:
    text: str
    style: str  # rich's


class Trails:
    """All incidents' events, each given once. Blocking: call it from a thread."""

    def __init__(self, endpoint: str) -> None:
        self._dynamodb = aws.client("dynamodb", endpoint)
        self._read_to: dict[str, int] = {}  # incident -> number of the last event that was given

    def new(self) -> list[AuditEvent]:
        events = [event for incident in self._incidents() for event in self._after(incident)]
        return sorted(events, key=lambda event: (event.at, event.seq))

    def _incidents(self) -> list[str]:
        """Every trail begins with an ALERT_RECEIVED."""
        found = self._query(
            IndexName="event-type-index",
            KeyConditionExpression="#type = :type",
            ExpressionAttributeNames={"#type": "type"},
            ExpressionAttributeValues={":type": {"S": AuditType.ALERT_RECEIVED}},
        )
        return [item["incident_id"] for item in found]

    def _after(self, incident: str) -> list[AuditEvent]:
        items = self._query(
            KeyConditionExpression="PK = :pk AND SK BETWEEN :next AND :last",
            ExpressionAttributeValues={
                ":pk": {"S": f"INCIDENT#{incident}"},
                ":next": {"S": f"EVENT#{self._read_to.get(incident, 0) + 1:08d}"},
                ":last": {"S": "EVENT#99999999"},
            },
            ConsistentRead=True,
        )
        events = [_event(item) for item in items]
        if events:
            self._read_to[incident] = events[-1].seq
        return events

    def _query(self, **request: Any) -> list[Details]:
        pages = self._dynamodb.get_paginator("query").paginate(TableName=aws.AUDIT_TABLE, **request)
        return [{name: _plain(value) for name, value in item.items()} for page in pages for item in page["Items"]]


# One line for each type: its colour (rich's words), and what to say of its details. ``who`` is the actor.
_QUIET, _DONE, _GOOD, _PEOPLE, _BAD = "dim", "cyan", "bold green", "yellow", "bold red"
_LINES: dict[AuditType, tuple[str, str]] = {
    AuditType.ALERT_RECEIVED: (_GOOD, "alert accepted: {severity} {title}"),
    AuditType.ALERT_UPDATED: (_QUIET, "the alert changed: {event}"),
    AuditType.ALERT_JOINED: (_DONE, "alert {number} joined: {severity} {title}"),
    AuditType.ALERT_SPLIT_OFF: (_PEOPLE, "alert {number} was taken out by {who}: now incident {to}"),
    AuditType.SEVERITY_CHANGED: (_PEOPLE, "severity {before} -> {after}: {why}"),
    AuditType.STALE_EVENT_IGNORED: (_QUIET, "a late event changed nothing: {event}"),
    AuditType.ASSEMBLY_STARTED: (_QUIET, "assembling the war room"),
    AuditType.WAR_ROOM_CREATED: (_DONE, "room created: #{channel_name}"),
    AuditType.WAR_ROOM_ADOPTED: (_DONE, "room found again: #{channel_name}"),
    AuditType.RESPONDERS_RESOLVED: (_DONE, "responders found: {on_call} on call, {directory} from the directory"),
    AuditType.DIRECTORY_LOOKUP_FAILED: (_BAD, "lookup failed ({source}): {why}"),
    AuditType.RESPONDER_INVITED: (_DONE, "invited: {slack_id} ({source})"),
    AuditType.RESPONDER_NOT_INVITED: (_BAD, "not invited: {slack_id}: {why}"),
    AuditType.NOBODY_INVITED_ESCALATED: (_BAD, "nobody could be invited, told outside the room: {why}"),
    AuditType.RESPONDER_JOINED: (_QUIET, "in the room: {slack_id}"),
    AuditType.RESPONDER_SEEN: (_DONE, "here: {slack_id}"),
    AuditType.RESPONDER_LEFT: (_PEOPLE, "left the room: {slack_id}"),
    AuditType.NOBODY_HERE_ESCALATED: (_BAD, "{why}: told {told} outside the room"),
    AuditType.IC_ASSIGNED: (_PEOPLE, "incident commander: {ic} ({why})"),
    AuditType.ROLE_ASSIGNED: (_PEOPLE, "{role}: {slack_id}"),
    AuditType.HANDOFF_OFFERED: (_PEOPLE, "command offered to {to} by {who}"),
    AuditType.HANDOFF_ACCEPTED: (_PEOPLE, "handoff accepted by {who}"),
    AuditType.HANDOFF_DECLINED: (_PEOPLE, "handoff declined by {who}"),
    AuditType.HANDOFF_CANCELLED: (_QUIET, "handoff to {to} cancelled: {why}"),
    AuditType.COMMAND_VACANT: (_BAD, "nobody commands any more: {before} {why}"),
    AuditType.CONTEXT_POSTED: (_DONE, "context posted"),
    AuditType.HEADER_POSTED: (_DONE, "header posted"),
    AuditType.CHECKLIST_PINNED: (_DONE, "checklist pinned"),
    AuditType.NUDGE_SCHEDULED: (_DONE, "first nudge scheduled for {first}"),
    AuditType.NUDGE_SENT: (_PEOPLE, "nudge sent"),
    AuditType.NUDGE_ANSWERED: (_QUIET, "nudge answered by {who}"),
    AuditType.NUDGE_ESCALATED: (_BAD, "nobody answered a nudge: told {told}"),
    AuditType.NUDGES_SILENCED: (_PEOPLE, "nudges silenced by {who}"),
    AuditType.NUDGES_SNOOZED: (_PEOPLE, "nudges snoozed by {who} until {until}"),
    AuditType.NUDGES_RESUMED: (_PEOPLE, "nudges resumed by {who}"),
    AuditType.NUDGES_REMOVED: (_QUIET, "nudges removed"),
    AuditType.STEP_FAILED: (_BAD, "step failed: {step}: {why}"),
    AuditType.WAR_ROOM_ASSEMBLED: (_GOOD, "room assembled, {seconds_from_alert} s after the alert"),
    AuditType.STATUSPAGE_DRAFT_CREATED: (_PEOPLE, "draft by {who}: {title} ({status})"),
    AuditType.STATUSPAGE_DRAFT_SHOWN: (_QUIET, "draft shown in the room, waiting for a decision"),
    AuditType.STATUSPAGE_DRAFT_SUPERSEDED: (_QUIET, "draft superseded by a newer one"),
    AuditType.STATUSPAGE_DRAFT_REJECTED: (_PEOPLE, "draft rejected by {who}"),
    AuditType.STATUSPAGE_DRAFT_APPROVED: (_PEOPLE, "draft approved by {who}, sha256 {sha256:.12}"),
    AuditType.STATUSPAGE_APPROVAL_REFUSED: (_BAD, "approval by {who} refused: {why}"),
    AuditType.STATUSPAGE_PUBLISHED: (_GOOD, "published ({status}), sha256 {sha256:.12}"),
    AuditType.STATUSPAGE_PUBLISH_UNKNOWN: (_BAD, "publish UNKNOWN: {why}"),
    AuditType.STATUSPAGE_PUBLISH_FAILED: (_BAD, "publish failed: {why}"),
    AuditType.UPDATE_PROMISED: (_PEOPLE, "customers were promised an update by {at}"),
    AuditType.PROMISE_REMINDED: (_PEOPLE, "customers expect an update at {promised}: the commander was told"),
    AuditType.PROMISE_BROKEN: (_BAD, "the update promised for {promised} was not published"),
    AuditType.STATUS_UPDATE: (_PEOPLE, "update by {author}: {text:.100}"),
    AuditType.TIMELINE_NOTE: (_PEOPLE, "noted by {who}: {text:.100}"),
    AuditType.CHECKLIST_TICKED: (_PEOPLE, "checklist: {item} ticked by {who}"),
    AuditType.TASK_ADDED: (_PEOPLE, "task for {owner}: {text}"),
    AuditType.TASK_DONE: (_DONE, "task done by {who}: {text}"),
    AuditType.INCIDENT_MITIGATED: (_GOOD, "mitigated, says {who}"),
    AuditType.MITIGATION_TAKEN_BACK: (_BAD, "not mitigated after all: {why}"),
    AuditType.RESOLUTION_PROPOSED: (_PEOPLE, "its last alert has ended; resolves by itself at {at}"),
    AuditType.RESOLUTION_WITHDRAWN: (_PEOPLE, "stays open: {why}"),
    AuditType.INCIDENT_RESOLVED: (_GOOD, "resolved by {who}"),
    AuditType.INCIDENT_REOPENED: (_BAD, "fired again: re-opened"),
    AuditType.POSTMORTEM_WRITTEN: (_DONE, "postmortem written from {from_events} events"),
    AuditType.TASK_FILED: (_DONE, "task filed in Linear: {identifier} {url}"),
    AuditType.POSTMORTEM_CREATED: (_GOOD, "postmortem draft in Linear: {identifier} {url}"),
    AuditType.RESOLUTION_ANNOUNCED: (_DONE, "resolution announced"),
    AuditType.RATING_ASKED: (_DONE, "rating asked for"),
    AuditType.RATING_GIVEN: (_PEOPLE, "rated by {who}"),
    AuditType.RATING_FOLLOWED_UP: (_QUIET, "{slack_id} asked for a rating once more, in private"),
    AuditType.RATING_SKIPPED: (_QUIET, "{slack_id} gave no rating"),
    AuditType.POSTMORTEM_REVIEWED: (_GOOD, "the postmortem is done: {state}"),
    AuditType.POSTMORTEM_OVERDUE: (_BAD, "the postmortem is overdue: {state}; told {told}"),
    AuditType.POSTMORTEM_UNREADABLE: (_BAD, "nobody knows whether the postmortem is done: {why}; told {told}"),
    AuditType.ARCHIVE_SCHEDULED: (_DONE, "room will be archived at {at}"),
    AuditType.ARCHIVE_POSTPONED: (_QUIET, "archiving postponed: {why}"),
    AuditType.WAR_ROOM_ARCHIVED: (_DONE, "room archived"),
}


class _Details(dict[str, Any]):
    """A detail that is not there is a gap in the line, never the end of it."""

    def __missing__(self, key: str) -> str:
        return "?"


def tell(event: AuditEvent) -> Line:
    style, words = _LINES.get(event.type, (_QUIET, event.type.lower().replace("_", " ")))
    named = {
        name: _NAMES.get(value, value) if isinstance(value, str) else value for name, value in event.details.items()
    }
    return Line(words.format_map(_Details(named, who=_person(event.actor))), style)


def _person(actor: str) -> str:
    """A role's name for an actor (``slack:U...``)."""
    return _NAMES.get(actor.removeprefix("slack:"), actor)


def _event(item: Details) -> AuditEvent:
    fields = {name: item[name] for name in AuditEvent.model_fields}
    return AuditEvent.model_validate({**fields, "details": json.loads(item["details"]), "seq": int(item["seq"])})
