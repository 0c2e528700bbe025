"""What goes wrong with a vendor, switched on and off while the sandbox runs.

``Faulty`` wraps one simulated service, which knows nothing of it; ``control_app`` is the switchboard. The kinds:

* ``latency``              the answer comes ``seconds`` late; other faults still strike after the wait
* ``throttle``             too many requests, come back in ``seconds``; nothing is done
* ``error``                503; nothing is done
* ``drop_before``          nothing is done and no answer comes: the connection is held for ``seconds``
* ``commit_then_timeout``  the work is done and no answer comes: the connection is held for ``seconds``

Seconds are those of the machines: a vendor is not slower because the people's clock runs faster. Only HTTP requests
are struck; websockets and lifespan pass through.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
from math import ceil

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Kind(StrEnum):
    LATENCY = "latency"
    THROTTLE = "throttle"
    ERROR = "error"
    DROP_BEFORE = "drop_before"
    COMMIT_THEN_TIMEOUT = "commit_then_timeout"


HOLD_S = 30.0  # longer than any deadline of ours
_DEFAULT_SECONDS = {Kind.LATENCY: 2.0, Kind.THROTTLE: 1.0}


class Fault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Kind
    times: int | None = Field(None, ge=1)  # requests still to be struck; None: until it is switched off
    seconds: float | None = Field(None, ge=0, le=3600)
    match: str = ""  # part of "METHOD /path"; "" matches every request

    def duration(self) -> float:
        return _DEFAULT_SECONDS.get(self.kind, HOLD_S) if self.seconds is None else self.seconds


def too_many_requests(retry_after: int) -> Response:
    return JSONResponse({"error": "too many requests"}, 429, {"Retry-After": str(retry_after)})


class Faulty:
    """``throttled`` gives the vendor's own way of saying "too many requests", from the seconds to wait."""

    def __init__(self, app: ASGIApp, name: str, *, throttled: Callable[[int], Response] = too_many_requests) -> None:
        self.name = name
        self.faults: list[Fault] = []
        self.struck: Counter[Kind] = Counter()
        self._app = app
        self._throttled = throttled
        self._cleared = asyncio.Event()  # a new one after each clear()

    def add(self, kind: Kind, *, times: int | None = None, seconds: float | None = None, match: str = "") -> None:
        self.faults.append(Fault(kind=kind, times=times, seconds=seconds, match=match))

    def clear(self) -> None:
        """No faults any more. What is held is let go: call it before the server is stopped, in the server's loop."""
        self.faults.clear()
        self._cleared.set()
        self._cleared = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = f"{scope['method']} {scope['path']}"
        for fault in [fault for fault in self.faults if fault.match in request]:
            if not self._strike(fault):
                continue
            if fault.kind is not Kind.LATENCY:
                await self._fail(fault, scope, receive, send)
                return
            await asyncio.sleep(fault.duration())
        await self._app(scope, receive, send)

    def _strike(self, fault: Fault) -> bool:
        """False: another request used the fault up while this one was waiting."""
        if fault not in self.faults:
            return False
        if fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self.faults.remove(fault)
        self.struck[fault.kind] += 1
        return True

    async def _fail(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        answer: Response = JSONResponse({"error": "the connection was held: no answer in time"}, 504)
        released = self._cleared  # as of now: a clear() while the app still works counts too
        match fault.kind:
            case Kind.THROTTLE:
                answer = self._throttled(ceil(fault.duration()))
            case Kind.ERROR:
                answer = JSONResponse({"error": "service unavailable"}, 503)
            case Kind.DROP_BEFORE:
                await _hold(receive, released, fault.duration())
            case Kind.COMMIT_THEN_TIMEOUT:
                await self._app(scope, receive, _to_nobody)
                await _hold(receive, released, fault.duration())
        await answer(scope, receive, send)


async def _hold(receive: Receive, released: asyncio.Event, seconds: float) -> None:
    """Until the client gives up, the faults are cleared, or the time is over."""
    ends = [asyncio.ensure_future(_disconnected(receive)), asyncio.ensure_future(released.wait())]
    try:
        await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for end in ends:
            end.cancel()


async def _to_nobody(message: Message) -> None:
    """The send of an answer that never leaves."""


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def control_app(faulties: Mapping[str, Faulty]) -> ASGIApp:
    """``GET /`` what is on and what struck; ``POST /{service}`` a fault; ``DELETE /{service}`` all of its faults."""

    async def show(_: Request) -> Response:
        return JSONResponse({name: _state(faulty) for name, faulty in faulties.items()})

    async def change(request: Request) -> Response:
        name = request.path_params["service"]
        faulty = faulties.get(name)
        if faulty is None:
            return JSONResponse({"error": f"there is no service {name!r}", "services": sorted(faulties)}, 404)
        if request.method == "DELETE":
            faulty.clear()
            return JSONResponse(_state(faulty))
        try:
            fault = Fault.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"error": _explain(error), "kinds": [*Kind], "fields": [*Fault.model_fields]}, 422)
        faulty.faults.append(fault)
        return JSONResponse(_state(faulty), 201)

    return Starlette(routes=[Route("/", show), Route("/{service}", change, methods=["POST", "DELETE"])])


def _state(faulty: Faulty) -> dict[str, object]:
    return {"faults": [fault.model_dump(mode="json") for fault in faulty.faults], "struck": dict(faulty.struck)}


def _explain(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}" for problem in problems)
