from __future__ import annotations

from app import ledger
from app.domain.gesture import Gesture
from app.domain.incident import Status
from app.domain.people import Human
from app.errors import Refused
from app.flows import command, guests
from app.messages.message import Message, say
from app.ports import Chat, Store


async def handle(gesture: Gesture, human: Human, store: Store, chat: Chat) -> Message:
    """Pressed in the room, or in the direct message that calls for help: whoever commands is in the room."""
    incident = await ledger.load(store, gesture.value)
    if incident.channel_id != gesture.channel_id:
        await guests.let_in(store, chat, incident, human.slack_id, human)
    incident, changed = await command.take(store, incident.id, human, by=gesture.key)
    if not changed:
        return say("You command this incident already.")
    if incident.channel_id is None:
        raise Refused("You command this incident now. Its room is still being made.")
    await command.announce(store, chat, incident)
    if incident.status is Status.RESOLVED:  # its last word to customers may still wait for somebody
        return say("You command this incident now; it is resolved already.")
    return say("You command this incident now. Reminders come to you; texts for customers wait for your approval.")
