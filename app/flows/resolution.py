"""From "it is over" to a room that can be closed.

RESOLVED comes first and stands, whatever fails later. Then, as a flow of its own: commits, postmortem text, Linear,
the schedules, the announcement, the rating, the last word to customers, the archive; and what is looked after in the
days that follow.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.domain.catalogue import Catalogue
from app.domain.evidence import Evidence
from app.domain.incident import Incident, Status
from app.domain.people import SYSTEM
from app.domain.policy import Policy
from app.domain.readings import Reading
from app.domain.schedule import schedule_name
from app.errors import Refused
from app.flows import checklist, filing, promises, publishing, ratings, sla, steps
from app.flows.archive import LINK_TOLD, schedule_archive
from app.flows.steps import Done, Flow, post_once
from app.flows.timers import WHILE_OPEN, wake
from app.ledger import Decision
from app.messages import room as messages
from app.messages.message import Message
from app.ports import Chat, Code, Queue, Store, Timers, Tracker, Writer
from app.queue.envelope import Envelope, dedup, lane
from app.telemetry import metrics

FLOW = "resolution"
COME_BACK = timedelta(minutes=10)  # longer with each time
COME_BACK_MAX = timedelta(hours=6)
STEPS = frozenset(
    {
        "remove_nudges", "write_postmortem", "announce", LINK_TOLD, "ask_rating",
        "schedule_ratings", "schedule_sla", "schedule_archive",
    }
)  # fmt: skip
COMMITS_BEFORE = timedelta(hours=4)  # a change that broke it was most likely made this shortly before


async def resolve(
    store: Store,
    queue: Queue,
    incident_id: str,
    *,
    actor: str,
    at: datetime,
    by: str = "",
    only_if: Callable[[Incident], bool] = lambda _: True,
) -> Incident:
    """Put the incident to RESOLVED and ask for the rest. Twice is once (D9), also with a re-opening in between: raises
    ``Refused`` then. ``by``: the gesture, if it was one."""

    def decide(incident: Incident) -> Decision | None:
        if not incident.may(Status.RESOLVED) or not only_if(incident):
            return None
        if by and incident.resolution_by == by:
            raise Refused("You resolved this incident; its alert fired again since, and it goes on.")
        public, dropped = promises.dropped(incident, actor)
        resolved = incident.to(
            Status.RESOLVED, resolved_at=at, resolved_by=actor, resolution_by=by, resolve_at=None, public=public,
            promised_update_at=None,
        )  # fmt: skip
        return Decision(resolved, [Fact(type=AuditType.INCIDENT_RESOLVED, actor=actor), *dropped])

    before = await ledger.load(store, incident_id)
    incident = await ledger.amend(store, incident_id, decide)
    if incident.status is not Status.RESOLVED:
        return incident
    if before.may(Status.RESOLVED):
        metrics.incident_resolved()
    if incident.channel_id and incident.archived_at is None:
        await ask_to_wrap_up(queue, incident_id, f"resolved{incident.again}")
    return incident


async def ask_to_wrap_up(queue: Queue, incident_id: str, cause: str) -> None:
    """``cause``: what made it due, a resolution or a text published behind it; the same one again asks once."""
    await queue.send(
        Envelope(
            kind="event:wrap_up",
            lane=lane("timer", incident_id),
            dedup_id=dedup("wrap_up", incident_id, cause),
            body=f'{{"incident_id":"{incident_id}"}}',
        )
    )


@dataclass(frozen=True)
class Resolution:
    """Everything that closing an incident needs. ``wrap_up`` may be called any number of times for one incident."""

    store: Store
    chat: Chat
    code: Code
    writer: Writer
    tracker: Tracker
    timers: Timers
    policy: Policy
    catalogue: Catalogue

    async def wrap_up(self, incident_id: str) -> None:
        incident = await ledger.load(self.store, incident_id)
        name = f"{FLOW}{incident.again}"
        if not _left(incident, await self.store.steps(incident_id, name)):
            return
        flow = await steps.begin(self.store, incident_id, name, _begin)
        if flow is not None:
            await steps.run(flow, lambda: self._wrap_up(flow))

    async def _wrap_up(self, flow: Flow) -> None:
        channel = flow.incident.channel_id or ""
        await flow.optional("remove_nudges", lambda: self._remove_nudges(flow.incident))
        written = await flow.optional("write_postmortem", lambda: self._write(flow.incident))
        if written is not None:
            await self._file(flow, str(written["markdown"]))
        announced = await flow.optional("announce", lambda: self._announce(flow, channel))
        if announced and not filing.steps(flow.incident) & flow.missing.keys():
            with_link = bool(announced["with_link"])
            await flow.optional(LINK_TOLD, lambda: self._tell_link(flow, channel, with_link))
        await flow.optional("ask_rating", lambda: self._ask_rating(flow, channel))
        if step := _last_word(flow.incident):
            await flow.optional(step, lambda: self._last_word(flow, f"{step}{flow.incident.again}"))
        await flow.optional("schedule_ratings", lambda: self._schedule_ratings(flow.incident))
        await flow.optional("schedule_sla", lambda: self._schedule_sla(flow.incident))
        await flow.optional("schedule_archive", lambda: self._schedule_archive(flow.incident))
        await checklist.refresh(self.store, self.chat, flow.incident.id)
        if flow.missing and flow.attempt >= steps.PATIENCE:
            await self._come_back(flow)
        await flow.end(lambda incident: incident, [])

    async def _come_back(self, flow: Flow) -> None:
        """Linear may be down for hours: the resolution stands, and the rest is tried again until it is done."""
        at = clock.now() + min(COME_BACK * (flow.attempt - steps.PATIENCE + 1), COME_BACK_MAX)
        await wake(self.timers, f"wrap-up{flow.incident.again}", "wrap_up", flow.incident.id, at)

    async def _remove_nudges(self, incident: Incident) -> Done:
        """Nobody is reminded of what is over, and of nothing else that was to happen while it was open (S10)."""
        names = {schedule_name(kind, incident.id) for kind in WHILE_OPEN}
        there = [name for name in sorted(names) if await self.timers.remove(name)]
        return Done(
            facts=[Fact(type=AuditType.NUDGES_REMOVED, actor=SYSTEM, details={"schedule": there})],
            change=lambda incident: incident.but(schedules=tuple(s for s in incident.schedules if s not in names)),
        )

    async def _write(self, incident: Incident) -> Done:
        trail = await self.store.trail(incident.id)
        markdown = await self.writer.postmortem(incident, trail, await self._evidence(incident))
        details = {"characters": len(markdown), "from_events": len(trail)}
        return Done(
            result={"markdown": markdown},
            facts=[Fact(type=AuditType.POSTMORTEM_WRITTEN, actor=SYSTEM, details=details)],
        )

    async def _file(self, flow: Flow, markdown: str) -> None:
        """The postmortem, and beneath it what is still to be done."""
        file = filing.Filing(self.chat, self.tracker)
        await flow.optional(filing.POSTMORTEM, lambda: file.postmortem(flow.incident, markdown))
        if flow.incident.postmortem:
            for task in filing.to_file(flow.incident):
                await flow.optional(filing.step_of(task), partial(file.task, flow.incident, task))

    async def _evidence(self, incident: Incident) -> Evidence:
        shown = (await self.store.steps(incident.id, "war_room")).get("post_context")
        readings = [Reading.model_validate(one) for one in shown.result.get("readings", ())] if shown else None
        room = await self.chat.link(incident.channel_id) if incident.channel_id else ""
        return Evidence(await self._commits(incident), readings, room)

    async def _commits(self, incident: Incident) -> Reading:
        until = incident.resolved_at or clock.now()
        service = self.catalogue.of(incident.service, incident.alert.labels)
        return await self.code.commits(service, incident.alert.at - COMMITS_BEFORE, until)

    async def _announce(self, flow: Flow, channel: str) -> Done:
        incident = flow.incident
        by = incident.resolved_by or SYSTEM
        who = f"<@{by.removeprefix('slack:')}>" if by.startswith("slack:") else by
        minutes = round(((incident.resolved_at or clock.now()) - incident.alert.at).total_seconds() / 60)
        ts = await self._post(flow, channel, messages.announcement(incident, who, minutes), "announcement")
        fact = Fact(type=AuditType.RESOLUTION_ANNOUNCED, actor=SYSTEM, details={"ts": ts})
        return Done(result={"ts": ts, "with_link": incident.postmortem is not None}, facts=[fact])

    async def _tell_link(self, flow: Flow, channel: str, told: bool) -> Done:
        """Filed later than announced: the link follows."""
        if told or flow.incident.postmortem is None:
            return Done()
        ts = await self._post(flow, channel, messages.postmortem_filed(flow.incident), "postmortem")
        return Done(result={"ts": ts})

    async def _ask_rating(self, flow: Flow, channel: str) -> Done:
        ts = await self._post(flow, channel, messages.rating(flow.incident), "rating")
        return Done(result={"ts": ts}, facts=[Fact(type=AuditType.RATING_ASKED, actor=SYSTEM, details={"ts": ts})])

    async def _last_word(self, flow: Flow, cause: str) -> Done:
        """A public incident is still open: the text that closes it is put before the IC, not published (S7)."""
        incident = flow.incident
        text = await self.writer.public_text(incident, await self.store.trail(incident.id), "")
        draft = await publishing.propose(self.store, self.chat, self.policy, incident, cause, text, author=SYSTEM)
        return Done(result={"draft_id": draft.id})

    async def _schedule_ratings(self, incident: Incident) -> Done:
        if incident.resolved_at and not incident.drill:  # S10: a drill leaves nothing behind for another day
            await ratings.schedule(self.timers, incident.id, incident.resolved_at + self.policy.rating_follow_up)
        return Done()

    async def _schedule_sla(self, incident: Incident) -> Done:
        if incident.resolved_at and not incident.drill:
            await sla.schedule(self.timers, incident.id, incident.resolved_at + self.policy.postmortem_sla)
        return Done()

    async def _schedule_archive(self, incident: Incident) -> Done:
        at = clock.now() + self.policy.archive_delay
        name = await schedule_archive(self.timers, incident, at)
        return Done(
            facts=[
                Fact(type=AuditType.ARCHIVE_SCHEDULED, actor=SYSTEM, details={"at": at.isoformat(), "schedule": name})
            ],
            change=lambda incident: incident.but(schedules=(*incident.schedules, name)),
        )

    async def _post(self, flow: Flow, channel: str, message: Message, what: str) -> str:
        effect = f"{what}:{flow.incident.id}{flow.incident.again}"
        return await post_once(self.chat, channel, message, effect, adopting=flow.adopting)


def _last_word(incident: Incident) -> str | None:
    """The step that asks for the text that closes the public incident; None: there is nothing to close.

    Named by what customers see, so that a text published after the resolution is followed by a question of its own.
    """
    if incident.public is None or not incident.public_open:
        return None
    return f"last_word_{incident.public.status}_{incident.public.texts}"


def _left(incident: Incident, done: Collection[str]) -> frozenset[str]:
    last_word = _last_word(incident)
    return (STEPS | filing.steps(incident) | ({last_word} if last_word else set())) - set(done)


def _begin(incident: Incident) -> Decision | None:
    return Decision(incident, []) if incident.status is Status.RESOLVED and not incident.archived_at else None
