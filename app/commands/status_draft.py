from __future__ import annotations

from app import clock
from app.domain import draft_request
from app.domain.component import ComponentChange
from app.domain.draft import BODY_MAX, PublicText
from app.domain.draft_request import DraftRequest
from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human
from app.domain.policy import Policy
from app.errors import Refused
from app.flows import checklist, components, publishing
from app.messages.message import Message, cut, escape, say
from app.ports import Chat, PublicPage, Store, Writer

HELP = (
    "draft a text for customers: alone, or with your words behind it; nothing is published yet. Before them, if you "
    'like: `identified` (or another state), `--component "Name"=partial_outage`, `--next 30` (minutes)'
)


async def handle(
    gesture: Gesture,
    human: Human,
    incident: Incident,
    store: Store,
    chat: Chat,
    page: PublicPage,
    writer: Writer,
    policy: Policy,
) -> Message:
    wanted = draft_request.read(gesture.text)
    if len(wanted.words) > BODY_MAX:
        raise Refused(
            f"That is {len(wanted.words):,} characters; a text for customers has {BODY_MAX:,} at most. Cut it."
        )
    changes, without = await _changes(page, wanted)
    text = await writer.public_text(incident, await store.trail(incident.id), wanted.words, wanted.status)
    text = _promising(text.model_copy(update={"components": changes}), wanted)
    await publishing.propose(store, chat, policy, incident, gesture.key, text, author=human.actor)
    await checklist.refresh(store, chat, incident.id)
    return say("The draft is in the room. Nothing is published until it is approved there." + without)


async def _changes(page: PublicPage, wanted: DraftRequest) -> tuple[tuple[ComponentChange, ...], str]:
    """What becomes of the components, and what could not be done about them."""
    if not wanted.components:
        return (), ""
    there, unread = await components.listed(page)
    if unread:
        return (), f"\n:warning: It changes no component: {escape(unread)}. *Edit* it when Statuspage answers."
    return components.named(wanted.components, there), ""


def _promising(text: PublicText, wanted: DraftRequest) -> PublicText:
    if wanted.next_in is None:
        return text
    promise = f" Next update by {clock.now() + wanted.next_in:%H:%M} UTC."
    return text.model_copy(update={"body": cut(text.body, BODY_MAX - len(promise)) + promise})
