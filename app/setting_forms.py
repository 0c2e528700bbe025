"""The forms that a setting may have beyond a plain text or number."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode


def _base_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must start with https:// (or http:// in a sandbox)")
    return value.rstrip("/")


def _json(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("is not JSON") from None


WebhookAuth = Literal["oncall_hmac", "grafana_alerting", "bearer"]  # how a sender proves itself
Url = Annotated[str, AfterValidator(_base_url)]
# NoDecode: read here, since pydantic-settings raises an error of its own for the first one that is no JSON.
TeamGroups = Annotated[dict[str, str], NoDecode, BeforeValidator(_json)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_json)]
