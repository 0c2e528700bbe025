"""What a check is, and the three things that it may come to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from app.doctor.deployment import Deployment


class Verdict(StrEnum):
    OK = "ok"
    FAILED = "failed"
    COULD_NOT_TELL = "could not tell"


@dataclass(frozen=True)
class Check:
    """``run`` gives what it found, or raises. ``remedy`` names the setting or the console page.

    ``after``: the check without which this one says nothing new. A revoked token is told once, not by all that use it.
    """

    name: str
    proves: str
    remedy: str
    run: Callable[[Deployment], Awaitable[str]]
    after: str | None = None


@dataclass(frozen=True)
class Finding:
    check: str
    verdict: Verdict
    found: str
    remedy: str = ""


class Failed(Exception):
    """Something is not as it must be. ``remedy``: when the check's own does not fit."""

    def __init__(self, found: str, remedy: str = "") -> None:
        super().__init__(found)
        self.found = found
        self.remedy = remedy


class CouldNotTell(Failed):
    """Neither proven nor disproven, for want of a right to look or of a way to."""
