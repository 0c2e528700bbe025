"""From an alert to a room with the right people, the context and a checklist in it.

``create_channel`` ‖ ``resolve_responders`` ‖ context, then invite, header, and all the rest side by side. Without the
channel there is nothing; everything else is optional, retried while there is patience, and said aloud when missing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from app import clock, telemetry
from app.domain.audit import AuditType, Fact
from app.domain.catalogue import Catalogue, Service
from app.domain.incident import Incident, Status
from app.domain.people import SYSTEM, Source
from app.domain.policy import Policy
from app.domain.readings import Reading, failed
from app.domain.schedule import schedule_name
from app.flows import attendance, checklist, invites, nudges, people, room, steps
from app.flows.people import Responders
from app.flows.steps import Done, Flow, post_once, tell_once
from app.ledger import Decision
from app.messages import alerts
from app.messages import checklist as checklists
from app.messages import context as context_messages
from app.messages import room as messages
from app.messages.message import Message
from app.ports import Chat, Code, Directory, OnCallSchedule, Queue, Signals, Store, Timers
from app.queue.envelope import Envelope, dedup, lane
from app.telemetry import metrics

FLOW = "war_room"
CONTEXT_DEADLINE_S = 8.0  # the room does not wait longer for any data source


@dataclass(frozen=True)
class WarRoom:
    """Everything that assembling a room needs. ``assemble`` may be called any number of times for one incident."""

    store: Store
    chat: Chat
    schedule: OnCallSchedule
    directory: Directory
    signals: Signals
    code: Code
    timers: Timers
    policy: Policy
    catalogue: Catalogue

    async def assemble(self, incident_id: str) -> None:
        flow = await steps.begin(self.store, incident_id, FLOW, self._begin)
        if flow is not None:
            await steps.run(flow, lambda: self._assemble(flow))
        await checklist.refresh(self.store, self.chat, incident_id)

    def _begin(self, incident: Incident) -> Decision | None:
        if incident.status is Status.ALERT_RECEIVED:
            service = self.catalogue.of(incident.service, incident.alert.labels)
            known = {"about": service.about, "team": incident.team or service.team}
            started = Fact(type=AuditType.ASSEMBLY_STARTED, actor=SYSTEM, details={"service": incident.service})
            return Decision(incident.to(Status.ROOM_ASSEMBLING, **known), [started])
        if incident.status is Status.ROOM_ASSEMBLING:
            return Decision(incident, [Fact(type=AuditType.ASSEMBLY_STARTED, actor=SYSTEM, details={"resumed": True})])
        return None  # it stands, or it is over: a late delivery changes nothing (D2)

    async def _assemble(self, flow: Flow) -> None:
        context = asyncio.create_task(self._context(flow.incident))
        try:
            made, resolved = await steps.together(
                flow.step("create_channel", lambda: self._create_channel(flow)),
                flow.step("resolve_responders", lambda: self._resolve(flow.incident)),
            )
            channel, responders = str(made["channel_id"]), Responders.model_validate(resolved)
            await invites.invite(flow, self.chat, self.policy, channel, responders)
            await flow.optional("post_header", lambda: self._header(flow, channel))
            if declarer := flow.incident.declared_by:
                await flow.optional("tell_declarer", lambda: self._tell_declarer(flow.incident, channel, declarer))
            await steps.together(
                flow.optional("post_arrivals", lambda: self._arrivals(flow, channel, responders)),
                flow.optional("pin_checklist", lambda: self._checklist(flow, channel)),
                flow.optional("schedule_nudge", lambda: self._nudge(flow.incident)),
                flow.optional("watch_attendance", lambda: attendance.watch(self.timers, flow.incident, self.policy)),
                flow.optional("post_context", lambda: self._post_context(flow, channel, context)),
            )
            await invites.invite_late(flow, self.chat, channel, responders)
        finally:
            context.cancel()
        await self._end(flow, channel)

    async def _create_channel(self, flow: Flow) -> Done:
        made, adopted = await room.make_or_adopt(self.chat, flow.incident, adopting=flow.adopting)
        kind = AuditType.WAR_ROOM_ADOPTED if adopted else AuditType.WAR_ROOM_CREATED
        return Done(
            result={"channel_id": made.id},
            facts=[Fact(type=kind, actor=SYSTEM, details={"channel_id": made.id, "channel_name": made.name})],
            change=lambda incident: incident.but(channel_id=made.id, channel_name=made.name),
            lookups=[("CHANNEL", made.id)],
        )

    async def _resolve(self, incident: Incident) -> Done:
        responders = await people.resolve(
            incident.alert, incident.team, self.schedule, self.directory, self.chat, declared_by=incident.declared_by
        )
        sources = [person.source.value for person in responders.found]
        counts = {source.value: sources.count(source.value) for source in Source}
        facts = [
            Fact(
                type=AuditType.RESPONDERS_RESOLVED,
                actor=SYSTEM,
                details={
                    **counts,
                    "chain": responders.chain,
                    "not_in_slack": responders.absent,
                    **({"left_out": responders.left_out} if responders.left_out else {}),
                },
            )
        ]
        for source, why in responders.failures.items():
            metrics.directory_lookup_failed(source)
            details = {"source": source, "why": why}
            facts.append(Fact(type=AuditType.DIRECTORY_LOOKUP_FAILED, actor=SYSTEM, details=details))
        return Done(result=responders.model_dump(mode="json"), facts=facts)

    async def _header(self, flow: Flow, channel: str) -> Done:
        ts = await self._post(flow, channel, messages.opening(flow.incident), "header")
        return Done(result={"ts": ts}, facts=[_posted(AuditType.HEADER_POSTED, ts)])

    async def _tell_declarer(self, incident: Incident, channel: str, slack_id: str) -> Done:
        message = alerts.declared_here(incident, await self.chat.link(channel))
        await tell_once(self.chat, slack_id, message, f"declared:{incident.id}")
        return Done()

    async def _arrivals(self, flow: Flow, channel: str, responders: Responders) -> Done:
        here = {responder.slack_id for responder in flow.incident.responders}
        joined = [person for person in responders.found if person.slack_id in here]
        absent = dict(responders.absent)
        absent.update({p.name: "Slack did not let them in" for p in responders.found if p.slack_id not in here})
        failures = [f"{source}: {why}" for source, why in responders.failures.items()]
        if responders.late:
            failures.append(
                f"{len(responders.late)} more: Slack limits how fast they are looked up; they come in minutes"
            )
        if responders.left_out:
            failures.append(
                f"{responders.left_out} more of the team are not invited: a room is for {people.INVITED_MAX} people. "
                "`/incident-response invite @somebody` brings in whoever is needed"
            )
        ts = await self._post(flow, channel, messages.arrivals(joined, absent, failures, responders.chain), "arrivals")
        return Done(result={"ts": ts})

    async def _checklist(self, flow: Flow, channel: str) -> Done:
        ts = await self._post(flow, channel, checklists.card(flow.incident, (), clock.now()), "checklist")
        await self.chat.pin(channel, ts)
        await checklist.watch(self.store, self.timers, flow.incident.id)
        return Done(result={"ts": ts}, facts=[_posted(AuditType.CHECKLIST_PINNED, ts)])

    async def _nudge(self, incident: Incident) -> Done:
        first = await nudges.schedule(self.timers, incident, self.policy)
        name = schedule_name("nudge", incident.id)
        details = {"schedule": name, "first": first.isoformat()}
        return Done(
            result={"schedule": name},
            facts=[Fact(type=AuditType.NUDGE_SCHEDULED, actor=SYSTEM, details=details)],
            change=lambda incident: incident.but(schedules=(*incident.schedules, name)),
        )

    async def _context(self, incident: Incident) -> list[Reading]:
        at, service = incident.alert.at, self.catalogue.of(incident.service, incident.alert.labels)
        sources: dict[str, Signals | Code] = {"Metrics, logs and traces": self.signals, "Code": self.code}
        read = await asyncio.gather(*(_read(label, source, service, at) for label, source in sources.items()))
        return [reading for readings in read for reading in readings]

    async def _post_context(self, flow: Flow, channel: str, context: asyncio.Task[list[Reading]]) -> Done:
        readings = await context
        listed = self.catalogue.find(flow.incident.service, flow.incident.alert.labels) is not None
        message = context_messages.snapshot(readings, clock.now(), listed=listed)
        ts = await self._post(flow, channel, message, "context")
        if flow.adopting:  # an earlier attempt may have posted what it read; what is shown is what is kept
            await self.chat.update(channel, ts, message)
        counts = {reading.label: reading.outcome.value for reading in readings}
        kept = [reading.model_dump(mode="json", exclude_defaults=True) for reading in readings]
        return Done(result={"ts": ts, "readings": kept}, facts=[_posted(AuditType.CONTEXT_POSTED, ts, sources=counts)])

    async def _end(self, flow: Flow, channel: str) -> None:
        seconds = (clock.now() - flow.incident.alert.at).total_seconds()
        if flow.ending:  # said before it is so, since afterwards nobody would come back to say it
            await flow.optional("post_assembled", lambda: self._assembled(flow, channel, seconds))
        missing = _missing(flow)
        status = Status.ASSEMBLY_DEGRADED if missing else Status.ACTIVE

        def change(incident: Incident) -> Incident:
            return incident.to(status, missing=missing) if incident.may(status) else incident

        facts = [
            Fact(
                type=AuditType.WAR_ROOM_ASSEMBLED,
                actor=SYSTEM,
                details={"seconds_from_alert": round(seconds, 1), "missing": list(missing), "attempts": flow.attempt},
            )
        ]
        await flow.end(change, facts)
        metrics.room_assembled(seconds)

    async def _assembled(self, flow: Flow, channel: str, seconds: float) -> Done:
        message = messages.assembled(flow.incident, _missing(flow), seconds)
        return Done(result={"ts": await self._post(flow, channel, message, "assembled")})

    async def _post(self, flow: Flow, channel: str, message: Message, what: str) -> str:
        return await post_once(self.chat, channel, message, f"{what}:{flow.incident.id}", adopting=flow.adopting)


async def ask_to_assemble(queue: Queue, incident: Incident, cause: str) -> None:
    """For the room of what a person asked for: made in a lane of its own, so that nobody waits behind it."""
    await queue.send(
        Envelope(
            kind="event:alert_firing",
            lane=lane("alert", incident.alert.alert_group),
            dedup_id=dedup("assemble", incident.id, cause),
            body=incident.alert.model_dump_json(),
        )
    )


async def _read(label: str, source: Signals | Code, service: Service, at: datetime) -> list[Reading]:
    """Each source fails alone, and as what it is (S1)."""
    try:
        async with asyncio.timeout(CONTEXT_DEADLINE_S):
            return await source.snapshot(service, at)
    except TimeoutError:
        return [failed(label, f"no answer within {CONTEXT_DEADLINE_S:g} s")]
    except Exception as error:
        telemetry.log.error("context_failed", source=label, why=str(error), exc_info=error)
        return [failed(label, f"reading it failed ({type(error).__name__}); the processor's log has the details")]


def _missing(flow: Flow) -> tuple[str, ...]:
    """What the room has to do without, in words for it."""
    missing = tuple(f"{name.replace('_', ' ')}: {error}" for name, error in flow.missing.items())
    return missing if flow.incident.responders else (*missing, "nobody is in this room")


def _posted(kind: AuditType, ts: str, **details: object) -> Fact:
    return Fact(type=kind, actor=SYSTEM, details={"ts": ts, **details})
