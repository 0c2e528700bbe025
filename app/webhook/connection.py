"""A connection on which nobody gets stuck: whoever takes too long over a request is hung up on (X6).

``limits.read_body`` answers a slow body politely. This is for what has no request yet, and for what goes on sending
after its answer: connections cost the sender nothing, and without an end a few thousand would leave no room for alerts.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_DEADLINE_S = 5.0  # from the connection, or from the request's first byte, to its last


class Connection(HttpToolsProtocol):
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._no_hurry()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._expect_request()
        super().on_message_begin()

    def on_message_complete(self) -> None:
        self._no_hurry()
        super().on_message_complete()

    def _expect_request(self) -> None:
        self._no_hurry()
        self._deadline = self.loop.call_later(REQUEST_DEADLINE_S, self.transport.close)

    def _no_hurry(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
