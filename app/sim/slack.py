"""Slack, simulated: a workspace, its Web API, Socket Mode (or signed POSTs), and people who use it.

``SlackSim.workspace`` is what it remembers, ``SlackSim.people`` is what people can do, ``SlackSim.app()`` serves it:

* ``/api/<method>``                          the Web API
* ``/respond/<id>``                          response_urls
* ``/socket/<ticket>``                       Socket Mode, after ``/api/apps.connections.open``
* ``/people/{command,click,submit}``         POST what a person does; the answer is what became of it
* ``/people/{say,pin,react,add,leave}``      the same for what they do among themselves
* ``/people/state``                          GET everything, as JSON
* ``/archives/<channel>``                    where the app's links to a channel lead: that channel, as JSON
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from typing import Any, Literal
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from app import clock
from app.sim import cast, slack_conversations, slack_messages
from app.sim.slack_blocks import block_complaints
from app.sim.slack_calls import AppSide
from app.sim.slack_delivery import Courier, Gesture, HttpCourier, SocketCourier
from app.sim.slack_people import NotPossible, People
from app.sim.slack_rules import Failure, arguments
from app.sim.slack_shapes import APP_ID
from app.sim.slack_state import RESPONSE_URL_S, RESPONSE_URL_USES, Post, Whisper, Workspace

Json = dict[str, Any]

METHODS = {**slack_conversations.METHODS, **slack_messages.METHODS}
_OPEN = "apps.connections.open"
_MINUTE_S = 60.0


def throttled(retry_after: int) -> Response:
    """Slack's own way of saying "too many requests"."""
    return JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(retry_after)})


