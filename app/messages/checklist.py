"""What an incident needs, and what of it is done: read from the incident, so that it cannot say what is not so."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.draft import Draft, DraftState
from app.domain.incident import Incident, Status
from app.messages.message import Message, section


def items(incident: Incident, drafts: Sequence[Draft]) -> list[tuple[bool, str]]:
    """Done or not, and what."""
    return [
        (incident.status not in {Status.ALERT_RECEIVED, Status.ROOM_ASSEMBLING}, "War room assembled"),
        (incident.ic is not None, "Somebody has command (*Take command*)"),
        (bool(drafts), "A text for customers is drafted (`/incident-response status draft`)"),
        (any(draft.state is DraftState.PUBLISHED for draft in drafts), "Customers are told (*Approve & Publish*)"),
        (incident.status in {Status.MITIGATED, Status.RESOLVED}, "The impact has ended (`/incident-response resolve`)"),
        (incident.public is None or incident.public.status == "resolved", "The status page is not left open"),
        (incident.postmortem is not None, "The postmortem draft is filed (by itself, after *resolve*)"),
    ]


def card(incident: Incident, drafts: Sequence[Draft]) -> Message:
    lines = [
        f"{':white_check_mark:' if done else ':white_large_square:'} {what}" for done, what in items(incident, drafts)
    ]
    return Message(text="Checklist", blocks=(section("*Checklist*\n" + "\n".join(lines)),))
