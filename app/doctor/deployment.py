"""What is examined, and the clients to look with.

One client per vendor and credential, shared by its checks: each costs a moment of this machine's time, and a doctor who
is busy making clients would blame the vendors for answering late.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, Self

import aioboto3
from aiobotocore.config import AioConfig

from app.domain.catalogue import Catalogue
from app.outbound import Client
from app.settings import ProcessorSettings

_CONFIG = AioConfig(retries={"total_max_attempts": 2}, connect_timeout=3, read_timeout=10)


class Deployment:
    """``hmac_secret_id``: None when the doctor was not told the webhook pod's settings."""

    def __init__(self, settings: ProcessorSettings, catalogue: Catalogue, hmac_secret_id: str | None) -> None:
        self.settings = settings
        self.catalogue = catalogue
        self.hmac_secret_id = hmac_secret_id
        self._session = aioboto3.Session(region_name=settings.aws_region)
        self._stack = AsyncExitStack()
        self._https: dict[tuple[str, str, str], Client] = {}
        self._aws: dict[str, Any] = {}
        self._making = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def http(
        self,
        vendor: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> Client:
        key = (vendor, url, repr((headers, auth)))
        if key not in self._https:
            self._https[key] = Client(vendor, url, headers=headers, auth=auth)
            self._stack.push_async_callback(self._https[key].aclose)
        return self._https[key]

    async def aws(self, service: Any) -> Any:
        async with self._making:
            if service not in self._aws:
                self._aws[service] = await self._stack.enter_async_context(
                    self._session.client(service, config=_CONFIG)
                )
            return self._aws[service]
