from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.ticket import Ticket
from app.errors import Refused, VendorError
from app.flows import components
from app.gate.states import Move, after
from app.messages.message import Message
from app.messages.statuspage_editor import editor
from app.ports import Chat, PublicPage, Store


async def handle(gesture: Gesture, store: Store, chat: Chat, page: PublicPage) -> Message | None:
    """Opens the editor. Anyone in the room may edit; approving is another matter."""
    seen = Ticket.read(gesture.value)
    draft = await store.draft(seen.incident, seen.draft)
    if draft is None:
        raise Refused("This draft no longer exists. Write a new one with `/incident-response status draft`.")
    after(draft.state, Move.EDIT)
    if gesture.trigger_id is None:
        raise Refused("Slack gave no way to open the editor. Press *Edit* again.")
    there, unread = await components.listed(page, within_s=components.BEFORE_A_MODAL_S)
    try:
        await chat.open_modal(gesture.trigger_id, editor(draft, there, unread))
    except VendorError as error:  # the click is worth nothing after three seconds: a later try would only be in the way
        raise Refused("Slack did not open the editor. Press *Edit* again.") from error
    return None
