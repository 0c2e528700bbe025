"""The secrets that senders sign with, as fresh as they need to be.

Read again every five minutes, and at once when a signature does not match, since the secret may have been rotated.
But never twice within ten seconds, and never twice at the same time: otherwise every anonymous request would cost a
call (X1). When the store does not answer, what was read last goes on being believed.
"""

from __future__ import annotations

import asyncio
import math
from typing import Protocol

from app import clock, telemetry
from app.errors import VendorError, VendorUnavailable

FRESH_S = 300.0
READ_AGAIN_S = 10.0


class SecretSource(Protocol):
    async def versions(self) -> dict[str, str]:
        """Version id to value, of every version that is valid now. Raises ``VendorError``."""
        ...


class SecretCache:
    def __init__(self, source: SecretSource) -> None:
        self._source = source
        self._versions: dict[str, str] = {}
        self._read_at = -math.inf
        self._tried_at = -math.inf
        self._reading = asyncio.Lock()

    async def values(self) -> tuple[str, ...]:
        """Raises ``VendorUnavailable`` as long as nothing could be read at all."""
        if clock.monotonic() - self._read_at >= FRESH_S:
            await self._read()
        if not self._versions:
            raise VendorUnavailable(
                "Secrets Manager",
                "GetSecretValue",
                "the secret was never read",
                remedy="check GRAFANA_ONCALL_HMAC_SECRET_ID and the pod's right to read it",
            )
        return tuple(self._versions.values())

    async def after_mismatch(self) -> tuple[str, ...]:
        """What is valid now, in case it was rotated since ``values``."""
        await self._read()
        return tuple(self._versions.values())

    async def _read(self) -> None:
        async with self._reading:  # whoever waits here finds that it has just been tried
            if clock.monotonic() - self._tried_at < READ_AGAIN_S:
                return
            self._tried_at = clock.monotonic()
            try:
                versions = await self._source.versions()
            except VendorError as error:
                telemetry.log.error("secret_not_read", reason=str(error), known_versions=len(self._versions))
                return
            if versions.keys() != self._versions.keys():
                telemetry.log.info("secret_read", versions=sorted(versions))
            self._versions = versions
            self._read_at = clock.monotonic()
