"""Who may approve which text, as a list of reasons against it. Pure: the door asks, and obeys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.component import ComponentStatus
from app.domain.draft import Draft, DraftState, PublicStatus, at_first, sha256_of, still_changed
from app.domain.incident import Incident
from app.domain.promise import promised
from app.errors import Refused
from app.gate.drafts import problems
from app.gate.states import Move, after
from app.messages.message import escape

_ON_ITS_WAY = {DraftState.APPROVED, DraftState.UNKNOWN}  # two at once could open two public incidents (S7)


@dataclass(frozen=True)
class Approvers:
    """Who may approve beside the commander: looked up before the door is asked. ``unknown``: why nobody could tell."""

    members: frozenset[str] = frozenset()
    unknown: str = ""


def refusal(
    incident: Incident,
    drafts: Sequence[Draft],
    draft_id: str,
    sha256: str,
    *,
    slack_id: str,
    approvers: Approvers,
    four_eyes: bool,
    now: datetime,
) -> str | None:
    """Why this person cannot approve this text now, in words for them; None when nothing speaks against it.

    ``drafts`` in the order in which they were written; ``sha256`` is of the text that the person saw.
    """
    draft = next((known for known in drafts if known.id == draft_id), None)
    if draft is None:
        return "This draft belongs to no decision of this incident."
    if incident.drill:
        return "This is a drill: nothing of it is ever published, whoever approves."
    if slack_id != incident.ic and slack_id not in approvers.members:
        return _not_theirs(incident, approvers)
    if draft.sha256 != sha256 or draft.state is DraftState.SUPERSEDED:
        return _changed(next((known for known in reversed(drafts) if known.state is not DraftState.SUPERSEDED), draft))
    if sha256_of(draft.wire) != draft.sha256:
        return "The stored text does not match its fingerprint. Do not trust it: write a new draft, and tell security."
    if four_eyes and draft.author == f"slack:{slack_id}":
        return "You wrote this text, and here a second person approves it: another approver, or a new commander."
    if nothing_to_close(incident, draft):
        return (
            "The public incident was deleted on Statuspage: customers read nothing that could be resolved. *Reject* it."
        )
    return _not_as_it_stands(draft, drafts, now)


def nothing_to_close(incident: Incident, draft: Draft) -> bool:
    """Whether this text would close what customers do not see any more."""
    return incident.public_deleted and draft.text.status is PublicStatus.RESOLVED


def _not_as_it_stands(draft: Draft, drafts: Sequence[Draft], now: datetime) -> str | None:
    """What speaks against this text, whoever would approve it."""
    try:
        after(draft.state, Move.APPROVE)
    except Refused as no:
        return no.tell_user
    if any(other.state in _ON_ITS_WAY for other in drafts if other.id != draft.id):
        return "An earlier text is still on its way to Statuspage. When its outcome is known, approve this one."
    if found := [*problems(draft.text), *left_behind(draft, drafts)]:
        return f"This text cannot be published: {escape('; '.join(found))}. *Edit* it first."
    if now >= draft.valid_until:
        return "This text is too old to be approved unread. If it is *Still true*, press that; if not, *Edit* it."
    until = promised(draft.text, now)
    if until and until <= now:
        return f"It promises customers an update by {until:%H:%M} UTC, which is past. *Edit* it first."
    return None


def left_behind(draft: Draft, drafts: Sequence[Draft]) -> list[str]:
    """Whatever says *resolved* puts back what this incident did to the page's components: nobody else does (S7). A
    component works then, or is as the page showed it before this incident."""
    if draft.text.status is not PublicStatus.RESOLVED:
        return []
    then = {change.id: change for change in (*still_changed(drafts), *draft.text.components)}
    before = {change.id: change.before for change in draft.text.components} | at_first(drafts)
    return [
        f"it says resolved and leaves {change.name} at {change.after.words}"
        for change in then.values()
        if change.after not in {ComponentStatus.OPERATIONAL, before[change.id]} and change.id not in draft.text.gone
    ]


def _not_theirs(incident: Incident, approvers: Approvers) -> str:
    commander = f"<@{incident.ic}>, who commands this incident," if incident.ic else "an incident commander"
    if approvers.unknown:
        commander += f" (who else may is not known now: {escape(approvers.unknown)})"
    elif approvers.members:
        commander += " or a member of the approvers' group"
    return f"Only {commander} can approve a text for customers. Use *Take command* if that should be you."


def _changed(newest: Draft) -> str:
    body = escape(newest.text.body).replace("\n", "\n>")
    return (
        "The text was changed after this button was made, so nothing was published. It now reads:\n"
        f">*{escape(newest.text.title)}* ({newest.text.status})\n>{body}\nApprove it on its own message."
    )
