"""A war room as Slack knows it, who came into it, and what was said there. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Room:
    id: str
    name: str
    marker: str  # the incident that it was made for, from the channel's purpose; "" if none


@dataclass(frozen=True)
class Invited:
    joined: tuple[str, ...]  # Slack ids that are members now
    failed: dict[str, str] = field(default_factory=dict)  # Slack id -> why not


@dataclass(frozen=True)
class Said:
    """A message that stands in a channel."""

    author: str  # Slack id
    text: str


class RoomNameTaken(Exception):
    """Another channel has this name, ours or not; archived ones count."""
