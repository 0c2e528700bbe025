from __future__ import annotations

from app import ledger
from app.domain.gesture import Gesture
from app.domain.incident import Status
from app.domain.people import Human
from app.errors import Refused
from app.flows import command
from app.flows.steps import keep_current, post_once
from app.flows.war_room import FLOW
from app.messages.message import Message, say
from app.messages.room import commander_changed, opening
from app.ports import Chat, Store


async def handle(gesture: Gesture, human: Human, store: Store, chat: Chat) -> Message:
    incident, changed = await command.take(store, gesture.value, human, by=gesture.key)
    if not changed:
        return say("You command this incident already.")
    if incident.channel_id is None:
        raise Refused("You command this incident now. Its room is still being made.")
    if header := (await store.steps(incident.id, FLOW)).get("post_header"):
        await keep_current(chat, incident.channel_id, str(header.result["ts"]), lambda: _header(store, incident.id))
    await post_once(chat, incident.channel_id, commander_changed(human.slack_id), f"ic:{gesture.key}", adopting=True)
    if incident.status is Status.RESOLVED:  # its last word to customers may still wait for somebody
        return say("You command this incident now; it is resolved already.")
    return say("You command this incident now. Reminders come to you; texts for customers wait for your approval.")


async def _header(store: Store, incident_id: str) -> Message:
    return opening(await ledger.load(store, incident_id))
