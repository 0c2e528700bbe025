from __future__ import annotations

from app import clock, ledger
from app.domain.gesture import Gesture
from app.domain.people import Human
from app.flows import command
from app.flows.resolution import resolve
from app.messages.message import Message, say
from app.messages.room import promise_dropped
from app.ports import Queue, Store


async def handle(gesture: Gesture, human: Human, store: Store, queue: Queue) -> Message:
    """Without a last word before it. The resolution asks for one behind it, while customers read that it goes on."""
    incident = await ledger.load(store, gesture.value)
    await command.demand(store, incident, human, "resolve this incident")
    after = await resolve(store, queue, incident.id, actor=human.actor, at=clock.now(), by=gesture.key)
    return say(
        f"Resolved. {promise_dropped(after) or 'The last word to customers waits in the room for its approval.'}"
    )
