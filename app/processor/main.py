"""The processor pod, from its settings to its end. A signal begins the drain (L5)."""

from __future__ import annotations

import asyncio
import signal

from app import telemetry
from app.processor.supervise import supervise
from app.processor.wiring import build
from app.settings import ProcessorSettings


async def run(settings: ProcessorSettings) -> None:
    """Until SIGTERM or SIGINT. Raises ``TaskDied``: the caller exits with an error."""
    telemetry.configure("processor", settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    processor = await build(settings)
    try:
        await supervise(processor, stop, port=settings.health_port, drain_s=settings.drain_timeout_s)
    finally:
        await processor.aclose()
        telemetry.close()
