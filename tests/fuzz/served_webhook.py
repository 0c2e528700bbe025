"""The real webhook pod on a port of its own, for ``fuzz_api``: ``python -m tests.fuzz.served_webhook``.

Its queue keeps nothing, so that what its memory grows by is the pod's own; every now and then it is out of reach. The
first line that it prints is its address.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys

import structlog
import uvicorn

from app.errors import VendorUnavailable
from app.queue.envelope import Envelope
from app.webhook.connection import Connection
from tests.fuzz.targets import Recorder, pod

CUT_EVERY = 50  # sends


class CutNowAndThen(Recorder):
    async def send(self, envelope: Envelope) -> None:
        await super().send(envelope)
        if self.taken % CUT_EVERY == 0:
            raise VendorUnavailable("SQS", "send", "cut by the fuzzer")


async def main() -> None:
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        pod(CutNowAndThen()),
        http=Connection,
        timeout_keep_alive=75,
        reset_contextvars=True,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    await uvicorn.Server(config).serve([listening])


if __name__ == "__main__":
    asyncio.run(main())
