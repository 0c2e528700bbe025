"""One alert of an incident gets an incident of its own: first the new one, then the old one lets go.

A crash in between leaves the alert on both lists for a moment, and never on none: what happens to it is the new one's.
"""

from __future__ import annotations

import hashlib

from app import clock, ledger
from app.domain.alert_group import AlertGroup
from app.domain.audit import AuditType, Fact
from app.domain.change import StepRecord
from app.domain.incident import Incident, Status
from app.domain.people import Human
from app.errors import Busy, Conflict, Refused
from app.flows import header, intake
from app.flows.steps import post_once
from app.ledger import Decision
from app.messages import alerts as messages
from app.ports import Chat, Store

FLOW = "split"


async def split(store: Store, chat: Chat, incident: Incident, name: str, human: Human, by: str) -> Incident:
    """The new incident. The same gesture (``by``) again gives the same one, whatever has joined since."""
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
        await _let_go(store, incident, group, new, human, step)
    if incident.channel_id:
        message = messages.split_off(group, human.actor)
        await post_once(chat, incident.channel_id, message, f"split:{by}", adopting=True)
        await header.refresh(store, chat, incident.id)
    return new


async def _let_go(store: Store, incident: Incident, group: AlertGroup, new: Incident, human: Human, step: str) -> None:
    result = {"group": group.model_dump(mode="json"), "to": new.id}
    record = StepRecord(FLOW, step, result, clock.now())
    details = {"alert_group": group.id, "number": group.number, "to": new.id}
    fact = Fact(type=AuditType.ALERT_SPLIT_OFF, actor=human.actor, details=details)

    def decide(fresh: Incident) -> Decision | None:
        if fresh.group(group.id) is None:
            return None
        left = tuple(one for one in fresh.groups if one.id != group.id)
        return Decision(fresh.but(alerts=left), [fact], steps=[record])

    await ledger.amend(store, incident.id, decide)


def _named(incident: Incident, name: str) -> AlertGroup:
    """Raises ``Refused`` for what cannot be taken out."""
    if incident.status is Status.RESOLVED:
        raise Refused("This incident is resolved. If an alert of it goes on, it re-opens it or opens its own.")
    wanted = name.strip().lstrip("#")
    group = next((one for one in incident.groups if wanted in (str(one.number), one.id)), None)
    others = [one for one in incident.groups if one.id != incident.alert.alert_group]
    if group is None or group not in others:
        numbers = ", ".join(f"`{one.number}`" for one in others[:20])
        why = "That is the alert that this incident is about" if group else "There is no such alert here"
        what = f"Others can be taken out: {numbers}" if others else "No other alert has joined this incident"
        raise Refused(f"{why}. {what}. `/incident-response status` lists them.")
    return group
