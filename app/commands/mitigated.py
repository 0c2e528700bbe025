from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.incident import Incident, Status
from app.domain.people import Human
from app.errors import Refused
from app.flows import command, mitigation
from app.messages.message import Message, say
from app.messages.room import slack_time
from app.ports import Chat, Store

HELP = "the impact has ended: `mitigated`, with the reason behind it; `mitigated undo` takes it back"


async def handle(gesture: Gesture, human: Human, incident: Incident, store: Store, chat: Chat) -> Message:
    await command.demand(store, incident, human, "say whether the impact has ended")
    first, _, rest = gesture.words.partition(" ")
    if first.lower() == "undo":
        after = await mitigation.take_back(store, chat, incident.id, rest.strip(), actor=human.actor, by=gesture.key)
        if after.mitigation_by != gesture.key:
            raise Refused(f"There is nothing to take back: this incident is {after.status}.")
        return say("Taken back. The room knows.")
    after = await mitigation.declare(store, chat, incident.id, gesture.words, actor=human.actor, by=gesture.key)
    if after.status is not Status.MITIGATED or after.mitigated_at is None:
        return say("It was taken back meanwhile.")
    return say(f"Mitigated since {slack_time(after.mitigated_at)}. When it is over for good: `resolve`.")
