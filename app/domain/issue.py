"""What is filed in the tracker: the postmortem, and what is left to do. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Issue:
    """What is to be filed. ``id``: UUID v4 form, chosen by us; ``link``: the room it is about."""

    id: str
    title: str
    markdown: str
    link: str
    priority: int  # 1 urgent, 2 high, 3 medium, 4 low
    assignee_id: str | None = None
    label_ids: Sequence[str] = ()
    parent_id: str | None = None
    due: date | None = None


@dataclass(frozen=True)
class Labels:
    """The labels that each issue is to have, as far as the tracker knows them."""

    ids: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()  # names
