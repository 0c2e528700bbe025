"""What the room hears when the impact ends, and when it does not end after all."""

from __future__ import annotations

from app.messages.message import Message, cut, escape, say

_WHY_MAX = 1000


def declared(actor: str, why: str) -> Message:
    what = f": {escape(cut(why, _WHY_MAX))}" if why else "."
    return say(
        f":large_green_circle: *Mitigated*, says {_who(actor)}{what}\n"
        "The incident stays open until `/incident-response resolve`. Not so? `/incident-response mitigated undo`"
    )


def taken_back(actor: str, why: str, ic: str | None) -> Message:
    ping = f"<@{ic}>: " if ic and actor != f"slack:{ic}" else ""
    what = f": {escape(cut(why, _WHY_MAX))}" if why else "."
    return say(f":red_circle: {ping}*not mitigated after all*, says {_who(actor)}{what}")


def _who(actor: str) -> str:
    return f"<@{actor.removeprefix('slack:')}>" if actor.startswith("slack:") else "OnCall"
