"""The one HTTP way out: a deadline, bounded retries of what is safe to repeat, a breaker, typed errors, a span.

All of it sits in an httpx transport, so that a library that brings its own client (gql) obeys the same rules.
``Client`` is the face that the adapters use.

* The deadline covers the call with its retries; when it passes, both are cancelled (D10).
* A write is sent once (D6). Only reads, and writes that the caller calls idempotent, are tried again.
* Redirects are not followed and the environment's proxies are not used: a vendor is where the settings say.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import stamina
from opentelemetry import trace

from app import clock
from app.errors import Unknown, VendorError, VendorRefused, VendorThrottled, VendorUnavailable

Transport = httpx.AsyncBaseTransport
Response = httpx.Response
Params = Mapping[str, str | int | float] | Sequence[tuple[str, str]]

DEADLINE_S = 5.0
ATTEMPTS = 3
BREAKER_FAILURES = 5  # calls in a row without an answer, after which the vendor is left alone
BREAKER_PAUSE_S = 30.0
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


class Breaker:
    """Leaves a vendor alone that does not answer; after a pause lets one call through to see."""

    def __init__(self) -> None:
        self._failures = 0
        self._opened_at = 0.0
        self._probing = False

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
        if not self._breaker.admits():
            raise VendorUnavailable(
                self._vendor,
                operation,
                f"not tried: the last {BREAKER_FAILURES} calls had no answer",
                remedy=f"one call is let through every {BREAKER_PAUSE_S:g} s; look at the vendor's status page",
            )
        answered: bool | None = None
        try:
            response = await self._traced(request, operation)
            answered = True
        except (VendorUnavailable, Unknown):
            answered = False
            raise
        except VendorError:
            answered = True
            raise
        finally:
            self._breaker.settle(answered)
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
        request.extensions["timeout"] = httpx.Timeout(deadline_s).as_dict()
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


class Client:
    """One vendor's HTTP API. Paths are relative to ``base_url``, or absolute."""

    def __init__(
        self,
        vendor: str,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        deadline_s: float = DEADLINE_S,
        attempts: int = ATTEMPTS,
        transport: Transport | None = None,
    ) -> None:
        self._vendor = vendor
        self._base_url = base_url.rstrip("/") + "/"
        self._headers = dict(headers or {})
        self._auth = httpx.BasicAuth(*auth) if auth else None
        self._http = httpx.AsyncClient(
            transport=_Guarded(vendor, deadline_s, attempts, transport),
            headers={"User-Agent": "incident-response"},
            follow_redirects=False,
            trust_env=False,
        )

    async def get(
        self,
        path: str,
        *,
        operation: str,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
    ) -> httpx.Response:
        return await self._call("GET", path, headers, {"operation": operation, "accept": accept}, params=params)

    async def send(
        self,
        method: str,
        path: str,
        *,
        operation: str,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool = False,
        accept: Collection[int] = (),
        deadline_s: float | None = None,
    ) -> httpx.Response:
        """Sent once, whatever comes back, unless ``idempotent``."""
        extensions: dict[str, Any] = {"operation": operation, "accept": accept, "idempotent": idempotent}
        if deadline_s is not None:
            extensions["deadline_s"] = deadline_s
        return await self._call(method, path, headers, extensions, json=json, data=form, content=content)

    async def _call(
        self, method: str, path: str, headers: Mapping[str, str] | None, extensions: dict[str, Any], **body: Any
    ) -> httpx.Response:
        try:
            base = httpx.URL(self._base_url)
            absolute = path.startswith(("http://", "https://"))
            url = httpx.URL(path if absolute else self._base_url + path.lstrip("/"))
        except httpx.InvalidURL as error:
            raise VendorRefused(self._vendor, extensions["operation"], "invalid address") from error
        # The credential is for the vendor's own address only, whatever absolute address we are told to call.
        ours = (url.scheme, url.host, url.port) == (base.scheme, base.host, base.port)
        return await self._http.request(
            method,
            url,
            headers={**(self._headers if ours else {}), **(headers or {})},
            auth=self._auth if ours else None,
            extensions=extensions,
            **body,
        )

    async def aclose(self) -> None:
        await self._http.aclose()


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
