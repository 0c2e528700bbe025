"""The wire between the webhook pod and its queue, which a test or a person may cut: "the queue does not answer".

A plain TCP forwarder. Cutting it refuses new connections and breaks those that stand, which is what a network does.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

_CHUNK = 65_536


class Wire:
    def __init__(self, port: int, to_port: int) -> None:
        self._port = port
        self._to_port = to_port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def whole(self) -> bool:
        return self._server is not None

    async def mend(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._forward, "127.0.0.1", self._port)

    async def cut(self) -> None:
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for writer in self._open:
            writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        self._open.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
            ends.append(far_writer)
            self._open.add(far_writer)
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        except OSError:
            pass  # one end is gone; closing the other tells its owner
        finally:
            for end in ends:
                self._open.discard(end)
                end.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
    with suppress(OSError):
        writer.write_eof()
