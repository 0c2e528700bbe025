"""One alert of an incident gets an incident of its own: first the new one, then the old one lets go.

A crash in between leaves the alert on both lists for a moment, and never on none: what happens to it is the new one's.
"""

from __future__ import annotations

import hashlib

from app import clock, ledger
from app.domain.alert import AlertEvent
from app.domain.alert_group import AlertGroup
from app.domain.audit import AuditType, Fact
from app.domain.change import StepRecord
from app.domain.incident import Incident, Status
from app.domain.people import Human
from app.errors import Busy, Conflict, Refused
from app.flows import header, intake
from app.flows.steps import post_once
from app.flows.war_room import ask_to_assemble
from app.ledger import Decision
from app.messages import alerts as messages
from app.ports import Chat, Queue, Store
from app.queue.envelope import Envelope, dedup, lane

FLOW = "split"


async def split(
    store: Store, chat: Chat, queue: Queue, incident: Incident, name: str, human: Human, by: str
) -> Incident:
    """The new incident, whose room is asked for. The same gesture (``by``) again gives the same one, whatever
    has joined since."""
    step = hashlib.sha256(by.encode()).hexdigest()[:16]
    done = (await store.steps(incident.id, FLOW)).get(step)
    if done is not None:
        group = AlertGroup.model_validate(done.result["group"])
        new = await ledger.load(store, str(done.result["to"]))
    else:
        group = _named(incident, name)
        try:
            new = await intake.take_out(store, incident, group, human)
        except Conflict as error:
            raise Busy(f"alert group {group.id} is being moved by somebody else", after=1.0) from error
        group = await _let_go(store, incident, group, new, human, step)
    await ask_to_assemble(queue, new, by)
    if group.over:  # meanwhile
        await _ask_to_end(queue, new, group)
    if incident.channel_id:
        message = messages.split_off(group, human.actor)
        await post_once(chat, incident.channel_id, message, f"split:{by}", adopting=True)
        await header.refresh(store, chat, incident.id)
    return new


async def _let_go(
    store: Store, incident: Incident, group: AlertGroup, new: Incident, human: Human, step: str
) -> AlertGroup:
    """As it was last heard of here: what came until the new incident had it was told to this one."""
    details = {"alert_group": group.id, "number": group.number, "to": new.id}
    fact = Fact(type=AuditType.ALERT_SPLIT_OFF, actor=human.actor, details=details)

    last = group

    def decide(fresh: Incident) -> Decision | None:
        nonlocal last
        found = fresh.group(group.id)
        if found is None:
            return None
        last = found
        left = tuple(one for one in fresh.groups if one.id != group.id)
        record = StepRecord(FLOW, step, {"group": last.model_dump(mode="json"), "to": new.id}, clock.now())
        return Decision(fresh.but(alerts=left), [fact], steps=[record])

    await ledger.amend(store, incident.id, decide)
    return last


async def _ask_to_end(queue: Queue, new: Incident, group: AlertGroup) -> None:
    """Behind the room, in the same lane: whoever is in it is asked, as at any end."""
    ended = new.alert.model_copy(update={"event": AlertEvent.RESOLVED, "at": group.at})
    await queue.send(
        Envelope(
            kind="event:alert_resolved",
            lane=lane("alert", group.id),
            dedup_id=dedup("ended", new.id, group.at.isoformat()),
            body=ended.model_dump_json(),
        )
    )


def _named(incident: Incident, name: str) -> AlertGroup:
    """Raises ``Refused`` for what cannot be taken out."""
    if incident.status is Status.RESOLVED:
        raise Refused("This incident is resolved. If an alert of it goes on, it re-opens it or opens its own.")
    wanted = name.strip().lstrip("#")
    group = next((one for one in incident.groups if wanted in (str(one.number), one.id)), None)
    joined = [one for one in incident.groups if one.id != incident.alert.alert_group]
    others = [one for one in joined if not one.over]
    if group is None or group not in others:
        numbers = ", ".join(f"`{one.number}`" for one in others[:20])
        what = f"Others can be taken out: {numbers}" if others else "No other alert has joined this incident"
        if joined and not others:
            what = "All that joined this incident have ended"
        raise Refused(f"{_why_not(group, joined)}. {what}. `/incident-response status` lists them.")
    return group


def _why_not(group: AlertGroup | None, joined: list[AlertGroup]) -> str:
    if group is None:
        return "There is no such alert here"
    if group in joined:
        return "That alert has ended, so an incident of its own would be over at once; if it fires again, split it then"
    return "That is the alert that this incident is about"
