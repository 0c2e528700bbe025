"""How much a stranger may send, and how often (X6)."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict

from starlette.requests import ClientDisconnect, Request

from app import clock
from app.webhook.answers import Problem

BODY_DEADLINE_S = 3.0  # whoever sends alerts has hung up after four
BURST_S = 10.0  # alerts come in storms: that many seconds' worth may come at once
_SIGNED = "signed"  # whoever holds the secret is one sender, wherever it calls from
_SENDERS_MAX = 10_000  # remembered at once; the one not seen for longest is forgotten first


async def read_body(request: Request, limit: int) -> bytes:
    """Counted while it arrives: a Content-Length is a claim, and may be missing (L2). Nobody waits for it for ever."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            async for chunk in request.stream():
                if len(body) + len(chunk) > limit:
                    raise Problem(
                        413,
                        f"the body is larger than {limit} bytes",
                        "send fewer alerts at once, or raise BODY_LIMIT_BYTES",
                    )
                body += chunk
    except ClientDisconnect:
        raise Problem(400, "the body ended early", "send it again") from None
    except TimeoutError:
        raise Problem(408, f"the body was not here after {BODY_DEADLINE_S:g} s", "send it again") from None
    return bytes(body)


class RateLimit:
    """A token bucket per sender, which holds ``BURST_S`` seconds' worth."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._size = max(1.0, per_second * BURST_S)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # sender -> tokens, when counted

    def count(self, request: Request, *, genuine: bool) -> None:
        """Raises ``Problem`` 429. ``genuine``: the body is signed.

        Strangers are told apart by address, so that a flood of theirs leaves the real sender its own allowance.
        Behind a load balancer all addresses are the balancer's: that is why the address alone decides nothing.
        """
        stranger = request.client.host if request.client else "unknown"
        wait_s = self.take(_SIGNED if genuine else f"stranger {stranger}")
        if wait_s:
            raise Problem(
                429,
                "too many requests",
                "send less often, or raise REQUESTS_PER_SECOND",
                retry_after_s=math.ceil(wait_s),
            )

    def take(self, sender: str) -> float:
        """0 if the request may go on, else the seconds after which the next may."""
        now = clock.monotonic()
        tokens, counted_at = self._buckets.pop(sender, (self._size, now))
        tokens = min(self._size, tokens + (now - counted_at) * self._per_second)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._per_second
        self._buckets[sender] = (tokens if wait else tokens - 1, now)
        if len(self._buckets) > _SENDERS_MAX:
            self._buckets.popitem(last=False)
        return wait
