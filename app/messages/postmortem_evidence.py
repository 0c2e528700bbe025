"""What can be looked up beside the timeline: measurements, changes, published texts, the checklist. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.audit import AuditEvent, AuditType
from app.domain.checklist import JUDGED
from app.domain.incident import Incident
from app.domain.readings import Outcome, Reading
from app.domain.task import Task
from app.messages.markdown import link, plain, time
from app.messages.postmortem_people import who
from app.messages.postmortem_trail import flat


def known(readings: Sequence[Reading] | None) -> list[str]:
    """As the room was shown it. A failure is named as one, and never by a number (S1)."""
    if readings is None:
        return ["Not known: the room was never shown any context; the timeline says what failed."]
    if not readings:
        return ["None: no source of metrics, logs or code is set up."]
    return [line for reading in readings for line in _reading(reading)]


def changes(commits: Reading) -> list[str]:
    further = [f"Look further: {link(commits.link)}"] if link(commits.link) else []
    if commits.outcome is Outcome.FAILED:
        return [f"Not known: reading it failed ({plain(commits.why)}).", *further]
    if commits.outcome is Outcome.NO_DATA:
        return ["None: no commits were found in the time before the incident.", *further]
    old = [f"Not fresh: true at {time(commits.at)}."] if commits.outcome is Outcome.STALE and commits.at else []
    return [*old, *_lines(commits, "- "), *further]


def public_updates(incident: Incident, trail: Sequence[AuditEvent]) -> list[str]:
    drafts = {e.details.get("draft_id"): e for e in trail if e.type is AuditType.STATUSPAGE_DRAFT_CREATED}
    approvals = {e.details.get("draft_id"): e for e in trail if e.type is AuditType.STATUSPAGE_DRAFT_APPROVED}
    lines: list[str] = []
    for event in trail:
        if event.type is not AuditType.STATUSPAGE_PUBLISHED:
            continue
        draft, approval = (found.get(event.details.get("draft_id")) for found in (drafts, approvals))
        text = plain(flat(draft.details.get("body", ""))) if draft else "the text is not in the trail"
        approver = f"{who(incident, approval.actor)} (event {approval.seq})" if approval else "not in the trail"
        digest = plain(flat(event.details.get("sha256", "not recorded")))
        components = plain(flat(draft.details.get("components") or "")) if draft else ""
        lines += [
            f"- {time(event.at)} · {plain(flat(event.details.get('status', '')))}: {text} (event {event.seq})",
            *([f"  - Components: {components}"] if components else []),
            f"  - Approved by {approver}; SHA-256 of what was sent: {digest}",
        ]
    if lines:
        return lines
    if drafts:
        return [f"None: {len(drafts)} written, none published."]
    return ["None: nobody asked for one."]


def checklist(incident: Incident, trail: Sequence[AuditEvent]) -> list[str]:
    ticks = {event.details.get("item"): event for event in trail if event.type is AuditType.CHECKLIST_TICKED}
    lines: list[str] = []
    for name, item in JUDGED.items():
        tick = ticks.get(name)
        done = f"{time(tick.at)}, by {who(incident, tick.actor)} (event {tick.seq})" if tick else "never ticked"
        lines.append(f"- {plain(item.what)}: {done}")
    return [*lines, "", *(_task(incident, task) for task in incident.tasks)] if incident.tasks else [
        *lines, "", "No tasks were noted."
    ]  # fmt: skip


def _task(incident: Incident, task: Task) -> str:
    if task.done_at:
        state = f"done at {time(task.done_at)}, by {who(incident, task.done_by)}"
    else:
        state = "open" if incident.drill else "open; filed as an issue of its own"
    return f"- Task for {who(incident, task.owner)}: {plain(task.text)} ({state})"


def _reading(reading: Reading) -> list[str]:
    label, further = f"- {plain(reading.label)}", f" {link(reading.link)}".rstrip()
    if reading.outcome is Outcome.FAILED:
        return [f"{label}: not known, reading it failed ({plain(reading.why)}){further}"]
    if reading.outcome is Outcome.NO_DATA:
        return [f"{label}: no data{further}"]
    old = f" (stale: true at {time(reading.at)})" if reading.outcome is Outcome.STALE and reading.at else ""
    if reading.lines:
        return [f"{label}:{old}{further}", *_lines(reading, "  - ")]
    slo = f" (SLO {plain(reading.slo)})" if reading.slo else ""
    return [f"{label}: {plain(reading.text)}{slo}{old}{further}"]


def _lines(reading: Reading, bullet: str) -> list[str]:
    if reading.lines:
        return [f"{bullet}{plain(line.text)} {link(line.link)}".rstrip() for line in reading.lines]
    return [f"{bullet}{plain(line)}" for line in reading.text.splitlines() if line.strip()]
