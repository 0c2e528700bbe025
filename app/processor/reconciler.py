"""No alert is lost, even if the webhook was down (P-accept): what OnCall has open and we never saw is enqueued here.

So is what we saw and could not work: a room whose assembly was given up while Slack was away is tried again, as long as
OnCall has the alert open.

It goes through the same intake as a webhook's alert, with the same deduplication id: a look that overlaps with a late
webhook, or with another look, adds nothing.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from app import clock, telemetry
from app.domain.alert import Alert
from app.domain.incident import Incident, Status
from app.errors import VendorError
from app.intake.oncall import wrap
from app.ports import OnCallSchedule, Queue, Store
from app.telemetry import log, metrics

# Whatever kept us from an alert, OnCall itself included, is over within a day; what is older, people know of.
LOOKBACK = timedelta(hours=24)
# Then nobody is at it any more, and the queue, which takes an event once in five minutes, takes it again.
GIVEN_UP_AFTER = timedelta(minutes=5)


class Reconciler:
    def __init__(self, oncall: OnCallSchedule, store: Store, queue: Queue, *, interval_s: float) -> None:
        self._oncall = oncall
        self._store = store
        self._queue = queue
        self._interval_s = interval_s

    async def run(self, stop: asyncio.Event) -> None:
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                await self._look_safely()
                pause = asyncio.create_task(clock.sleep(self._interval_s))
                await asyncio.wait({pause, stopped}, return_when=asyncio.FIRST_COMPLETED)
                pause.cancel()
        finally:
            stopped.cancel()

    async def look(self) -> int:
        """How many alert groups were enqueued. Raises ``VendorError``; the next look makes up for it."""
        enqueued = 0
        for alert in await self._oncall.open_alert_groups(clock.now() - LOOKBACK):
            if await self._in_hand(alert):
                continue
            with telemetry.work("reconcile", {}):  # a trace for each, like the one that its webhook would have begun
                await self._queue.send(wrap(alert))
                log.warning("alert_reconciled", alert_group=alert.alert_group, fired_at=alert.at.isoformat())
            enqueued += 1
            metrics.alert_reconciled()
        return enqueued

    async def _look_safely(self) -> None:
        try:
            await self.look()
        except VendorError as error:
            log.warning("reconcile_failed", why=str(error))
        except Exception as error:  # a safety net must not be what takes the processor down
            log.error("reconcile_failed", why=str(error), exc_info=error)

    async def _in_hand(self, alert: Alert) -> bool:
        """A group that fired again after its incident was resolved is news (L3)."""
        incident = await self._store.incident_of_alert(alert.alert_group)
        if incident is None:
            return False
        if incident.resolved_at is not None:
            return alert.at <= incident.resolved_at
        return not _given_up(incident)


def _given_up(incident: Incident) -> bool:
    unfinished = incident.status in (Status.ALERT_RECEIVED, Status.ROOM_ASSEMBLING)
    return unfinished and clock.now() - incident.created_at > GIVEN_UP_AFTER
