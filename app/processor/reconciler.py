"""No alert is lost, even if the webhook was down (P-accept): what OnCall has open and we never saw is enqueued here.

It goes through the same intake as a webhook's alert, with the same deduplication id: a look that overlaps with a late
webhook, or with another look, adds nothing.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from app import clock
from app.domain.alert import Alert
from app.errors import VendorError
from app.intake.oncall import wrap
from app.ports import OnCallSchedule, Queue, Store
from app.telemetry import log, metrics

FIRST_LOOK = timedelta(hours=24)  # after a start nobody knows how long we were away


class Reconciler:
    def __init__(
        self, oncall: OnCallSchedule, store: Store, queue: Queue, *, interval_s: float, lookback: timedelta
    ) -> None:
        self._oncall = oncall
        self._store = store
        self._queue = queue
        self._interval_s = interval_s
        self._lookback = lookback
        self._looked = False

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
        since = clock.now() - (self._lookback if self._looked else FIRST_LOOK)
        enqueued = 0
        for alert in await self._oncall.open_alert_groups(since):
            if await self._heard_of(alert):
                continue
            await self._queue.send(wrap(alert))
            enqueued += 1
            metrics.alert_reconciled()
            log.warning("alert_reconciled", alert_group=alert.alert_group, fired_at=alert.at.isoformat())
        self._looked = True
        return enqueued

    async def _look_safely(self) -> None:
        try:
            await self.look()
        except VendorError as error:
            log.warning("reconcile_failed", why=str(error))
        except Exception as error:  # a safety net must not be what takes the processor down
            log.error("reconcile_failed", why=str(error), exc_info=error)

    async def _heard_of(self, alert: Alert) -> bool:
        """A group that fired again after its incident was resolved is news (L3)."""
        incident = await self._store.incident_of_alert(alert.alert_group)
        if incident is None:
            return False
        return incident.resolved_at is None or alert.at <= incident.resolved_at
