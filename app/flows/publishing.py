"""A text on its way to customers, as the room sees it. The decision itself is the gate's; this shows it."""

from __future__ import annotations

from datetime import timedelta

from app import clock, ledger
from app.domain.draft import Draft, DraftState, PublicText, restoring
from app.domain.incident import Incident
from app.domain.policy import Policy
from app.domain.schedule import SCHEDULED_TIME, schedule_name
from app.domain.ticket import Ticket
from app.errors import Refused, Unknown
from app.flows.steps import keep_current, post_once
from app.gate import drafts
from app.gate.rules import left_behind
from app.messages import statuspage
from app.messages.message import Message, say
from app.ports import Chat, Queue, Store, Timers
from app.queue.envelope import Envelope, dedup, lane

LOOK_LATER = timedelta(minutes=10)


async def propose(
    store: Store, chat: Chat, policy: Policy, incident: Incident, cause: str, text: PublicText, *, author: str
) -> Draft:
    """Write a draft and put it where it can be decided (G9). The same ``cause`` again is the same draft, shown once."""
    whole = restoring(text, await store.drafts(incident.id))
    draft = await drafts.create(store, incident.id, cause, whole, author=author, lasts=policy.approval_expires)
    return await show(store, chat, incident, draft)


async def revise(
    store: Store, chat: Chat, policy: Policy, seen: Ticket, cause: str, text: PublicText, *, author: str, actor: str
) -> Draft:
    """Another text takes the place of the one that was seen, and is shown like any."""
    whole, lasts = restoring(text, await store.drafts(seen.incident)), policy.approval_expires
    draft = await drafts.edit(store, seen, cause, whole, author=author, actor=actor, lasts=lasts)
    return await show(store, chat, await ledger.load(store, seen.incident), draft)


async def show(store: Store, chat: Chat, incident: Incident, draft: Draft) -> Draft:
    """Put it into the room; the ones that it replaced lose their buttons."""
    if incident.channel_id is None:
        raise Refused("This incident has no room yet, so nobody could decide about the text. Try again in a moment.")
    if draft.message_ts is None:
        message = await _card(store, incident.id, draft)
        ts = await post_once(chat, incident.channel_id, message, f"draft:{draft.id}", adopting=True)
        draft = await drafts.shown(store, incident.id, draft.id, ts)
        if draft.state is not DraftState.PENDING_APPROVAL:  # somebody decided before its place was known
            await refresh(store, chat, incident, draft)
    for old in await store.drafts(incident.id):
        if old.replaced_by == draft.id:
            await refresh(store, chat, incident, old)
    return draft


async def refresh(store: Store, chat: Chat, incident: Incident, draft: Draft) -> None:
    """Make the draft's message say what has become of it."""

    async def card() -> Message:
        return await _card(store, incident.id, await store.draft(incident.id, draft.id) or draft)

    if incident.channel_id and draft.message_ts:
        await keep_current(chat, incident.channel_id, draft.message_ts, card)


async def _card(store: Store, incident_id: str, draft: Draft) -> Message:
    incident = await ledger.load(store, incident_id)
    obstacles = ["this is a drill, and nothing of it is ever published"] if incident.drill else []
    obstacles += [*drafts.problems(draft.text), *left_behind(draft, await store.drafts(incident_id))]
    return statuspage.card(draft, obstacles, public=incident.public, expired=clock.now() >= draft.valid_until)


async def look_it_up(queue: Queue, draft: Draft) -> None:
    """Ask for an UNKNOWN draft to be settled. One question per POST, however often it is asked."""
    await queue.send(
        Envelope(
            kind="event:settle_publish",
            lane=lane("settle", draft.id),
            dedup_id=dedup("settle", draft.id, draft.claim or ""),
            body=f'{{"incident_id":"{draft.incident_id}","draft_id":"{draft.id}"}}',
        )
    )


async def look_later(timers: Timers, incident_id: str, draft_id: str) -> None:
    """Statuspage is away, perhaps for long: a schedule outlasts the message that asks."""
    await timers.once(
        schedule_name("settle", draft_id),
        clock.now() + LOOK_LATER,
        message=Envelope(
            kind="event:settle_publish",
            lane=lane("settle", draft_id),
            dedup_id=SCHEDULED_TIME,
            body=f'{{"incident_id":"{incident_id}","draft_id":"{draft_id}","scheduled_at":"{SCHEDULED_TIME}"}}',
        ),
    )


async def announce(chat: Chat, incident: Incident, draft: Draft, why: str = "") -> None:
    """Say in the room what became of a published text, once for each outcome of each POST."""
    if incident.channel_id is None:
        return
    effect = f"outcome:{draft.id}:{draft.claim}:{draft.state}"
    try:
        await post_once(chat, incident.channel_id, _outcome(incident, draft, why), effect, adopting=True)
    except Unknown:
        return  # it may stand there; a second one would be worse, and the draft's own message says it too


def _outcome(incident: Incident, draft: Draft, why: str) -> Message:
    by = f" by <@{draft.approved_by.removeprefix('slack:')}>" if draft.approved_by else ""
    url = f" <{incident.public.url}|See it.>" if incident.public and incident.public.url else ""
    if draft.state is DraftState.PUBLISHED:
        return say(f":mega: PUBLISHED to customers: *{draft.text.status.value}*, approved{by}.{url}")
    if draft.state is DraftState.UNKNOWN:
        return say(
            ":grey_question: UNKNOWN: the text approved" + by + " was sent to Statuspage and no answer came. "
            "I am looking on Statuspage whether it is there, and will not send it again."
        )
    if incident.public_deleted:
        return say(
            ":wastebasket: NOT PUBLISHED: somebody deleted the public incident on Statuspage. Customers read nothing "
            "of it, and it holds this incident no more. Another text that is approved opens a new one."
        )
    return say(f":x: NOT PUBLISHED: {why or 'Statuspage did not take it'}. Approve it again, or edit it first.")
