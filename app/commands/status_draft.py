"""A text for customers, from what was typed and what is known. It is shown in the room, and published by nobody yet."""

from __future__ import annotations

from collections.abc import Mapping

from app import clock
from app.domain import draft_request
from app.domain.catalogue import Catalogue
from app.domain.component import ComponentChange, ComponentStatus
from app.domain.draft import BODY_MAX, PublicStatus, PublicText
from app.domain.draft_request import DraftRequest
from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human
from app.domain.policy import Policy
from app.errors import Refused
from app.flows import checklist, components, publishing
from app.messages.message import Message, cut, escape, say
from app.ports import Chat, PublicPage, Store, Writer

HELP = "draft a text for customers, with or without your words; before them a state, --component, --next if you like"


async def handle(
    gesture: Gesture,
    human: Human,
    incident: Incident,
    store: Store,
    chat: Chat,
    page: PublicPage,
    writer: Writer,
    policy: Policy,
    catalogue: Catalogue,
) -> Message:
    wanted = draft_request.read(gesture.words)
    if len(wanted.words) > BODY_MAX:
        raise Refused(
            f"That is {len(wanted.words):,} characters; a text for customers has {BODY_MAX:,} at most. Cut it."
        )
    text = await writer.public_text(incident, await store.trail(incident.id), wanted.words, wanted.status)
    changes, without = await _changes(page, wanted, _usual(catalogue, incident, text, wanted))
    text = _promising(text.model_copy(update={"components": changes}), wanted)
    await publishing.propose(store, chat, policy, incident, gesture.key, text, author=human.actor)
    await checklist.refresh(store, chat, incident.id)
    return say("The draft is in the room. Nothing is published until it is approved there." + without)


def _usual(
    catalogue: Catalogue, incident: Incident, text: PublicText, wanted: DraftRequest
) -> dict[str, ComponentStatus]:
    """What a first text proposes: the service's own components, as mildly as can be; whoever approves it decides."""
    if wanted.components or incident.public or text.status is PublicStatus.RESOLVED:
        return {}
    service = catalogue.of(incident.service, incident.alert.labels)
    return dict.fromkeys(service.components, ComponentStatus.DEGRADED_PERFORMANCE)


async def _changes(
    page: PublicPage, wanted: DraftRequest, usual: Mapping[str, ComponentStatus]
) -> tuple[tuple[ComponentChange, ...], str]:
    """What becomes of the components, and what could not be done about them."""
    if not (wanted.components or usual):
        return (), ""
    there, unread = await components.listed(page)
    if unread:
        return (), f"\n:warning: It changes no component: {escape(unread)}. *Edit* it when Statuspage answers."
    known = {one.name.casefold() for one in there}
    strange = [name for name in usual if name.casefold() not in known]
    proposed = {name: status for name, status in usual.items() if name not in strange}
    warning = (
        f"\n:warning: Not on the status page: {escape(', '.join(strange))}. Mend services.yaml." if strange else ""
    )
    return components.named({**proposed, **wanted.components}, there), warning


def _promising(text: PublicText, wanted: DraftRequest) -> PublicText:
    if wanted.next_in is None:
        return text
    promise = f" Next update by {clock.now() + wanted.next_in:%H:%M} UTC."
    return text.model_copy(update={"body": cut(text.body, BODY_MAX - len(promise)) + promise})
