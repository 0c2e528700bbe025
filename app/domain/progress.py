from __future__ import annotations

from enum import StrEnum


class Progress(StrEnum):
    """How far somebody has come with a postmortem, as the tracker has it."""

    UNTOUCHED = "not started"
    STARTED = "started, not finished"
    DONE = "done"
    DROPPED = "closed undone"  # somebody decided that there is to be none
