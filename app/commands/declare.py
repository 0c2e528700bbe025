from __future__ import annotations

from app import clock
from app.domain import declared
from app.domain.catalogue import Catalogue
from app.domain.gesture import Gesture
from app.domain.people import Human
from app.domain.policy import Policy
from app.flows import intake
from app.flows.war_room import ask_to_assemble
from app.messages.message import Message, escape, say
from app.ports import Queue, Store

HELP = "an incident that no alert opened, from any channel: `declare what is wrong --service s --severity p`"


async def handle(
    gesture: Gesture, human: Human, store: Store, queue: Queue, policy: Policy, catalogue: Catalogue
) -> Message:
    said = declared.read(gesture.words)
    severity = policy.labels_of(said.severity) if said.severity else {}
    alert = said.alert(gesture.key, clock.now(), severity)
    incident = await intake.declare(store, policy, catalogue, alert, human)
    await ask_to_assemble(queue, incident, gesture.key)
    about = f" (service {escape(incident.service)})" if said.service else ""
    return say(
        f":rotating_light: Declared: *{incident.severity}: {escape(incident.title)}*{about}. The room is being made. "
        "You are invited, and the app tells you where it is as soon as it stands."
    )
