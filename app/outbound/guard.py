"""The rules of every call, as an httpx transport."""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx
import stamina
from opentelemetry import trace

from app import clock
from app.errors import Unknown, VendorError, VendorRefused, VendorThrottled, VendorUnavailable
from app.outbound.breaker import BREAKER_FAILURES, BREAKER_PAUSE_S, Breaker
from app.telemetry import metrics

Transport = httpx.AsyncBaseTransport
Response = httpx.Response

DEADLINE_S = 5.0
ATTEMPTS = 3
_RETRY_AFTER_DEFAULT_S = 1.0
_RETRY_AFTER_MAX_S = 3600.0
# Below the 5 s after which common servers close an idle connection: a write sent into a closing one ends as Unknown.
_KEEPALIVE_S = 2.0
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_THROTTLED = frozenset({420, 429})  # 420: Statuspage
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_REMEDIES = {
    "401": "check the vendor's credential in the settings",
    "403": "the credential lacks a permission: grant it at the vendor",
    "404": "check the id, and the vendor's base URL in the settings",
}

# httpx logs whole addresses at INFO, and some of them are secrets (Slack's response_url).
logging.getLogger("httpx").setLevel(logging.WARNING)


def transport(
    vendor: str, *, deadline_s: float = DEADLINE_S, attempts: int = ATTEMPTS, inner: Transport | None = None
) -> Transport:
    """For a library that brings its own httpx client. Per request, ``extensions`` may hold:

    ``operation`` (its name in errors and spans), ``idempotent`` (a write that may be repeated), ``accept`` (statuses
    other than 2xx to give back instead of raising), ``deadline_s``.
    """
    return _Guarded(vendor, deadline_s, attempts, inner)


class _Guarded(httpx.AsyncBaseTransport):
    def __init__(self, vendor: str, deadline_s: float, attempts: int, inner: Transport | None) -> None:
        self._vendor = vendor
        self._deadline_s = deadline_s
        self._attempts = attempts
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=_KEEPALIVE_S)
        self._inner = inner or httpx.AsyncHTTPTransport(trust_env=False, limits=limits)
        self._breaker = Breaker()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        operation = request.extensions.get("operation", request.method)
        if not await self._breaker.admits():
            raise VendorUnavailable(
                self._vendor,
                operation,
                f"not tried: the last {BREAKER_FAILURES} calls had no answer",
                remedy=f"one call is let through every {BREAKER_PAUSE_S:g} s; look at the vendor's status page",
            )
        answered: bool | None = None
        outcome, began = "cancelled", clock.monotonic()
        try:
            response = await self._traced(request, operation)
            answered, outcome = True, "answered"
        except VendorError as error:
            answered, outcome = not isinstance(error, (VendorUnavailable, Unknown)), type(error).__name__
            raise
        finally:
            self._breaker.settle(answered)
            metrics.called(self._vendor, outcome, clock.monotonic() - began)
            metrics.breaker(self._vendor, is_open=self._breaker.open)
        return response

    async def _traced(self, request: httpx.Request, operation: str) -> httpx.Response:
        """Records who was asked for what and how it ended; never a body, a header or an address."""
        tracer = trace.get_tracer("app.outbound")
        with tracer.start_as_current_span(
            f"{self._vendor} {operation}",
            kind=trace.SpanKind.CLIENT,
            attributes={"peer.service": self._vendor, "http.request.method": request.method},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                response = await self._within_deadline(request, operation)
            except VendorError as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(trace.StatusCode.ERROR, error.detail)
                raise
            span.set_attribute("http.response.status_code", response.status_code)
            return response

    async def _within_deadline(self, request: httpx.Request, operation: str) -> httpx.Response:
        repeatable = request.method in _SAFE_METHODS or bool(request.extensions.get("idempotent"))
        deadline_s = request.extensions.get("deadline_s", self._deadline_s)
        # Connecting ends a little before the deadline: then it is certain that a write was not sent.
        request.extensions["timeout"] = httpx.Timeout(deadline_s, connect=deadline_s * 0.9).as_dict()
        try:
            async with asyncio.timeout(deadline_s) as limit:
                return await self._tries(request, operation, repeatable, limit)
        except TimeoutError as error:
            raise self._silence(operation, f"no answer within {deadline_s:g} s", repeatable) from error

    async def _tries(
        self, request: httpx.Request, operation: str, repeatable: bool, limit: asyncio.Timeout
    ) -> httpx.Response:
        def again(error: Exception) -> bool | float:
            if isinstance(error, VendorThrottled):
                left = (limit.when() or 0.0) - asyncio.get_running_loop().time()
                return error.retry_after if error.retry_after < left else False
            return isinstance(error, VendorUnavailable)

        attempts = self._attempts if repeatable else 1
        async for attempt in stamina.retry_context(
            on=again, attempts=attempts, timeout=None, wait_initial=0.1, wait_max=1.0, wait_jitter=0.2
        ):
            with attempt:
                return await self._once(request, operation, repeatable)
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, request: httpx.Request, operation: str, repeatable: bool) -> httpx.Response:
        try:
            response = await self._inner.handle_async_request(request)
            try:
                await response.aread()  # inside the deadline: a body may trickle
            finally:
                await response.aclose()
        except httpx.RequestError as error:
            what = f"network: {type(error).__name__}"
            raise self._silence(operation, what, repeatable or isinstance(error, _NOT_SENT)) from error
        status = response.status_code
        if response.is_success or status in request.extensions.get("accept", ()):
            return response
        if _is_throttled(response):
            raise VendorThrottled(self._vendor, operation, retry_after=_retry_after(response))
        if status >= 500:
            raise self._silence(operation, f"answered {status}", repeatable)
        remedy = "redirects are not followed: correct the base URL" if status < 400 else _REMEDIES.get(str(status), "")
        raise VendorRefused(self._vendor, operation, str(status), remedy=remedy)

    def _silence(self, operation: str, what: str, harmless: bool) -> VendorError:
        if harmless:
            return VendorUnavailable(self._vendor, operation, what, remedy="look at the vendor's status page")
        return Unknown(self._vendor, operation, what, remedy="it may have happened: read before writing again")

    async def aclose(self) -> None:
        await self._inner.aclose()


def _is_throttled(response: httpx.Response) -> bool:
    if response.status_code in _THROTTLED:
        return True
    headers = response.headers  # GitHub says 403 for it
    return response.status_code == 403 and ("retry-after" in headers or headers.get("x-ratelimit-remaining") == "0")


def _retry_after(response: httpx.Response) -> float:
    """Seconds; Retry-After may be seconds or a date, and some vendors have headers of their own."""
    seconds: float = _RETRY_AFTER_DEFAULT_S
    given = response.headers.get("retry-after", "").strip() or response.headers.get("ratelimit-reset", "").strip()
    reset = response.headers.get("x-ratelimit-reset", "").strip()  # GitHub: unix seconds
    if re.fullmatch(r"\d+(\.\d+)?", given):
        seconds = float(given)
    elif given:
        seconds = _until(given)
    elif re.fullmatch(r"\d{9,11}", reset):
        seconds = float(reset) - clock.wall()
    return min(max(seconds, 0.0), _RETRY_AFTER_MAX_S)


def _until(http_date: str) -> float:
    try:
        at = parsedate_to_datetime(http_date)
    except ValueError:
        return _RETRY_AFTER_DEFAULT_S
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - clock.wall()
