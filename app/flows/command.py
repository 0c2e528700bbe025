"""Who commands: one person at a time, and some things only they may do.

There is one field for it, and each change of it is one transaction: two cannot have command, and whoever loses it loses
it at the instant at which somebody else gets it, or an alarm is on record.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.domain.change import StepRecord
from app.domain.incident import Incident
from app.domain.people import SYSTEM, Human, Role
from app.errors import Refused
from app.flows import checklist, header
from app.flows.steps import post_once
from app.ledger import Decision
from app.messages.room import commander_changed
from app.ports import Chat, Store

TAKEN = "take_command"  # the journal that knows each gesture that took command


async def demand(store: Store, incident: Incident, human: Human, to_do: str) -> None:
    """Raises ``Refused``, kindly and audited, unless this person commands the incident."""
    if incident.ic == human.slack_id:
        return
    details = {"wanted": to_do, "ic": incident.ic}
    refused = Fact(type=AuditType.COMMAND_REFUSED, actor=human.actor, details=details)
    await ledger.amend(store, incident.id, lambda fresh: Decision(fresh, [refused]))
    who = f"<@{incident.ic}> commands this incident" if incident.ic else "Nobody commands this incident yet"
    raise Refused(f"{who}, and only the incident commander can {to_do}. If that should be you, press *Take command*.")


async def take(store: Store, incident_id: str, human: Human, *, by: str) -> tuple[Incident, bool]:
    """The incident, and whether command changed hands with this gesture, now or in an earlier delivery of it.

    Raises ``Refused`` for one that had its turn: whoever took command since keeps it (D9).
    """
    changed, step = False, hashlib.sha256(by.encode()).hexdigest()[:16]
    had_its_turn = step in await store.steps(incident_id, TAKEN)

    def decide(incident: Incident) -> Decision | None:
        nonlocal changed
        if incident.ic == human.slack_id and incident.commanded:
            changed = incident.ic_by == by
            return None
        if had_its_turn:
            who = f"<@{incident.ic}> commands it since" if incident.ic else "Nobody commands it since"
            raise Refused(f"You took command of this incident, and {who}. If that should be you, press it again.")
        changed = True
        decision = given(incident, human.slack_id, by=by, actor=human.actor, why="took command")
        return replace(decision, steps=[StepRecord(TAKEN, step, {}, clock.now())])

    incident = await ledger.amend(store, incident_id, decide)
    return incident, changed


def given(incident: Incident, to: str, *, by: str, actor: str, why: str) -> Decision:
    """Command goes to one person, from whoever had it. An offer of it that still stands is void. Pure."""
    facts = [Fact(type=AuditType.IC_ASSIGNED, actor=actor, details={"ic": to, "before": incident.ic, "why": why})]
    if (offer := incident.handoff) and not offer.declined_by:
        details = {"id": offer.id, "to": offer.to, "why": f"<@{to}> has command: {why}"}
        facts.append(Fact(type=AuditType.HANDOFF_CANCELLED, actor=actor, details=details))
    roles = dict(incident.roles)
    if roles.get(Role.DEPUTY) == to:  # nobody is their own deputy
        del roles[Role.DEPUTY]
        gone = {"role": Role.DEPUTY.value, "slack_id": None, "before": to}
        facts.append(Fact(type=AuditType.ROLE_ASSIGNED, actor=actor, details=gone))
    return Decision(incident.but(ic=to, ic_by=by, handoff=None, roles=roles), facts)


def lost(incident: Incident, present: set[str], *, by: str) -> Decision:
    """The commander is not in the room any more: the deputy who is has command, or nobody, and that is an alarm. Pure.

    ``by`` stays on the incident either way, so that whoever comes back to finish this knows what it was about.
    """
    deputy = incident.roles.get(Role.DEPUTY)
    if deputy in incident.seen and deputy in present:
        return given(incident, deputy, by=by, actor=SYSTEM, why="deputy: the commander left the room")
    details = {"before": incident.ic, "why": "left the room"}
    vacant = Fact(type=AuditType.COMMAND_VACANT, actor=SYSTEM, details=details)
    told = (incident.ic,) if incident.ic else ()  # they know; everybody else is told anew
    return Decision(incident.but(ic=None, ic_by=by, told_outside=told, unheard_at=None), [vacant])


async def announce(store: Store, chat: Chat, incident: Incident) -> None:
    """Header, checklist and room say who commands since the gesture that the incident remembers. Twice is once."""
    await header.refresh(store, chat, incident.id)
    await checklist.refresh(store, chat, incident.id)
    if incident.channel_id and incident.ic and incident.archived_at is None:
        message = commander_changed(incident.ic)
        await post_once(chat, incident.channel_id, message, f"ic:{incident.ic_by}", adopting=True)
