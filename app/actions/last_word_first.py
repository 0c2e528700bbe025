from __future__ import annotations

from app import ledger
from app.domain.draft import PublicStatus
from app.domain.gesture import Gesture
from app.domain.people import Human
from app.domain.policy import Policy
from app.flows import command, publishing
from app.gate.states import open_to_decision
from app.messages.message import Message, say
from app.ports import Chat, Store, Writer


async def handle(gesture: Gesture, human: Human, store: Store, chat: Chat, writer: Writer, policy: Policy) -> Message:
    """Puts the text that closes the public incident into the room; one that waits there already is the one."""
    incident = await ledger.load(store, gesture.value)
    await command.demand(store, incident, human, "resolve this incident")
    waiting = [one for one in await store.drafts(incident.id) if open_to_decision(one.state)]
    if not any(one.text.status is PublicStatus.RESOLVED for one in waiting):
        text = await writer.public_text(incident, await store.trail(incident.id), "", PublicStatus.RESOLVED)
        await publishing.propose(store, chat, policy, incident, gesture.key, text, author=human.actor)
    return say("The last word is in the room. Approve it there; then `/incident-response resolve` again.")
