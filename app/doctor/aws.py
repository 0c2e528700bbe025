"""What the checks of AWS share: clients that try once, and telling a missing right from a missing thing."""

from __future__ import annotations

from typing import Any

from aiobotocore.config import AioConfig
from botocore.exceptions import ClientError

from app.doctor.check import Deployment

_CONFIG = AioConfig(retries={"total_max_attempts": 2}, connect_timeout=3, read_timeout=10)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


def client(deployment: Deployment, service: Any) -> Any:
    return deployment.aws.client(service, region_name=deployment.settings.aws_region, config=_CONFIG)


def code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def denied(error: ClientError) -> bool:
    return code(error) in _DENIED
