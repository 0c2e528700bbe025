"""A dead man's switch outside: while the processor works it calls an address now and then; when the calls end, somebody
there wakes people. The one alarm that needs nothing of ours to be alive."""

from __future__ import annotations

from app.outbound import Client, Transport


class Heartbeat:
    """``url``: the whole address, which is a secret of its own kind; a GET of it is a beat."""

    def __init__(self, url: str, *, transport: Transport | None = None) -> None:
        self._http = Client("heartbeat", url, transport=transport)
        self._url = url

    async def beat(self) -> None:
        await self._http.get(self._url, operation="beat")

    async def aclose(self) -> None:
        await self._http.aclose()
