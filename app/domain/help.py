"""What a person can type. Made from the commands that are registered, so it lists exactly those (S5). Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CommandHelp:
    entries: tuple[tuple[str, str], ...]  # as typed behind /incident-response, and what it does
