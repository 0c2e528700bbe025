from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human
from app.domain.policy import Policy
from app.flows import ending
from app.flows.split import split
from app.messages.message import Message, escape, say
from app.ports import Chat, Queue, Store, Timers

HELP = "`split 3`: takes that alert (its number in `status`, or the alert group's id) out, into an incident of its own"


async def handle(
    gesture: Gesture,
    human: Human,
    incident: Incident,
    store: Store,
    chat: Chat,
    timers: Timers,
    queue: Queue,
    policy: Policy,
) -> Message:
    new = await split(store, chat, queue, incident, gesture.text, human, gesture.key)
    await ending.propose(store, chat, timers, policy, incident.id)  # if nothing that is left here goes on
    return say(f"*{escape(new.title)}* is incident `{new.id}` now, {new.severity}. Its room is being made.")
