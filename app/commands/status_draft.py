from __future__ import annotations

from app.domain.draft import BODY_MAX
from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human
from app.errors import Refused
from app.flows import checklist, publishing
from app.messages.message import Message, say
from app.ports import Chat, Store, Writer

HELP = "draft a text for customers: `status draft` alone, or with your words behind it; nothing is published yet"


async def handle(
    gesture: Gesture, human: Human, incident: Incident, store: Store, chat: Chat, writer: Writer
) -> Message:
    if len(gesture.text) > BODY_MAX:
        raise Refused(
            f"That is {len(gesture.text):,} characters; a text for customers has {BODY_MAX:,} at most. Cut it."
        )
    text = await writer.public_text(incident, await store.trail(incident.id), gesture.text)
    await publishing.propose(store, chat, incident, gesture.key, text, author=human.actor)
    await checklist.refresh(store, chat, incident.id)
    return say("The draft is in the room. Nothing is published until the incident commander approves it there.")
