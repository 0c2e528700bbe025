"""What a simulated Slack workspace remembers. Plain and public: tests, the drill's auditor and the console read it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from app import clock
from app.sim import cast
from app.sim.slack_blocks import elements

Json = dict[str, Any]

TRIGGER_S = 3.0
RESPONSE_URL_S = 1800.0
RESPONSE_URL_USES = 5
SCOPES = frozenset(
    {
        "commands",
        "chat:write",
        "groups:write",
        "groups:read",
        "groups:history",
        "im:write",
        "im:history",
        "channels:read",
        "channels:history",
        "users:read",
        "users:read.email",
        "pins:write",
        "usergroups:read",
        "pins:read",
        "reactions:read",
    }
)


@dataclass
class User:
    id: str
    name: str
    email: str
    deleted: bool = False
    is_bot: bool = False


@dataclass
class Post:
    """``before``: text and blocks as they were before each edit, oldest first."""

    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    before: list[Json] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)  # name -> who
    thread: str | None = None  # the ts of the message that it answers


@dataclass
class Channel:
    id: str
    name: str
    creator: str
    private: bool = True
    with_user: str | None = None  # a direct conversation of the app and this person
    members: set[str] = field(default_factory=set)
    topic: str = ""
    purpose: str = ""
    archived: bool = False
    pins: list[str] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)

    def post(self, ts: str) -> Post | None:
        return next((post for post in self.posts if post.ts == ts), None)


@dataclass
class Whisper:
    """Seen by one person only: a chat.postEphemeral (``via`` that), or an answer to a gesture (its response_url)."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json]
    via: str


@dataclass
class Modal:
    id: str
    user: str
    view: Json
    hash: str
    state: str = "open"  # open, closed
    errors: dict[str, str] = field(default_factory=dict)  # shown beside the inputs, by block_id


@dataclass
class Trigger:
    user: str
    issued_at: float
    used: bool = False


@dataclass
class ResponseUrl:
    user: str
    channel: str
    issued_at: float
    uses: int = 0


class Workspace:
    """``url``: where it is served, with no slash at the end; learned from the first request, if it is not set."""

    def __init__(self) -> None:
        self.url = ""
        self.scopes: set[str] = set(SCOPES)
        self.revoked: set[str] = set()  # tokens
        self.users: dict[str, User] = {
            person.slack_id: User(person.slack_id, person.role, person.email, deleted=not person.active)
            for person in cast.PEOPLE
        }
        everybody = {user.id for user in self.users.values() if not user.deleted}
        self.users[cast.BOT_USER_ID] = User(cast.BOT_USER_ID, "incident-response", "", is_bot=True)
        founder = cast.PEOPLE[0].slack_id
        self.channels: dict[str, Channel] = {
            cast.FALLBACK_CHANNEL: Channel(
                cast.FALLBACK_CHANNEL, "incidents", founder, private=False, members=everybody | {cast.BOT_USER_ID}
            ),
            cast.GENERAL_CHANNEL: Channel(
                cast.GENERAL_CHANNEL, "general", founder, private=False, members=set(everybody)
            ),
        }
        self.usergroups: dict[str, set[str]] = {cast.APPROVER_GROUP: {*cast.APPROVERS}}
        self.whispers: list[Whisper] = []
        self.modals: dict[str, Modal] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.tell: Callable[[Json], None] = lambda _: None  # of what happens, as the Events API words it
        self._numbers = itertools.count(1)
        self._last_ts = 0

    # ------------------------------------------------------------ new things

    def new_id(self, prefix: str) -> str:
        return f"{prefix}SIM{next(self._numbers):05d}"

    def new_ts(self) -> str:
        """Of the people's time, as it stands beside a message; never twice the same."""
        self._last_ts = max(self._last_ts + 1, int(clock.now().timestamp() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_channel(self, name: str, creator: str, *, private: bool = True) -> Channel:
        channel = Channel(self.new_id("C"), name, creator, private=private, members={creator})
        self.channels[channel.id] = channel
        return channel

    def new_trigger(self, user: str) -> str:
        trigger_id = clock.new_id()
        self.triggers[trigger_id] = Trigger(user, clock.wall())
        return trigger_id

    def new_response_url(self, user: str, channel: str) -> str:
        if not self.url:
            raise RuntimeError("nobody has called this Slack yet, so it does not know its address: set workspace.url")
        url_id = clock.new_id()
        self.response_urls[url_id] = ResponseUrl(user, channel, clock.wall())
        return f"{self.url}/respond/{url_id}"

    def with_ids(self, blocks: list[Json]) -> list[Json]:
        """Slack gives an id to every block and element that came without one."""
        for block in blocks:
            block.setdefault("block_id", self.new_id("b"))
            for element in elements(block):
                element.setdefault("action_id", self.new_id("a"))
        return blocks

    # ------------------------------------------------------------ finding

    def named(self, name: str) -> Channel | None:
        return next((channel for channel in self.channels.values() if channel.name == name), None)

    def rooms(self) -> Iterator[Channel]:
        """What the app made."""
        return (one for one in self.channels.values() if one.creator == cast.BOT_USER_ID and not one.with_user)

    def direct(self, user: str) -> Channel:
        """The app's conversation with this person, opened if need be."""
        found = next((one for one in self.channels.values() if one.with_user == user), None)
        if found is None:
            found = Channel(self.new_id("D"), "", cast.BOT_USER_ID, with_user=user, members={user, cast.BOT_USER_ID})
            self.channels[found.id] = found
        return found

    def as_json(self) -> Json:
        channels = [{**asdict(one), "members": sorted(one.members)} for one in self.channels.values()]
        return {
            "users": [asdict(user) for user in self.users.values()],
            "channels": [one for one in channels if not one["with_user"]],
            "directs": [one for one in channels if one["with_user"]],
            "whispers": [asdict(one) for one in self.whispers],
            "modals": [asdict(one) for one in self.modals.values()],
        }
