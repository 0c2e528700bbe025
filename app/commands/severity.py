"""How bad it is now, says somebody in the room; or, anywhere, of an incident that was worth no room yet."""

from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.incident import Incident, Status
from app.domain.people import Human
from app.domain.policy import Policy
from app.domain.severity import word
from app.errors import Refused
from app.flows import severity
from app.flows.war_room import ask_to_assemble
from app.messages.message import Message, escape, say
from app.ports import Chat, Queue, Store, Timers

HELP = "`severity P2 why`: how bad it is now; elsewhere `severity P1 <alert group> why` gives a room to one without"


async def handle(
    gesture: Gesture,
    human: Human,
    incident: Incident | None,
    store: Store,
    chat: Chat,
    timers: Timers,
    queue: Queue,
    policy: Policy,
) -> Message:
    said, _, why = gesture.words.partition(" ")
    if not said:
        raise Refused("Say which: `/incident-response severity P2`, and why if you like.")
    to = word(said, policy.severity_words)
    if incident is None:
        incident, why = await _named(store, why)
    changed = await severity.change(store, incident.id, to, why.strip(), human, policy, gesture.key)
    if not changed:
        return say(f"This is a {to} already.")
    incident = await store.incident(incident.id) or incident
    await severity.follow(store, chat, timers, policy, incident, human.actor)
    if incident.status is Status.ALERT_RECEIVED:
        await ask_to_assemble(queue, incident, gesture.key)
        return say(f"*{escape(incident.title)}* is a {incident.severity} now. Its room is being made.")
    return say(f"*{escape(incident.title)}* is a {incident.severity} now.")


async def _named(store: Store, words: str) -> tuple[Incident, str]:
    """An incident without a room has no other name than its alert group's, or its own id."""
    name, _, why = words.strip().partition(" ")
    incident = (await store.incident_of_alert(name) or await store.incident(name)) if name else None
    if incident is None:
        raise Refused(
            "This channel is no incident's room. Use it in one, or name an alert group that has no room yet: "
            "`/incident-response severity P1 &lt;alert group's id in OnCall&gt;`."
        )
    if incident.channel_id:
        raise Refused(f"That incident has a room: use it there, in <#{incident.channel_id}>.")
    return incident, why
