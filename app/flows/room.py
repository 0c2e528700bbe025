"""One incident, one room: made under a name that follows from it, or adopted if we made it already (P-once)."""

from __future__ import annotations

from app.domain.incident import Incident, channel_name
from app.domain.room import Room, RoomNameTaken
from app.errors import Unknown, VendorRefused
from app.messages import room as messages
from app.ports import Chat

_NAMES_MAX = 5  # a name that somebody else took gets a number behind it


async def make_or_adopt(chat: Chat, incident: Incident, *, adopting: bool) -> tuple[Room, bool]:
    """The room and whether it was there already. ``adopting``: look before making."""
    for suffix in range(_NAMES_MAX):
        name = channel_name(incident, suffix)
        room = await chat.own_room(name) if adopting else None
        adopted = room is not None
        if room is None:
            try:
                room = await chat.create_room(name)
            except RoomNameTaken:
                room, adopted = await chat.own_room(name), True
            except Unknown:
                room, adopted = await chat.own_room(name), True
                if room is None:
                    raise
        # A room of ours without a marker is one whose maker died before writing it: the name says whose it is.
        if room is not None and room.marker in {"", incident.id}:
            await chat.mark_room(room.id, marker=incident.id, topic=messages.topic(incident))
            return room, adopted
    raise VendorRefused(
        "Slack", "conversations.create", "name_taken",
        remedy=f"{_NAMES_MAX} channels named like {channel_name(incident)} belong to others: rename or delete one",
    )  # fmt: skip
