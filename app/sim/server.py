"""The world's process: every vendor, the faults, the console, the scheduler's clock and the wire, on one port.

Run as ``python -m app.sim.server <moto> <world> <wire> <webhook> <processor> <clock>``: five ports, and SANDBOX_CLOCK.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app import clock
from app.sim import aws, console
from app.sim.environment import Addresses
from app.sim.scheduler import SchedulerClock
from app.sim.wire import Wire
from app.sim.world import World


def build(at: Addresses) -> Starlette:
    wire = Wire(at.wire_port, at.moto_port)
    scheduler = SchedulerClock(at.aws, aws.SCHEDULE_GROUP)

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        await wire.mend()
        firing = asyncio.create_task(scheduler.run(), name="scheduler's clock")
        yield
        firing.cancel()
        await wire.cut()

    async def ready(_: Request) -> Response:
        return JSONResponse({"status": "ready", "schedules_that_cannot_fire": scheduler.problems})

    routes = [*World(f"{at.webhook}/webhook").routes(), *_queue(wire), Route("/ready", ready), *console.routes()]
    return Starlette(routes=routes, lifespan=life)


def _queue(wire: Wire) -> list[BaseRoute]:
    """Whether the webhook pod reaches its queue: ``GET /queue``, ``POST /queue/cut``, ``POST /queue/mend``."""

    async def show(_: Request) -> Response:
        return JSONResponse({"reachable": wire.whole})

    async def cut(request: Request) -> Response:
        await wire.cut()
        return await show(request)

    async def mend(request: Request) -> Response:
        await wire.mend()
        return await show(request)

    return [
        Route("/queue", show),
        Route("/queue/cut", cut, methods=["POST"]),
        Route("/queue/mend", mend, methods=["POST"]),
    ]


def main() -> None:
    *ports, time = sys.argv[1:]
    at = Addresses(*map(int, ports))
    clock.install(clock.RealClock.parse(time))
    uvicorn.run(build(at), host="127.0.0.1", port=at.world_port, ws="websockets-sansio", log_level="warning")


if __name__ == "__main__":
    main()
