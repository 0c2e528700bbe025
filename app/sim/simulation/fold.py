"""The state of an incident as its trail alone tells it (P-audit). Written from what each event means, not from the code
that writes it: where the two differ, one of them is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain.audit import AuditEvent, AuditType
from app.domain.draft import DraftState
from app.domain.incident import Status

_T = AuditType
_Facts = dict[str, Any]
_DRAFT_STATES = {
    _T.STATUSPAGE_DRAFT_CREATED: DraftState.PENDING_APPROVAL,
    _T.STATUSPAGE_DRAFT_SUPERSEDED: DraftState.SUPERSEDED,
    _T.STATUSPAGE_DRAFT_REJECTED: DraftState.REJECTED,
    _T.STATUSPAGE_DRAFT_APPROVED: DraftState.APPROVED,
    _T.STATUSPAGE_PUBLISHED: DraftState.PUBLISHED,
    _T.STATUSPAGE_PUBLISH_UNKNOWN: DraftState.UNKNOWN,
    _T.STATUSPAGE_PUBLISH_FAILED: DraftState.FAILED,
}
_TASKS = {_T.TASK_ADDED: False, _T.TASK_DONE: True}


@dataclass
class Folded:
    """``facts``: fields of the incident, by name."""

    facts: dict[str, Any] = field(
        default_factory=lambda: {
            "status": None,
            "severity": None,
            "not_over": frozenset(),
            "reopened": 0,
            "ic": None,
            "channel_id": None,
            "nudges_silenced": False,
            "ratings": {},
            "rating_asked": (),
            "rating_skipped": (),
            "ticks": {},
            "roles": {},
            "here": frozenset(),
            "promised_update_at": None,
        }
    )
    drafts: dict[str, DraftState] = field(default_factory=dict)
    tasks: dict[str, bool] = field(default_factory=dict)  # done or not


def fold(trail: Sequence[AuditEvent]) -> Folded:
    folded = Folded()
    for event in trail:
        if event.type in _DRAFT_STATES:
            folded.drafts[event.details["draft_id"]] = _DRAFT_STATES[event.type]
        if event.type is _T.RATING_GIVEN:
            folded.facts["ratings"][event.actor.removeprefix("slack:")] = event.details["stars"]
        elif event.type is _T.CHECKLIST_TICKED:
            folded.facts["ticks"][event.details["item"]] = event.actor.removeprefix("slack:")
        elif event.type in _TASKS:
            folded.tasks[event.details["task"]] = _TASKS[event.type]
        elif event.type in _MEANING:
            folded.facts |= _MEANING[event.type](folded.facts, event.details)
    return folded


def _opened(_: _Facts, details: _Facts) -> _Facts:
    first = frozenset() if details["event"] == "resolved" else frozenset({details["alert_group"]})
    return {"status": Status(details["status"]), "severity": details["severity"], "not_over": first}


def _goes_on(facts: _Facts, details: _Facts) -> _Facts:
    return {"not_over": facts["not_over"] | {details["alert_group"]}}


def _over(facts: _Facts, details: _Facts) -> _Facts:
    return {"not_over": facts["not_over"] - {details["alert_group"]}}


def _changed(facts: _Facts, details: _Facts) -> _Facts:
    return (_over if details["event"] == "resolved" else _goes_on)(facts, details)


def _reopened(facts: _Facts, details: _Facts) -> _Facts:
    open_again = {"status": Status.ACTIVE, "reopened": facts["reopened"] + 1, "nudges_silenced": False}
    open_again["here"] = frozenset()
    return {**open_again, **_goes_on(facts, details)}


def _worse_or_not(_: _Facts, details: _Facts) -> _Facts:
    return {"severity": details["after"], "status": Status(details["status"])}


def _assembled(facts: _Facts, details: _Facts) -> _Facts:
    if facts["status"] is Status.RESOLVED:  # it was over before its room stood
        return {}
    return {"status": Status.ASSEMBLY_DEGRADED if details["missing"] else Status.ACTIVE}


def _role(facts: _Facts, details: _Facts) -> _Facts:
    others = {role: who for role, who in facts["roles"].items() if role != details["role"]}
    return {"roles": others | ({details["role"]: details["slack_id"]} if details["slack_id"] else {})}


_MEANING: dict[AuditType, Callable[[_Facts, _Facts], _Facts]] = {
    _T.ALERT_RECEIVED: _opened,
    _T.ALERT_JOINED: _goes_on,
    _T.ALERT_UPDATED: _changed,
    _T.ALERT_SPLIT_OFF: _over,
    _T.SEVERITY_CHANGED: _worse_or_not,
    _T.INCIDENT_REOPENED: _reopened,
    _T.ASSEMBLY_STARTED: lambda *_: {"status": Status.ROOM_ASSEMBLING},
    _T.WAR_ROOM_ASSEMBLED: _assembled,
    _T.STATUSPAGE_PUBLISHED: lambda *_: {"promised_update_at": None},  # kept, or overtaken; what follows says anew
    _T.PUBLIC_INCIDENT_GONE: lambda *_: {"promised_update_at": None},
    _T.UPDATE_PROMISED: lambda _, details: {"promised_update_at": datetime.fromisoformat(details["at"])},
    _T.INCIDENT_RESOLVED: lambda *_: {"status": Status.RESOLVED, "promised_update_at": None},
    _T.INCIDENT_MITIGATED: lambda *_: {"status": Status.MITIGATED},
    _T.MITIGATION_TAKEN_BACK: lambda *_: {"status": Status.ACTIVE},
    _T.RATING_FOLLOWED_UP: lambda facts, details: {"rating_asked": (*facts["rating_asked"], details["slack_id"])},
    _T.RATING_SKIPPED: lambda facts, details: {"rating_skipped": (*facts["rating_skipped"], details["slack_id"])},
    _T.WAR_ROOM_CREATED: lambda _, details: {"channel_id": details["channel_id"]},
    _T.WAR_ROOM_ADOPTED: lambda _, details: {"channel_id": details["channel_id"]},
    _T.COMMAND_VACANT: lambda *_: {"ic": None},
    _T.ROLE_ASSIGNED: _role,
    _T.RESPONDER_SEEN: lambda facts, details: {"here": facts["here"] | {details["slack_id"]}},
    _T.RESPONDER_LEFT: lambda facts, details: {"here": facts["here"] - {details["slack_id"]}},
    _T.IC_ASSIGNED: lambda _, details: {"ic": details["ic"]},
    _T.NUDGES_SILENCED: lambda *_: {"nudges_silenced": True},
    _T.NUDGES_RESUMED: lambda *_: {"nudges_silenced": False},
}
