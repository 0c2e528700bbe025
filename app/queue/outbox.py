"""Sends that happen in the same moment share one request; each sender learns the fate of its own message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import VendorError, VendorRefused, VendorUnavailable

DEADLINE_S = 2.0  # the sender of an alert hangs up after 4 s (L8)
BATCH_MAX = 10
SIZE_MAX = 1_048_576  # bytes, of a message and of a whole request
_COLLECT_S = 0.005  # how long a send waits for others
TRIES = 3
PAUSE_S = 0.1  # before the second try; twice that before the third

Entry = dict[str, Any]
# Sends one request; gives what was not taken, by number, and why.
Post = Callable[[Mapping[str, Entry]], Awaitable[Mapping[str, VendorError]]]


@dataclass(frozen=True)
class _Parcel:
    entry: Entry
    size: int
    done: asyncio.Future[None]

    def settle(self, failure: VendorError | None) -> None:
        if self.done.done():  # its sender was cancelled meanwhile
            return
        if failure is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(failure)


class Outbox:
    """Repeats what was not taken, which is safe only because each entry carries its deduplication id."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._waiting: list[_Parcel] = []
        self._collecting: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, entry: Entry, size: int) -> None:
        parcel = _Parcel(entry, size, asyncio.get_running_loop().create_future())
        self._waiting.append(parcel)
        if self._collecting is None:
            self._collecting = asyncio.create_task(self._collect())
            self._tasks.add(self._collecting)
            self._collecting.add_done_callback(self._tasks.discard)
        await parcel.done

    async def aclose(self) -> None:
        """Waits for what is on its way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _collect(self) -> None:
        await asyncio.sleep(_COLLECT_S)
        parcels, self._waiting, self._collecting = self._waiting, [], None
        await asyncio.gather(*(self._deliver(batch) for batch in _batches(parcels)))

    async def _deliver(self, batch: Sequence[_Parcel]) -> None:
        """Settles every parcel, whatever happens."""
        left = {str(number): parcel for number, parcel in enumerate(batch)}
        failures: Mapping[str, VendorError] = {}
        try:
            async with asyncio.timeout(DEADLINE_S):
                for attempt in range(TRIES):
                    await asyncio.sleep(PAUSE_S * attempt)
                    failures = await self._post({number: parcel.entry for number, parcel in left.items()})
                    for number in list(left):
                        failure = failures.get(number)
                        if failure is None or isinstance(failure, VendorRefused):
                            left.pop(number).settle(failure)
                    if not left:
                        return
        except TimeoutError:
            pass  # told to the senders below
        finally:
            late = VendorUnavailable("SQS", "send", f"no answer within {DEADLINE_S:g} s")
            for number, parcel in left.items():
                parcel.settle(failures.get(number, late))


def _batches(parcels: Sequence[_Parcel]) -> list[list[_Parcel]]:
    """As few requests as the limits allow, in the order of sending."""
    batches: list[list[_Parcel]] = []
    room = 0
    for parcel in parcels:
        if not batches or len(batches[-1]) == BATCH_MAX or parcel.size > room:
            batches.append([])
            room = SIZE_MAX
        batches[-1].append(parcel)
        room -= parcel.size
    return batches
