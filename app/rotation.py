"""Secrets that change while a pod runs: a folder with a file for each, as Kubernetes mounts a Secret.

Kubernetes replaces all of them at once (the files are links into a folder that is itself behind a link), so whoever
sees one new value sees all.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from app.telemetry import log

LOOK_EVERY_S = 10.0


async def rotated(folder: Path | None, ended: asyncio.Event) -> bool:
    """Waits. True: a file of the folder holds something else than at the call. False: ``ended`` came first."""
    before = _contents(folder)
    while not ended.is_set():
        with suppress(OSError):  # not there for the moment: what was read before still holds
            if _contents(folder) != before:
                log.info("secrets_rotated", folder=str(folder))
                return True
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), LOOK_EVERY_S)
    return False


def _contents(folder: Path | None) -> dict[str, bytes]:
    if folder is None:
        return {}
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
