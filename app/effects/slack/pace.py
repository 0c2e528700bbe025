"""Slack's rates, kept to on our side: https://docs.slack.dev/apis/web-api/rate-limits (T7)."""

from __future__ import annotations

from dataclasses import dataclass

from app import clock
from app.errors import VendorThrottled

VENDOR = "Slack"
WAIT_MAX_S = 4.0  # longer than that, and the message had better go back to the queue


def _tier(per_minute: int) -> tuple[float, float]:
    """Half of it at once, the other half spread over the minute: no minute holds more than the tier."""
    return per_minute / 2, per_minute / 120


# (calls at once, calls a second); tier 3 where not named
_RATES = {
    "conversations.create": _tier(20),
    "conversations.setPurpose": _tier(20),
    "conversations.setTopic": _tier(20),
    "conversations.archive": _tier(20),
    "pins.add": _tier(20),
    "conversations.members": _tier(100),
    "chat.postEphemeral": _tier(100),
    "views.open": _tier(100),
    "chat.postMessage": (10.0, 1.0),  # in each channel
}


class Pace:
    """Keeps below Slack's rates, and away from what Slack has told us to leave alone (T7)."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}

    async def turn(self, lane: str, method: str) -> None:
        """Returns when the call may go out; ``VendorThrottled`` if that is too long to wait for."""
        wait = self._bucket(lane, method).take(clock.monotonic())
        if wait > WAIT_MAX_S:
            raise VendorThrottled(VENDOR, method, retry_after=round(wait, 1))
        if wait > 0:
            await clock.sleep(wait)

    def rest(self, lane: str, method: str, seconds: float) -> None:
        bucket = self._bucket(lane, method)
        bucket.tokens, bucket.at = 1.0, max(bucket.at, clock.monotonic() + seconds)

    def _bucket(self, lane: str, method: str) -> _Bucket:
        burst, per_second = _RATES.get(method, _tier(50))
        return self._buckets.setdefault(lane, _Bucket(burst, per_second, burst, clock.monotonic()))


@dataclass
class _Bucket:
    burst: float
    per_second: float
    tokens: float  # below zero: that many calls are waiting already
    at: float  # when ``tokens`` was true; in the future: nothing goes out before
    promised: float = 0.0  # the latest moment that somebody who came too early was told

    def take(self, now: float) -> float:
        """Seconds to wait. Nothing is taken if that is too long: come back then. Each is told a moment of their own,
        or all would come back at once, and all but one for nothing."""
        if now > self.at:
            self.tokens = min(self.burst, self.tokens + (now - self.at) * self.per_second)
            self.at = now
        wait = self.at - now + max(0.0, 1.0 - self.tokens) / self.per_second
        if wait <= WAIT_MAX_S:
            self.tokens -= 1.0
            return wait
        self.promised = max(self.promised + 1 / self.per_second, now + wait)
        return self.promised - now
