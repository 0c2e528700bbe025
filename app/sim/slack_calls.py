"""One call of the Web API, as the workspace sees it: what the app may do, and which channels it sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.sim import cast
from app.sim.slack_rules import Failure
from app.sim.slack_state import Channel, Workspace

Json = dict[str, Any]


@dataclass(frozen=True)
class Method:
    """``arguments``: see ``slack_rules.arguments``. ``scope``: needed whatever the channel is."""

    run: Callable[[AppSide, Json], Json]
    arguments: str = ""
    scope: str = ""
    takes_json: bool = True


class AppSide:
    """The workspace with the eyes of the app."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def need(self, scope: str) -> None:
        granted = self.workspace.scopes
        if scope and scope not in granted:
            raise Failure("missing_scope", needed=scope, provided=",".join(sorted(granted)))

    def channel(self, channel_id: str, right: str | None, *, archived: str = "is_archived") -> Channel:
        """A channel that the app is in. ``right``: read, write or history, each a scope of the channel's kind."""
        channel = self.workspace.channels.get(channel_id)
        if channel is None or (channel.private and cast.BOT_USER_ID not in channel.members):
            raise Failure("channel_not_found")
        if right:
            self.need(_scope(channel, right))
        reading = right in {"read", "history"}
        if cast.BOT_USER_ID not in channel.members and right != "read":
            raise Failure("not_in_channel")
        if channel.archived and not reading:
            raise Failure(archived)
        return channel

    def addressee(self, to: str) -> Channel:
        """A channel, or a person: then the app's conversation with them."""
        user = self.workspace.users.get(to)
        if user and not user.deleted and not user.is_bot:
            return self.workspace.direct(to)
        return self.channel(to, None)


def _scope(channel: Channel, right: str) -> str:
    if channel.with_user:
        return f"im:{right}"
    if channel.private:
        return f"groups:{right}"
    return f"channels:{'manage' if right == 'write' else right}"
