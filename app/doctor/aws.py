"""Telling a missing right from a missing thing."""

from __future__ import annotations

from botocore.exceptions import ClientError

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


def code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def denied(error: ClientError) -> bool:
    return code(error) in _DENIED
