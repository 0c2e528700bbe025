"""What a person is told when what they asked for was not done: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.gesture import COMMAND, Gesture
from app.domain.help import CommandHelp
from app.messages.message import Message, clip, escape, listing, say

_REASON_MAX = 500
_ROOMS_MAX = 1000

NOT_YET = say(":hourglass_flowing_sand: Not done yet: something did not answer. It is tried again by itself.")


def gave_up(reason: str) -> Message:
    return say(
        f":x: This was not done, and is not tried again. Why: {_plain(reason)}\n"
        "Look at what it was about, then do it again; if it fails again, the processor's log has the details."
    )


def put_aside(lane: str, reason: str) -> Message:
    return say(
        f":warning: Something that arrived for `{_plain(lane)}` could not be done. "
        f"It is kept in the dead-letter queue. Why: {_plain(reason)}"
    )


def unknown(gesture: Gesture, commands: CommandHelp) -> Message:
    if gesture.form != "command":
        return say(
            ":shrug: This button is of an older version and does nothing any more. "
            f"`{COMMAND} help` shows what you can do instead."
        )
    lines = "\n".join(f"`{COMMAND} {name}`  {escape(what)}" for name, what in commands.entries)
    return say(f"There is no `{COMMAND} {_plain(gesture.name)}`. There is:\n{lines}")


def only_in_a_room(gesture: Gesture, rooms: Sequence[str]) -> str:
    name = f"`{COMMAND} {_plain(gesture.name).replace('_', ' ')}`" if gesture.form == "command" else "This button"
    listed = listing("", [f"<#{room}>" for room in rooms], between=", ", limit=_ROOMS_MAX)
    where = listed or f"none; `{COMMAND} declare` makes one"
    return f"{name} is about one incident: use it in that incident's room. Open rooms: {where}."


def _plain(text: str) -> str:
    return clip(escape(text).replace("`", "'"), _REASON_MAX)
