"""What Kubernetes asks the processor: is it alive, and is it at work?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse

Problems = Callable[[], Sequence[str]]


def health_app(problems: Problems) -> FastAPI:
    """``problems``: what keeps the processor from its work right now, in words; empty when nothing does."""
    app = FastAPI(title="incident-response processor", docs_url=None, redoc_url=None)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/ready")
    async def ready() -> JSONResponse:
        found = list(problems())
        return JSONResponse({"ready": not found, "problems": found}, status_code=503 if found else 200)

    return app


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the processor's own: they begin the drain."""
        yield


async def serve(problems: Problems, port: int, stop: asyncio.Event) -> None:
    """Until ``stop``."""
    config = uvicorn.Config(
        health_app(problems),
        host="0.0.0.0",  # noqa: S104  the kubelet asks from outside the pod
        port=port,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        server.should_exit = True
        await serving
