from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.people import Human
from app.domain.policy import Policy
from app.domain.ticket import Ticket
from app.errors import Refused
from app.flows import publishing
from app.ports import Chat, Store


async def handle(gesture: Gesture, human: Human, store: Store, chat: Chat, policy: Policy) -> None:
    """*Still true*: the same words, as a new draft that can be approved. Who wrote them wrote these, too.

    The answer is the new draft, in the room.
    """
    seen = Ticket.read(gesture.value)
    old = await store.draft(seen.incident, seen.draft)
    if old is None:
        raise Refused("This draft no longer exists. Write a new one with `/incident-response status draft`.")
    await publishing.revise(store, chat, policy, seen, gesture.key, old.text, author=old.author, actor=human.actor)
