"""The one secret of ``/webhook``, out of Secrets Manager: its current version and, during a rotation, the previous."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Self

import aioboto3
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError, ClientError

from app import clock
from app.errors import VendorRefused, VendorUnavailable

if TYPE_CHECKING:
    from types_aiobotocore_secretsmanager.client import SecretsManagerClient
    from types_aiobotocore_secretsmanager.type_defs import GetSecretValueResponseTypeDef

VENDOR = "Secrets Manager"
DEADLINE_S = 2.0  # the sender hangs up after four, and must have an answer before (L8)
ROTATION_OVERLAP_S = 86_400  # how long the previous version is good after a new one was made; then it is just old

_REMEDY = "check GRAFANA_ONCALL_HMAC_SECRET_ID and the pod's right to read it"


class SecretsManager:
    """Use as an async context manager. The address of AWS comes from botocore's own environment."""

    def __init__(
        self, session: aioboto3.Session, secret_id: str, *, region: str, deadline_s: float = DEADLINE_S
    ) -> None:
        self._session = session
        self._region = region
        self._secret_id = secret_id
        self._deadline_s = deadline_s
        self._stack = AsyncExitStack()
        self._client: SecretsManagerClient | None = None

    async def __aenter__(self) -> Self:
        config = AioConfig(connect_timeout=1, read_timeout=self._deadline_s, retries={"total_max_attempts": 1})
        client = self._session.client("secretsmanager", region_name=self._region, config=config)
        self._client = await self._stack.enter_async_context(client)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def versions(self) -> dict[str, str]:
        try:
            async with asyncio.timeout(self._deadline_s):
                current = await self._version("AWSCURRENT")
                overlap = current is not None and _age_s(current["CreatedDate"]) < ROTATION_OVERLAP_S
                previous = await self._version("AWSPREVIOUS") if overlap else None
        except (BotoCoreError, TimeoutError) as error:
            raise VendorUnavailable(VENDOR, "GetSecretValue", type(error).__name__, remedy=_REMEDY) from error
        found = {
            version["VersionId"]: version.get("SecretString", "").strip()
            for version in (current, previous)
            if version is not None
        }
        # Anybody can sign with an empty secret.
        usable = {version_id: value for version_id, value in found.items() if value}
        if not usable:
            raise VendorRefused(VENDOR, "GetSecretValue", "the secret does not exist or is empty", remedy=_REMEDY)
        return usable

    async def _version(self, stage: Literal["AWSCURRENT", "AWSPREVIOUS"]) -> GetSecretValueResponseTypeDef | None:
        if self._client is None:
            raise RuntimeError("SecretsManager is used before it was entered")
        try:
            return await self._client.get_secret_value(SecretId=self._secret_id, VersionStage=stage)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ResourceNotFoundException":  # the stage, or the secret, is not there
                return None
            raise VendorRefused(VENDOR, "GetSecretValue", code, remedy=_REMEDY) from error


def _age_s(created: datetime) -> float:
    return clock.wall() - created.timestamp()
