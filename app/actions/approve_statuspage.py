"""The one place from which something can be published (P-gate): a person's click on *Approve & Publish*."""

from __future__ import annotations

import asyncio

from app import ledger
from app.domain.draft import Draft, DraftState
from app.domain.gesture import Gesture
from app.domain.incident import Incident, Status
from app.domain.people import Human
from app.domain.policy import Policy
from app.domain.ticket import Ticket
from app.errors import VendorError
from app.flows import checklist, nudges, publishing
from app.flows.resolution import ask_to_wrap_up
from app.gate.door import Door, Outcome
from app.gate.target import PublishTarget
from app.messages.message import Message, say
from app.ports import Chat, PublicPage, Queue, Store, Timers
from app.telemetry import metrics


async def handle(
    gesture: Gesture,
    human: Human,
    store: Store,
    page: PublicPage,
    target: PublishTarget,
    chat: Chat,
    queue: Queue,
    timers: Timers,
    policy: Policy,
) -> Message:
    seen = Ticket.model_validate_json(gesture.value)
    telling: list[asyncio.Task[None]] = []

    def on_its_way(draft: Draft) -> None:
        """The room sees that it is approved while Statuspage takes its time; nothing waits for that."""
        telling.append(asyncio.create_task(_tell_approved(store, chat, draft)))

    door = Door(store, page, target, policy)
    try:
        outcome = await door.publish(seen.incident, seen.draft, seen.sha256, human, on_its_way=on_its_way)
    finally:
        await asyncio.gather(*telling)
    if outcome.now:
        metrics.published(outcome.draft)
    if outcome.draft.state is DraftState.UNKNOWN:
        await publishing.look_it_up(queue, outcome.draft)
    elif outcome.draft.state is DraftState.PUBLISHED and outcome.incident.status is Status.RESOLVED:
        await ask_to_wrap_up(queue, outcome.incident.id, outcome.draft.id)  # whether a last word is due now (S7)
    shown = await _show(store, chat, timers, policy, outcome)
    return say(_answer(outcome) + ("" if shown else " (The room could not be told: Slack did not take the message.)"))


async def _show(store: Store, chat: Chat, timers: Timers, policy: Policy, outcome: Outcome) -> bool:
    """What follows a publish may fail without changing what happened (D8)."""
    try:
        await publishing.refresh(store, chat, outcome.incident, outcome.draft)
        await publishing.announce(chat, outcome.incident, outcome.draft, outcome.why)
        await checklist.refresh(store, chat, outcome.incident.id)
        if outcome.now and outcome.draft.state is DraftState.PUBLISHED:
            await nudges.postpone(timers, outcome.incident, policy)
    except VendorError as error:
        metrics.step_failed("show_publish_outcome", str(error))
        return False
    return True


async def _tell_approved(store: Store, chat: Chat, draft: Draft) -> None:
    try:
        await publishing.refresh(store, chat, await ledger.load(store, draft.incident_id), draft)
    except VendorError as error:
        metrics.step_failed("show_approved", str(error))


def _answer(outcome: Outcome) -> str:
    draft, incident = outcome.draft, outcome.incident
    if draft.state is DraftState.PUBLISHED:
        when = "" if outcome.now else " It was published before this click; nothing was sent again."
        return f"Published.{when}" + _where(incident)
    if draft.state is DraftState.UNKNOWN:
        return "Statuspage has not answered. I am looking whether the text is there; it will not be sent twice."
    return f"Not published: {outcome.why or 'Statuspage does not have it'}. You can approve it again."


def _where(incident: Incident) -> str:
    return f" <{incident.public.url}|See it.>" if incident.public and incident.public.url else ""
