"""How Slack is called, and what its errors mean: https://docs.slack.dev/apis/web-api

Arguments are sent as a form, complex ones as JSON inside it: every method takes that, and several take no JSON body.
A method that may be repeated without harm is called ``idempotent`` here; the others are sent once, whatever comes back.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Collection
from typing import Any

from app.effects.slack.pace import VENDOR, Pace
from app.errors import Unknown, VendorError, VendorRefused, VendorThrottled, VendorUnavailable
from app.outbound import Client, Response, Transport, read_json

Json = dict[str, Any]

PAGE = 200  # items; Slack advises no more
THROTTLED_S = 10.0  # when Slack gives no Retry-After

# "Part of the operation may have succeeded": https://docs.slack.dev/reference/methods/chat.postMessage#errors
_AMBIGUOUS = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_THROTTLED = frozenset({"ratelimited", "rate_limited"})
_CREDENTIAL = "check SLACK_BOT_TOKEN (Slack app, OAuth & Permissions), and that the app is still installed"
_PRESSED_TOO_LATE = "press the button again: a form must open within 3 s"
_REMEDIES = {
    "account_inactive": _CREDENTIAL,
    "invalid_auth": _CREDENTIAL,
    "not_authed": _CREDENTIAL,
    "not_allowed_token_type": _CREDENTIAL,
    "token_expired": _CREDENTIAL,
    "token_revoked": _CREDENTIAL,
    "channel_not_found": "there is no such channel, or it is private and the app is not in it: /invite the app",
    "not_in_channel": "/invite the app to the channel",
    "is_archived": "unarchive the channel",
    "expired_trigger_id": _PRESSED_TOO_LATE,
    "exchanged_trigger_id": _PRESSED_TOO_LATE,
    "restricted_action": "a workspace admin must allow it to apps (workspace settings, Permissions)",
}
_RESPONSE_URL = re.compile(r"https://([a-z0-9-]+\.)+slack\.com/[A-Za-z0-9/._~%-]*")


class WebApi:
    def __init__(self, api_url: str, bot_token: str, transport: Transport | None) -> None:
        scheme, _, rest = api_url.partition("://")
        self._origin = f"{scheme}://{rest.partition('/')[0]}/"
        self._http = Client(VENDOR, api_url, headers={"Authorization": f"Bearer {bot_token}"}, transport=transport)
        self._pace = Pace()

    async def call(
        self,
        method: str,
        arguments: Json,
        *,
        idempotent: bool = False,
        accept: Collection[str] = (),
        deadline_s: float | None = None,
    ) -> Json:
        """``accept``: errors of Slack's that are given back like a success."""
        lane = f"{method} {arguments['channel']}" if method == "chat.postMessage" else method
        await self._pace.turn(lane, method)
        form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in arguments.items()}
        try:
            response = await self._http.send(
                "POST", method, operation=method, form=form, idempotent=idempotent, deadline_s=deadline_s
            )
            body = _body(method, response, idempotent)
            if not body.get("ok") and body.get("error") not in accept:
                raise _error(method, body, idempotent)
        except VendorThrottled as error:
            self._pace.rest(lane, method, error.retry_after)
            raise
        return body

    async def pages(self, method: str, arguments: Json, pages_max: int) -> AsyncIterator[Json]:
        page = {**arguments, "limit": PAGE}
        for _ in range(pages_max):
            body = await self.call(method, page, idempotent=True)
            yield body
            page["cursor"] = (body.get("response_metadata") or {}).get("next_cursor") or ""
            if not page["cursor"]:
                return

    async def answer(self, response_url: str, message: Json) -> None:
        """The address comes in with a gesture: a forged one must not make us call into our own network."""
        operation = "response_url"
        if not (_RESPONSE_URL.fullmatch(response_url) or response_url.startswith(self._origin)):
            raise VendorRefused(VENDOR, operation, "foreign_address", remedy="only Slack's own address is answered to")
        response = await self._http.send("POST", response_url, operation=operation, json=message, accept=(404,))
        if response.status_code == 404:
            remedy = "repeat the command: an answer can be given 5 times within 30 min"
            raise VendorRefused(VENDOR, operation, "expired_url", remedy=remedy)

    async def aclose(self) -> None:
        await self._http.aclose()


def _body(method: str, response: Response, idempotent: bool) -> Json:
    try:
        body = read_json(response)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _silence(method, "the answer is not of Slack's form", idempotent)
    return body


def _error(method: str, body: Json, idempotent: bool) -> VendorError:
    code = str(body.get("error", "no reason given"))[:100]
    if code in _THROTTLED:
        return VendorThrottled(VENDOR, method, retry_after=THROTTLED_S)
    if code in _AMBIGUOUS:
        return _silence(method, code, idempotent)
    remedy = _REMEDIES.get(code, "")
    if code == "missing_scope":
        remedy = f"add the bot scope {body.get('needed')} to the Slack app (OAuth & Permissions), then reinstall it"
    elif not remedy:  # which argument or block it was
        remedy = "; ".join((body.get("response_metadata") or {}).get("messages") or [])[:300]
    return VendorRefused(VENDOR, method, code, remedy=remedy)


def _silence(method: str, what: str, idempotent: bool) -> VendorError:
    if idempotent:
        return VendorUnavailable(VENDOR, method, what)
    return Unknown(VENDOR, method, what, remedy="it may have happened: read before writing again")
