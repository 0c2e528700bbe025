"""The one place from which something can be published (P-gate): a person's click on *Approve & Publish*."""

from __future__ import annotations

import asyncio

from app import ledger
from app.domain.draft import Draft, DraftState, PublicStatus
from app.domain.gesture import Gesture
from app.domain.incident import Incident, Status
from app.domain.people import Human
from app.domain.policy import Policy
from app.domain.ticket import Ticket
from app.errors import Refused, VendorError
from app.flows import checklist, ending, nudges, publishing
from app.flows.approvers import beside_the_commander
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
    seen = Ticket.read(gesture.value)
    telling: list[asyncio.Task[None]] = []

    def on_its_way(draft: Draft) -> None:
        """The room sees that it is approved while Statuspage takes its time; nothing waits for that."""
        telling.append(asyncio.create_task(_tell_approved(store, chat, draft)))

    door = Door(store, page, target, policy)
    incident = await ledger.load(store, seen.incident)
    approvers = await beside_the_commander(chat, policy, incident, human)
    try:
        outcome = await door.publish(seen, human, approvers, on_its_way=on_its_way)
    except Refused:
        await _show_as_it_is(store, chat, incident, seen)
        raise
    finally:
        await asyncio.gather(*telling)
    if outcome.now:
        metrics.published(outcome.draft)
    if outcome.draft.state is DraftState.UNKNOWN:
        await publishing.look_it_up(queue, outcome.draft)
    elif outcome.draft.state is DraftState.PUBLISHED or outcome.incident.public_deleted:
        await ending.after_publishing(queue, outcome.incident, outcome.draft)
    shown = await _show(store, chat, timers, policy, outcome)
    reminded = await _remind_of_the_promise(timers, outcome)
    return say(" ".join(part for part in (_answer(outcome), shown, reminded) if part))


async def _show(store: Store, chat: Chat, timers: Timers, policy: Policy, outcome: Outcome) -> str:
    """What follows a publish may fail without changing what happened (D8); what did fail, in words."""
    try:
        await publishing.refresh(store, chat, outcome.incident, outcome.draft)
        await publishing.announce(chat, outcome.incident, outcome.draft, outcome.why)
        await checklist.refresh(store, chat, outcome.incident.id)
        if outcome.now and outcome.draft.state is DraftState.PUBLISHED:
            await nudges.postpone(timers, outcome.incident, policy)
    except VendorError as error:
        metrics.step_failed("show_publish_outcome", str(error))
        return "(The room could not be told: Slack did not take the message.)"
    return ""


async def _remind_of_the_promise(timers: Timers, outcome: Outcome) -> str:
    if outcome.draft.state is not DraftState.PUBLISHED:
        return ""
    try:
        await nudges.promise(timers, outcome.incident, outcome.incident.promised_update_at)
    except VendorError as error:
        metrics.step_failed("remind_of_promise", str(error))
        return "(Nobody will be reminded of what it promises: no schedule could be set.)"
    return ""


async def _show_as_it_is(store: Store, chat: Chat, incident: Incident, seen: Ticket) -> None:
    """It may have grown too old since it was shown: then its message offers *Still true* from now on."""
    try:
        if draft := await store.draft(seen.incident, seen.draft):
            await publishing.refresh(store, chat, incident, draft)
    except VendorError as error:
        metrics.step_failed("show_refused", str(error))


async def _tell_approved(store: Store, chat: Chat, draft: Draft) -> None:
    try:
        await publishing.refresh(store, chat, await ledger.load(store, draft.incident_id), draft)
    except VendorError as error:
        metrics.step_failed("show_approved", str(error))


def _answer(outcome: Outcome) -> str:
    draft, incident = outcome.draft, outcome.incident
    if draft.state is DraftState.PUBLISHED:
        when = "" if outcome.now else " It was published before this click; nothing was sent again."
        return f"Published.{when}" + _where(incident) + _then(outcome)
    if draft.state is DraftState.UNKNOWN:
        return "Statuspage has not answered. I am looking whether the text is there; it will not be sent twice."
    if incident.public_deleted:
        return "Not published: the public incident was deleted on Statuspage. The room is told what follows."
    return f"Not published: {outcome.why or 'Statuspage does not have it'}. You can approve it again."


def _then(outcome: Outcome) -> str:
    if outcome.draft.text.status is not PublicStatus.RESOLVED or outcome.incident.status is Status.RESOLVED:
        return ""
    return " Customers read that it is over; `/incident-response resolve` says so here, too."


def _where(incident: Incident) -> str:
    return f" <{incident.public.url}|See it.>" if incident.public and incident.public.url else ""
