"""What people hear in the days after an incident, outside its room."""

from __future__ import annotations

from datetime import timedelta

from app.domain.incident import Incident
from app.messages.message import Message, actions, clip, cut, escape, link, say, section
from app.messages.room import stars


def rating_once_more(incident: Incident) -> Message:
    words = (
        f"You took part in *{escape(cut(incident.title, 300))}* ({escape(incident.service)}). How did it go for you? "
        "One click; it goes into the incident's record. I will not ask again."
    )
    return Message(text=clip(words, 300), blocks=(section(words), actions(*stars(incident))))


def postmortem_overdue(incident: Incident, state: str, sla: timedelta) -> Message:
    whose = f"<@{incident.ic}>, " if incident.ic else ""
    hours = round(sla / timedelta(hours=1))
    within = f"{hours} h" if hours else f"{round(sla / timedelta(minutes=1))} min"
    return say(
        f":hourglass: {whose}{_postmortem(incident)} is overdue: *{state}*, {within} after the resolution. "
        "Review it and close it in Linear, or say there why not."
    )


def postmortem_unreadable(incident: Incident, why: str) -> Message:
    whose = f"<@{incident.ic}>, " if incident.ic else ""
    return say(
        f":grey_question: {whose}{_postmortem(incident)} should be done by now, and I may not look: "
        f"{escape(why)}. Please look yourself."
    )


def _postmortem(incident: Incident) -> str:
    done = incident.postmortem
    named = link(done.url, done.identifier) if done else "which is not filed yet"
    return f"the postmortem of *{escape(cut(incident.title, 300))}* ({named})"
