from __future__ import annotations

from pydantic import ValidationError

from app.domain.draft import PublicText
from app.domain.gesture import Gesture
from app.domain.people import Human
from app.domain.policy import Policy
from app.domain.ticket import Ticket
from app.errors import Refused
from app.flows import components, publishing
from app.ports import Chat, PublicPage, Store


async def handle(gesture: Gesture, human: Human, store: Store, chat: Chat, page: PublicPage, policy: Policy) -> None:
    """The editor was saved: a new draft takes the old one's place, and the old one's buttons stop working (G2).

    The answer is the new draft, in the room.
    """
    seen = Ticket.read(gesture.value)
    old = await store.draft(seen.incident, seen.draft)
    there, _ = await components.listed(page)
    chosen = components.chosen(gesture.choices, old.text.components if old else (), there)
    try:
        gone = components.gone(await store.drafts(seen.incident), there)
        text = PublicText.model_validate({**gesture.fields, "components": chosen, "gone": gone})
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise Refused(f"The text was not saved: {problem['loc'][0]}: {problem['msg']}. Press *Edit* again.") from error
    me = human.actor
    await publishing.revise(store, chat, policy, seen, gesture.key, text, author=me, actor=me)
