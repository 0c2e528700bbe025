"""The words of what is filed in the tracker, apart from the postmortem itself. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.incident import Incident
from app.domain.task import Task
from app.messages.markdown import plain


def lacking(notes: Sequence[str]) -> str:
    """What an issue had to be filed without, at its foot; "" if nothing."""
    return "\n---\n\n" + "\n".join(f"- {plain(note)}" for note in notes) + "\n" if notes else ""


def task(incident: Incident, of: Task) -> str:
    during = f"{incident.severity} incident {plain(incident.id)}: {plain(incident.title)}"
    return f"{plain(of.text)}\n\nNoted at {of.at:%Y-%m-%d %H:%M} UTC during {during}\n"
