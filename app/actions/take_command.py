from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.incident import Status
from app.domain.people import Human
from app.errors import Refused
from app.flows import command
from app.flows.steps import post_once
from app.messages.message import Message, say
from app.messages.room import commander_changed, opening
from app.ports import Chat, Store


async def handle(gesture: Gesture, human: Human, store: Store, chat: Chat) -> Message:
    incident, changed = await command.take(store, gesture.value, human)
    if not changed:
        return say("You command this incident already.")
    if incident.status is Status.RESOLVED:
        return say("You command this incident now; it is resolved already.")
    if incident.channel_id is None:
        raise Refused("You command this incident now. Its room is still being made.")
    if gesture.message_ts:
        await chat.update(incident.channel_id, gesture.message_ts, opening(incident))
    await post_once(chat, incident.channel_id, commander_changed(human.slack_id), f"ic:{gesture.key}", adopting=True)
    return say("You command this incident now. Reminders come to you; texts for customers wait for your approval.")
