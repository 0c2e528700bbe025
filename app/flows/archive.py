"""The end of a room, some time after the end of its incident, and not before customers' texts are decided (T4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.domain.draft import Draft, DraftState
from app.domain.incident import Incident, Status
from app.domain.people import SYSTEM
from app.domain.policy import Policy
from app.domain.schedule import schedule_name
from app.domain.sweep import Head
from app.errors import VendorError
from app.flows.steps import post_once
from app.flows.timers import wake
from app.gate.rules import nothing_to_close
from app.gate.states import open_to_decision
from app.ledger import Decision
from app.messages import room as messages
from app.ports import Chat, Store, Timers, Vault
from app.telemetry import metrics

LINK_TOLD = "announce_postmortem"  # the step of the resolution after which the room has the link (T4)
COME_BACK = timedelta(minutes=10)
_KIND = "archive"
_ON_ITS_WAY = {DraftState.APPROVED, DraftState.UNKNOWN}


async def schedule_archive(timers: Timers, incident: Incident, at: datetime) -> str:
    return await wake(timers, f"{_KIND}{incident.again}", "archive_due", incident.id, at)


@dataclass(frozen=True)
class Archive:
    """The end of a room, some time after the end of its incident (T4)."""

    store: Store
    chat: Chat
    timers: Timers
    policy: Policy
    vault: Vault

    async def close(self, incident_id: str) -> None:
        """The room first: a vault that is away keeps none open. It is asked again until it has the trail's head."""
        incident = await ledger.load(self.store, incident_id)
        if incident.status is not Status.RESOLVED or incident.channel_id is None:
            return
        if not incident.archived_at:
            if why := await self._why_not_yet(incident):
                await self._postpone(incident, why)
                return
            incident = await self._close(incident, incident.channel_id)
        await self.vault.keep(incident_id, Head(incident.audit_seq, incident.audit_head))
        for name in sorted({_name(incident), schedule_name(_KIND, incident_id)}):
            await self.timers.remove(name)

    async def come_back(self, incident_id: str) -> None:
        """Without a look at the incident: it may be the tables that are away."""
        await wake(self.timers, _KIND, "archive_due", incident_id, clock.now() + COME_BACK)

    async def _close(self, incident: Incident, channel: str) -> Incident:
        try:
            farewell = messages.farewell(incident, clock.now())
            await post_once(self.chat, channel, farewell, f"farewell:{incident.id}{incident.again}", adopting=True)
        except VendorError as error:
            metrics.step_failed("post_farewell", str(error))
        await self.chat.archive(channel)
        name = _name(incident)

        def decide(incident: Incident) -> Decision | None:
            if incident.archived_at:
                return None
            archived = incident.but(
                archived_at=clock.now(), schedules=tuple(s for s in incident.schedules if s != name)
            )
            return Decision(archived, [Fact(type=AuditType.WAR_ROOM_ARCHIVED, actor=SYSTEM)])

        return await ledger.amend(self.store, incident.id, decide)

    async def _why_not_yet(self, incident: Incident) -> str | None:
        """An archived room takes no message and has no working buttons."""
        if any(
            _undecided(draft) and not nothing_to_close(incident, draft)
            for draft in await self.store.drafts(incident.id)
        ):
            return "a text for customers still waits for a decision"
        if LINK_TOLD not in await self.store.steps(incident.id, f"resolution{incident.again}"):
            return "the postmortem is not filed yet"
        return None

    async def _postpone(self, incident: Incident, why: str) -> None:
        at = clock.now() + self.policy.archive_delay
        await schedule_archive(self.timers, incident, at)
        fact = Fact(
            type=AuditType.ARCHIVE_POSTPONED,
            actor=SYSTEM,
            details={"until": at.isoformat(), "why": why},
        )
        await ledger.amend(self.store, incident.id, lambda incident: Decision(incident, [fact]))
        message, effect = messages.still_open(incident, why), f"undecided:{incident.id}:{at:%Y%m%d%H%M}"
        await post_once(self.chat, incident.channel_id or "", message, effect, adopting=True)


def _name(incident: Incident) -> str:
    return schedule_name(f"{_KIND}{incident.again}", incident.id)


def _undecided(draft: Draft) -> bool:
    return open_to_decision(draft.state) or draft.state in _ON_ITS_WAY