class SlackSim:
    """``events_url``: where gestures are posted with ``transport="http"``. ``limits``: calls a minute by method."""

    def __init__(
        self,
        *,
        transport: Literal["socket", "http"] = "socket",
        events_url: str | None = None,
        signing_secret: str = cast.SIGNING_SECRET,
    ) -> None:
        self.workspace = Workspace()
        self.socket = SocketCourier(APP_ID)
        courier: Courier = self.socket
        if transport == "http":
            if events_url is None:
                raise ValueError('transport="http" needs events_url')
            courier = HttpCourier(events_url, signing_secret)
        self.people = People(self.workspace, courier)
        self.limits: dict[str, int] = {}
        self._calls: dict[str, deque[float]] = defaultdict(deque)

    def state(self) -> Json:
        return {**self.workspace.as_json(), "gestures": [one.as_json() for one in self.people.gestures]}

    def app(self) -> ASGIApp:
        return Starlette(
            routes=[
                Route("/api/{method}", self._api, methods=["GET", "POST"]),
                Route("/respond/{id}", self._respond, methods=["POST"]),
                WebSocketRoute("/socket/{ticket}", self.socket.serve),
                Route("/people/state", self._state),
                Route("/people/{act}", self._act, methods=["POST"]),
                Route("/archives/{channel}", self._archive),
            ]
        )

    # ------------------------------------------------------------ for the app

    async def _api(self, request: Request) -> Response:
        self._learn_address(request)
        method = request.path_params["method"]
        if wait := self._over_limit(method):
            return throttled(wait)
        headers: dict[str, str] = {}
        try:
            headers["x-oauth-scopes"] = self._admit(method, request)
            answer = {"ok": True, **self._call(method, request, await request.body())}
        except Failure as failure:
            answer = failure.body
        return JSONResponse(answer, headers=headers)

    def _admit(self, method: str, request: Request) -> str:
        """What the token may do, which every answer says in a header."""
        wanted, scopes = cast.BOT_TOKEN, self.workspace.scopes
        if method == _OPEN:
            wanted, scopes = cast.APP_TOKEN, {"connections:write"}
        _authenticate(request, wanted)
        if wanted in self.workspace.revoked:
            raise Failure("token_revoked")
        return ",".join(sorted(scopes))

    def _call(self, method: str, request: Request, body: bytes) -> Json:
        if method == _OPEN:
            address = self.workspace.url.replace("http", "ws", 1)
            return {"url": f"{address}/socket/{self.socket.ticket()}"}
        if method not in METHODS:
            raise Failure("unknown_method", req_method=method)
        found, app = METHODS[method], AppSide(self.workspace)
        app.need(found.scope)
        return found.run(app, arguments(_given(request, body, takes_json=found.takes_json), found.arguments))

    def _over_limit(self, method: str) -> int:
        """Seconds to wait; 0: not over it."""
        calls, now = self._calls[method], clock.wall()
        while calls and calls[0] <= now - _MINUTE_S:
            calls.popleft()
        if len(calls) >= self.limits.get(method, len(calls) + 1):
            return int(calls[0] + _MINUTE_S - now) + 1 if calls else int(_MINUTE_S)
        calls.append(now)
        return 0

    async def _respond(self, request: Request) -> Response:
        """https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""
        url = self.workspace.response_urls.get(request.path_params["id"])
        if url is None or clock.wall() - url.issued_at > RESPONSE_URL_S:
            return PlainTextResponse("expired_url", 404)
        if url.uses >= RESPONSE_URL_USES:
            return PlainTextResponse("used_url", 404)
        given = json.loads(await request.body())
        text, blocks = given.get("text", ""), given.get("blocks", [])
        if block_complaints(blocks):
            return PlainTextResponse("invalid_blocks", 400)
        if not text and not blocks:
            return PlainTextResponse("no_text", 400)
        url.uses += 1
        blocks, ts = self.workspace.with_ids(blocks), self.workspace.new_ts()
        if given.get("response_type") == "in_channel":
            self.workspace.channels[url.channel].posts.append(Post(ts, cast.BOT_USER_ID, text, blocks))
        else:
            self.workspace.whispers.append(Whisper(ts, url.channel, url.user, text, blocks, via="response_url"))
        return PlainTextResponse("ok")

    # ------------------------------------------------------------ for people

    async def _act(self, request: Request) -> Response:
        """The body's fields are the arguments of the method of ``People`` that the path names."""
        self._learn_address(request)
        people = self.people
        acts: dict[str, Callable[..., Awaitable[Gesture]]] = {
            "command": people.command,
            "click": people.click,
            "submit": people.submit,
        }
        deeds: dict[str, Callable[..., str | None]] = {
            "say": people.say,
            "pin": people.pin,
            "react": people.react,
            "add": people.add,
            "leave": people.leave,
        }
        act = request.path_params["act"]
        try:
            given = json.loads(await request.body())
            if act in deeds:
                return JSONResponse({"ts": deeds[act](**given)})
            if act not in acts:
                return JSONResponse({"error": f"people can {', '.join((*acts, *deeds))}"}, 404)
            return JSONResponse((await acts[act](**given)).as_json())
        except NotPossible as error:
            return JSONResponse({"error": str(error)}, 409)
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 422)

    async def _state(self, _: Request) -> Response:
        return JSONResponse(self.state())

    async def _archive(self, request: Request) -> Response:
        channels = self.state()["channels"]
        found = next((one for one in channels if one["id"] == request.path_params["channel"]), None)
        return JSONResponse(found) if found else JSONResponse({"error": "channel_not_found"}, 404)

    def _learn_address(self, request: Request) -> None:
        self.workspace.url = self.workspace.url or (
            f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
        )


def _authenticate(request: Request, wanted: str) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Failure("not_authed")
    if token not in {cast.BOT_TOKEN, cast.APP_TOKEN}:
        raise Failure("invalid_auth")
    if token != wanted:
        raise Failure("not_allowed_token_type")


def _given(request: Request, body: bytes, *, takes_json: bool) -> Json:
    """Arguments may come in the address, as a form or as JSON; some methods do not look at JSON."""
    given: Json = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            return given | (json.loads(body) if takes_json else {})
        except ValueError as error:
            raise Failure("invalid_json") from error
    return given | dict(parse_qsl(body.decode(), keep_blank_values=True))
