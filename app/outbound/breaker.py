"""The circuit breaker."""

from __future__ import annotations

import asyncio

from app import clock

BREAKER_FAILURES = 5  # calls in a row without an answer, after which the vendor is left alone
BREAKER_PAUSE_S = 30.0


class Breaker:
    """Leaves a vendor alone that does not answer; after a pause lets one call through to see."""

    def __init__(self) -> None:
        self._failures = 0
        self._opened_at = 0.0
        self._probe: asyncio.Event | None = None  # set when the call that is out to see has ended

    @property
    def open(self) -> bool:
        return self._failures >= BREAKER_FAILURES

    async def admits(self) -> bool:
        """Whether a call may go out now. Every admitted call must end in ``settle``.

        While one is out to see, the others wait for what it finds, so that a vendor that is back is back for all: a
        person's answer is tried only once. They wait no longer than the deadline of that one.
        """
        while self._probe is not None:
            await self._probe.wait()
        if not self.open:
            return True
        if clock.monotonic() - self._opened_at < BREAKER_PAUSE_S:
            return False
        self._probe = asyncio.Event()
        return True

    def settle(self, answered: bool | None) -> None:
        """None: the call was cancelled from outside, which tells nothing about the vendor."""
        if answered:
            self._failures = 0
        elif answered is False:
            self._failures += 1
            self._opened_at = clock.monotonic()
        if self._probe is not None:
            self._probe.set()
            self._probe = None
