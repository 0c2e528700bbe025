"""``ports.Chat`` over Slack's Web API. https://docs.slack.dev/reference/methods"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.room import Invited, Room, RoomNameTaken, Said
from app.domain.slack_text import called, typed
from app.effects.slack.pace import VENDOR
from app.effects.slack.web_api import Json, WebApi
from app.errors import VendorRefused
from app.messages.message import Message, cut
from app.outbound import Transport

EFFECT = "incident_response_effect"  # event_type of the metadata that carries an effect's id
MARKER = "incident-response:"  # a room's purpose: this, and the incident that it was made for

TEXT_MAX = 40_000  # Slack cuts behind it
TOPIC_MAX = 250
INVITE_BATCH = 30
HISTORY_PAGES_MAX = 10
ROOM_PAGES_MAX = 100
TRIGGER_DEADLINE_S = 3.0  # a trigger_id is dead after that, so a later answer is of no use
# What conversations.invite says of one person; the others of the batch may be in the room all the same.
_OF_A_PERSON = frozenset(
    {
        "already_in_channel",
        "cant_invite",
        "cant_invite_self",
        "invitee_cant_see_channel",
        "no_external_invite_permission",
        "org_user_not_in_team",
        "ura_max_channels",
        "user_is_restricted",
        "user_not_found",
    }
)


@dataclass(frozen=True)
class _Identity:
    user_id: str
    url: str  # of the workspace


class Slack:
    """``ports.Chat``. ``api_url`` ends in ``/api``."""

    def __init__(self, api_url: str, bot_token: str, *, transport: Transport | None = None) -> None:
        self._api = WebApi(api_url, bot_token, transport)
        self._identity: _Identity | None = None

    # ------------------------------------------------------------ rooms

    async def create_room(self, name: str) -> Room:
        try:
            body = await self._api.call("conversations.create", {"name": name, "is_private": True})
        except VendorRefused as error:
            if error.code == "name_taken":
                raise RoomNameTaken(name) from error
            raise
        return _room(body["channel"])

    async def own_room(self, name: str) -> Room | None:
        """Rooms that are archived do not count: nothing can be posted there."""
        me = await self._who_am_i()
        pages = self._api.pages(
            "users.conversations", {"types": "private_channel", "exclude_archived": True}, ROOM_PAGES_MAX
        )
        async for body in pages:
            for channel in body["channels"]:
                if channel["name"] == name and channel.get("creator") == me.user_id:
                    return _room(channel)
        return None

    async def mark_room(self, channel: str, *, marker: str, topic: str) -> None:
        await self._api.call(
            "conversations.setPurpose", {"channel": channel, "purpose": MARKER + marker}, idempotent=True
        )
        await self._api.call(
            "conversations.setTopic", {"channel": channel, "topic": cut(topic, TOPIC_MAX)}, idempotent=True
        )

    async def invite(self, channel: str, slack_ids: Sequence[str]) -> Invited:
        """Who is in the room is read back, since Slack may name an error and have invited the others."""
        wanted = list(dict.fromkeys(slack_ids))
        why: dict[str, str] = {}
        for start in range(0, len(wanted), INVITE_BATCH):
            batch = wanted[start : start + INVITE_BATCH]
            body = await self._api.call(
                "conversations.invite",
                {"channel": channel, "users": ",".join(batch), "force": True},
                idempotent=True,
                accept=_OF_A_PERSON,
            )
            culprits = {one["user"]: one["error"] for one in body.get("errors", []) if "user" in one}
            others = "not in the room after the invitation" if culprits else body.get("error", "invited, but not there")
            why |= dict.fromkeys(batch, others) | culprits
        present = await self.members(channel) if wanted else set()
        return Invited(
            joined=tuple(one for one in wanted if one in present),
            failed={one: why[one] for one in wanted if one not in present},
        )

    async def members(self, channel: str) -> set[str]:
        me = await self._who_am_i()
        found: set[str] = set()
        async for body in self._api.pages("conversations.members", {"channel": channel}, ROOM_PAGES_MAX):
            found |= set(body["members"])
        return found - {me.user_id}

    async def archive(self, channel: str) -> None:
        await self._api.call(
            "conversations.archive", {"channel": channel}, idempotent=True, accept={"already_archived"}
        )

    async def link(self, channel: str) -> str:
        return f"{(await self._who_am_i()).url}archives/{channel}"

    # ------------------------------------------------------------ people

    async def slack_id(self, email: str) -> str | None:
        body = await self._api.call(
            "users.lookupByEmail", {"email": email.strip().lower()}, idempotent=True, accept={"users_not_found"}
        )
        user = body.get("user")
        if not user or user.get("deleted") or user.get("is_bot"):
            return None
        return str(user["id"])

    async def email(self, slack_id: str) -> str | None:
        body = await self._api.call("users.info", {"user": slack_id}, idempotent=True, accept={"user_not_found"})
        user = body.get("user")
        if not user or user.get("deleted") or user.get("is_bot"):
            return None
        return (user.get("profile") or {}).get("email") or None

    async def group_members(self, group: str) -> set[str]:
        return set((await self._api.call("usergroups.users.list", {"usergroup": group}, idempotent=True))["users"])

    # ------------------------------------------------------------ messages

    async def post(self, channel: str, message: Message, *, effect_id: str) -> str:
        arguments = {
            "channel": channel,
            "metadata": {"event_type": EFFECT, "event_payload": {"effect_id": effect_id}},
            # Undocumented: where Slack knows it, a second post is answered with the first. Nothing rests on it.
            "client_msg_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{channel}/{effect_id}")),
            "unfurl_links": False,
            "unfurl_media": False,
            **_content("chat.postMessage", message),
        }
        return str((await self._api.call("chat.postMessage", arguments))["ts"])

    async def find(self, channel: str, effect_id: str) -> str | None:
        """Among the newest 2,000 messages: a lost answer is looked for soon after the post."""
        me = await self._who_am_i()
        pages = self._api.pages(
            "conversations.history", {"channel": channel, "include_all_metadata": True}, HISTORY_PAGES_MAX
        )
        async for body in pages:
            for message in body["messages"]:
                # Any app in the channel may write such metadata, so the author counts too.
                if message.get("user") == me.user_id and _effect_of(message) == effect_id:
                    return str(message["ts"])
        return None

    async def read(self, channel: str, ts: str) -> Said | None:
        """The history shows no answers in threads; ``conversations.replies`` shows one that it is asked for."""
        at = {"channel": channel, "oldest": ts, "latest": ts, "inclusive": True, "limit": 1}
        in_thread = {"channel": channel, "ts": ts}
        for method, where in (("conversations.history", at), ("conversations.replies", in_thread)):
            body = await self._api.call(method, where, idempotent=True, accept={"thread_not_found"})
            for found in body.get("messages", ()):
                if found.get("ts") == ts:
                    return Said(author=found.get("user", ""), text=called(typed(found.get("text", ""))))
        return None

    async def permalink(self, channel: str, ts: str) -> str:
        about = {"channel": channel, "message_ts": ts}
        return str((await self._api.call("chat.getPermalink", about, idempotent=True))["permalink"])

    async def update(self, channel: str, ts: str, message: Message) -> None:
        content = _content("chat.update", message)
        await self._api.call("chat.update", {"channel": channel, "ts": ts, **content}, idempotent=True)

    async def pin(self, channel: str, ts: str) -> None:
        await self._api.call(
            "pins.add", {"channel": channel, "timestamp": ts}, idempotent=True, accept={"already_pinned"}
        )

    async def private(self, slack_id: str) -> str:
        body = await self._api.call("conversations.open", {"users": slack_id}, idempotent=True)
        return str(body["channel"]["id"])

    async def direct(self, slack_id: str, message: Message, *, effect_id: str) -> str:
        return await self.post(slack_id, message, effect_id=effect_id)

    async def whisper(self, channel: str, slack_id: str, message: Message) -> None:
        content = _content("chat.postEphemeral", message)
        await self._api.call("chat.postEphemeral", {"channel": channel, "user": slack_id, **content})

    async def respond(self, response_url: str, message: Message) -> None:
        content = _content("response_url", message)
        await self._api.answer(response_url, {"response_type": "ephemeral", "replace_original": False, **content})

    async def open_modal(self, trigger_id: str, view: Json) -> None:
        await self._api.call("views.open", {"trigger_id": trigger_id, "view": view}, deadline_s=TRIGGER_DEADLINE_S)

    async def aclose(self) -> None:
        await self._api.aclose()

    # ------------------------------------------------------------ ourselves

    async def _who_am_i(self) -> _Identity:
        if self._identity is None:
            body = await self._api.call("auth.test", {}, idempotent=True)
            self._identity = _Identity(user_id=body["user_id"], url=body["url"])
        return self._identity


def _room(channel: Json) -> Room:
    purpose = (channel.get("purpose") or {}).get("value", "")
    marker = purpose.removeprefix(MARKER) if purpose.startswith(MARKER) else ""
    return Room(id=channel["id"], name=channel["name"], marker=marker)


def _effect_of(message: Json) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EFFECT:
        return None
    effect_id = (metadata.get("event_payload") or {}).get("effect_id")
    return effect_id if isinstance(effect_id, str) else None


def _content(method: str, message: Message) -> Json:
    if len(message.text) > TEXT_MAX:
        raise VendorRefused(VENDOR, method, "msg_too_long", remedy=f"cut the text to {TEXT_MAX} characters first")
    # An empty list too: an update without one would leave the old blocks standing.
    return {"text": message.text, "blocks": list(message.blocks)}
