from __future__ import annotations

from pydantic import ValidationError

from app import ledger
from app.domain.draft import PublicText
from app.domain.gesture import Gesture
from app.domain.people import Human
from app.domain.ticket import Ticket
from app.errors import Refused
from app.flows import publishing
from app.gate import drafts
from app.ports import Chat, Store


async def handle(gesture: Gesture, human: Human, store: Store, chat: Chat) -> None:
    """The editor was saved: a new draft takes the old one's place, and the old one's buttons stop working (G2).

    The answer is the new draft, in the room.
    """
    seen = Ticket.model_validate_json(gesture.value)
    incident = await ledger.load(store, seen.incident)
    before = await store.drafts(incident.id)
    components = next((draft.text.components for draft in before if draft.id == seen.draft), {})
    try:
        text = PublicText.model_validate({**gesture.fields, "components": components})
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise Refused(f"The text was not saved: {problem['loc'][0]}: {problem['msg']}. Press *Edit* again.") from error
    draft = await drafts.edit(store, incident.id, (seen.draft, seen.sha256), gesture.key, text, author=human.actor)
    await publishing.show(store, chat, incident, draft)
