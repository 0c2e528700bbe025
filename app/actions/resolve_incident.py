from __future__ import annotations

from contextlib import suppress

from app import clock, ledger
from app.domain.gesture import Gesture
from app.domain.incident import Status
from app.domain.people import Human
from app.errors import VendorRefused
from app.flows import command
from app.flows.resolution import resolve
from app.messages import alerts
from app.messages.last_word import first
from app.messages.message import Message, say
from app.ports import Chat, Queue, Store


async def handle(gesture: Gesture, human: Human, store: Store, chat: Chat, queue: Queue) -> Message:
    """Its last alert has ended, and so has it, says its commander. The same as ``/incident-response resolve``."""
    incident = await ledger.load(store, gesture.value)
    if incident.status is not Status.RESOLVED:
        await command.demand(store, incident, human, "resolve this incident")
        if incident.public_open:
            return first(incident)
    await resolve(store, queue, incident.id, actor=human.actor, at=clock.now(), by=gesture.key)
    if gesture.channel_id and gesture.message_ts:
        words = f"<@{human.slack_id}> resolved it."
        with suppress(VendorRefused):  # held back until the room was archived: it is resolved all the same (D8)
            await chat.update(gesture.channel_id, gesture.message_ts, alerts.answered(words))
    return say("Resolved. The postmortem draft is being written; its link will be announced here.")
