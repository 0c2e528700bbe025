from __future__ import annotations

from app import clock
from app.domain.gesture import Gesture
from app.domain.incident import Incident, Status
from app.domain.people import Human
from app.flows import command
from app.flows.resolution import resolve
from app.messages.last_word import first
from app.messages.message import Message, say
from app.messages.room import promise_dropped, slack_time
from app.ports import Queue, Store

HELP = "the incident is over: postmortem, announcement; while customers read of it, asks first (`resolve now` does not)"


async def handle(gesture: Gesture, human: Human, incident: Incident, store: Store, queue: Queue) -> Message:
    if incident.status is not Status.RESOLVED:
        await command.demand(store, incident, human, "resolve this incident")
        if incident.public_open and gesture.text.lower() != "now":
            return first(incident)
    after = await resolve(store, queue, incident.id, actor=human.actor, at=clock.now(), by=gesture.key)
    if incident.status is Status.RESOLVED and after.resolved_at:
        return say(f"This incident was resolved {slack_time(after.resolved_at)}. What is still missing is being done.")
    told = "Resolved. The postmortem draft is being written; its link will be announced here."
    return say(f"{told} {promise_dropped(after)}".rstrip())
