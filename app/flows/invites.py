"""Everybody into the room: on-call people and the team at once, whoever Slack's rate limit held back a little later.

In batches, each a step of its own: one transaction holds a hundred actions, and each person invited is an audit event.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from app.domain.audit import AuditType, Fact
from app.domain.incident import Incident, Responder
from app.domain.people import SYSTEM, Person, Source
from app.domain.policy import Policy
from app.errors import VendorError
from app.flows import people
from app.flows.people import Responders
from app.flows.steps import Done, Flow, post_once
from app.messages import room as messages
from app.ports import Chat
from app.telemetry import metrics

BATCH = 30  # people invited at once: far below Slack's 100 and DynamoDB's 100
_WHY = {Source.ON_CALL: "first on call", Source.REQUEST: "declared it"}
LATE_BATCH = 10  # people looked up one after the other; at Slack's rate well within a lease


async def invite(flow: Flow, chat: Chat, policy: Policy, channel: str, responders: Responders) -> None:
    for number, batch in enumerate(_batches(responders.found, BATCH), start=1):
        name = "invite_responders" if number == 1 else f"invite_responders_{number}"
        await flow.optional(name, partial(_invite, chat, channel, batch))
    if not flow.incident.responders and flow.ending:  # an invite that failed is tried again first
        await flow.optional("nobody_invited", lambda: _nobody(flow, chat, policy, channel, responders))


async def invite_late(flow: Flow, chat: Chat, channel: str, responders: Responders) -> None:
    """A large team is more look-ups than Slack allows at once: the rest comes when the room stands (T7)."""
    for number, batch in enumerate(_batches(responders.late, LATE_BATCH), start=1):
        await flow.optional(f"invite_late_{number}", partial(_invite_late, chat, channel, batch))


async def _invite(chat: Chat, channel: str, batch: Sequence[Person]) -> Done:
    outcome = await chat.invite(channel, [person.slack_id for person in batch if person.slack_id])
    here = [person for person in batch if person.slack_id in outcome.joined]
    facts = [_invited(person) for person in here]
    facts += [_not_invited(slack_id, why) for slack_id, why in outcome.failed.items()]
    # On-call people come first; whoever declared it has command if none of them could come.
    first = next((person for person in here if person.source in (Source.ON_CALL, Source.REQUEST)), None)
    commander, why = (first.slack_id, _WHY[first.source]) if first else (None, "")
    came = tuple(Responder(slack_id=p.slack_id or "", name=p.name, source=p.source) for p in here)

    def change(incident: Incident) -> Incident:
        """Whoever has command keeps it: they took it while we were inviting, or came with an earlier batch."""
        return incident.but(responders=(*incident.responders, *came), ic=incident.ic or commander)

    def assigned(incident: Incident) -> list[Fact]:
        if commander is None or incident.ic is not None:
            return []
        return [Fact(type=AuditType.IC_ASSIGNED, actor=SYSTEM, details={"ic": commander, "before": None, "why": why})]

    return Done(facts=facts, change=change, also=assigned)


async def _invite_late(chat: Chat, channel: str, batch: Sequence[Person]) -> Done:
    found, absent = await people.look_up_slowly(batch, chat)
    nowhere = [_not_invited(name, why) for name, why in absent.items()]
    if not found:
        return Done(facts=nowhere)
    done = await _invite(chat, channel, found)
    return replace(done, facts=[*done.facts, *nowhere])


async def _nobody(flow: Flow, chat: Chat, policy: Policy, channel: str, responders: Responders) -> Done:
    """Nobody is in the room to read a warning: tell somebody outside it (S3)."""
    known = [*responders.failures.values(), *responders.absent.values(), *map(str, flow.missing.values())]
    why = "; ".join(known) or "Slack let nobody in"
    message = messages.nobody_came(flow.incident, await chat.link(channel), why)
    effect = f"nobody:{flow.incident.id}"
    told: list[str] = []
    for person in responders.found:
        if person.source is Source.ON_CALL and person.slack_id:
            with suppress(VendorError):  # one who cannot be reached is no reason to tell nobody
                await chat.direct(person.slack_id, message, effect_id=effect)
                told.append(person.slack_id)
    if not told and policy.fallback_channel:
        await post_once(chat, policy.fallback_channel, message, effect, adopting=flow.adopting)
        told.append(policy.fallback_channel)
    if not told:
        metrics.unheard("nobody_invited", flow.incident.id, why)
    details = {"told": told, "why": why}
    return Done(facts=[Fact(type=AuditType.NOBODY_INVITED_ESCALATED, actor=SYSTEM, details=details)])


def _batches(people: Sequence[Person], size: int) -> list[Sequence[Person]]:
    return [people[start : start + size] for start in range(0, len(people), size)]


def _invited(person: Person) -> Fact:
    details = {"slack_id": person.slack_id, "source": person.source.value}
    return Fact(type=AuditType.RESPONDER_INVITED, actor=SYSTEM, details=details)


def _not_invited(who: str, why: str) -> Fact:
    return Fact(type=AuditType.RESPONDER_NOT_INVITED, actor=SYSTEM, details={"who": who, "why": why})
