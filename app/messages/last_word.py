"""Before an incident is resolved of which customers still read: what they are told at the end, and when."""

from __future__ import annotations

from app.domain.incident import Incident
from app.messages.message import Message, actions, button, escape, section
from app.messages.room import slack_time


def first(incident: Incident) -> Message:
    seen = escape(incident.public.status) if incident.public else ""
    question = f"Not resolved yet: customers still read *{seen}*. Tell them first that it is over?"
    if at := incident.promised_update_at:
        question += f" They were promised an update by {slack_time(at)}."
    return Message(
        text=question,
        blocks=(
            section(question),
            actions(
                button("last_word_first", "Publish the last word first", incident.id, style="primary"),
                button("resolve_now", "Resolve now", incident.id),
            ),
        ),
    )
