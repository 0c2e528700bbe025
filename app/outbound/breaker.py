"""The circuit breaker."""

from __future__ import annotations

from app import clock

BREAKER_FAILURES = 5  # calls in a row without an answer, after which the vendor is left alone
BREAKER_PAUSE_S = 30.0


class Breaker:
    """Leaves a vendor alone that does not answer; after a pause lets one call through to see."""

    def __init__(self) -> None:
        self._failures = 0
        self._opened_at = 0.0
        self._probing = False

    @property
    def open(self) -> bool:
        return self._failures >= BREAKER_FAILURES

    def admits(self) -> bool:
        """Whether a call may go out now. Every admitted call must end in ``settle``."""
        if self._failures < BREAKER_FAILURES:
            return True
        if self._probing or clock.monotonic() - self._opened_at < BREAKER_PAUSE_S:
            return False
        self._probing = True
        return True

    def settle(self, answered: bool | None) -> None:
        """None: the call was cancelled from outside, which tells nothing about the vendor."""
        self._probing = False
        if answered:
            self._failures = 0
        elif answered is False:
            self._failures += 1
            self._opened_at = clock.monotonic()
