"""Who may approve which text, as a list of reasons against it. Pure: the door asks, and obeys."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.draft import Draft, DraftState, sha256_of
from app.domain.incident import Incident
from app.errors import Refused
from app.gate.drafts import problems
from app.gate.states import Move, after
from app.messages.message import escape

_ON_ITS_WAY = {DraftState.APPROVED, DraftState.UNKNOWN}  # two at once could open two public incidents (S7)


def refusal(
    incident: Incident, drafts: Sequence[Draft], draft_id: str, sha256: str, *, slack_id: str, four_eyes: bool
) -> str | None:
    """Why this person cannot approve this text now, in words for them; None when nothing speaks against it.

    ``drafts`` in the order in which they were written; ``sha256`` is of the text that the person saw.
    """
    draft = next((known for known in drafts if known.id == draft_id), None)
    if draft is None:
        return "This draft belongs to no decision of this incident."
    if incident.drill:
        return "This is a drill: nothing of it is ever published, whoever approves."
    if slack_id != incident.ic:
        commander = f"<@{incident.ic}>, who commands this incident," if incident.ic else "an incident commander"
        return f"Only {commander} can approve a text for customers. Use *Take command* if that should be you."
    if draft.sha256 != sha256 or draft.state is DraftState.SUPERSEDED:
        return _changed(next((known for known in reversed(drafts) if known.state is not DraftState.SUPERSEDED), draft))
    if sha256_of(draft.wire) != draft.sha256:
        return "The stored text does not match its fingerprint. Do not trust it: write a new draft, and tell security."
    if four_eyes and draft.author == f"slack:{slack_id}":
        return "You wrote this text, and here a second person approves. Let somebody else take command and approve it."
    if any(other.state in _ON_ITS_WAY for other in drafts if other.id != draft_id):
        return "An earlier text is still on its way to Statuspage. When its outcome is known, approve this one."
    if found := problems(draft.text):
        return f"This text cannot be published: {escape('; '.join(found))}. *Edit* it first."
    try:
        after(draft.state, Move.APPROVE)
    except Refused as no:
        return no.tell_user
    return None


def _changed(newest: Draft) -> str:
    body = escape(newest.text.body).replace("\n", "\n>")
    return (
        "The text was changed after this button was made, so nothing was published. It now reads:\n"
        f">*{escape(newest.text.title)}* ({newest.text.status})\n>{body}\nApprove it on its own message."
    )
