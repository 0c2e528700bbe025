"""The processor pod, from its settings to its end. A signal begins the drain (L5)."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from app import telemetry
from app.processor.supervise import supervise
from app.processor.wiring import build
from app.rotation import rotated
from app.settings import ProcessorSettings


async def run(settings: ProcessorSettings, read_again: Callable[[], ProcessorSettings]) -> None:
    """Until SIGTERM or SIGINT. When a secret has changed, what is in hand is finished, and all that holds secrets is
    made anew; what comes meanwhile waits in the queue. Raises ``TaskDied``: the caller exits with an error."""
    telemetry.configure("processor", settings)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    try:
        while await _until_rotated(settings, ended):
            settings = read_again()
    finally:
        telemetry.close()


async def _until_rotated(settings: ProcessorSettings, ended: asyncio.Event) -> bool:
    """False: it is over."""
    watch = asyncio.create_task(rotated(settings.secrets_dir, ended))
    stop = asyncio.Event()
    watch.add_done_callback(lambda _: stop.set())
    processor = await build(settings)
    try:
        await supervise(processor, stop, port=settings.health_port, drain_s=settings.drain_timeout_s)
    finally:
        watch.cancel()
        await processor.aclose()
    return watch.result()
