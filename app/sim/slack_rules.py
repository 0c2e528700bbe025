"""Slack's rules for names, metadata, and the form that arguments come in. Pure."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

Json = dict[str, Any]

NAME_MAX = 80
TOPIC_MAX = 250
TEXT_MAX = 40_000


class Failure(Exception):
    """``ok: false``, with Slack's word for it and whatever else the answer holds."""

    def __init__(self, code: str, *messages: str, **more: Any) -> None:
        super().__init__(code)
        self.body: Json = {"ok": False, "error": code, **more}
        if messages:
            self.body["response_metadata"] = {"messages": list(messages)}


def arguments(given: Json, spec: str) -> Json:
    """``spec``: ``channel limit:number? view:json``, that is name, kind (text, if not said), and ? for optional.

    Slack ignores an argument that it does not know; it is refused here, so that a misspelt one is found.
    """
    wanted = {part.rstrip("?").partition(":")[0]: part for part in spec.split()}
    missing = [name for name, part in wanted.items() if not part.endswith("?") and given.get(name) in {None, ""}]
    unknown = [name for name in given if name not in wanted]
    if missing or unknown:
        raise Failure(
            "invalid_arguments",
            *(f"[ERROR] missing required field: {name}" for name in missing),
            *(f"[ERROR] unknown argument: {name}" for name in unknown),
        )
    return {name: _parsed(name, wanted[name].rstrip("?").partition(":")[2], value) for name, value in given.items()}


def _parsed(name: str, kind: str, value: Any) -> Any:
    try:
        if kind == "flag":
            return {"true": True, "1": True, "false": False, "0": False}[str(value).lower()]
        if kind == "number":
            return int(value)
        if kind == "json":
            return json.loads(value) if isinstance(value, str) else value
    except (KeyError, ValueError) as error:
        raise Failure("invalid_arguments", f"[ERROR] {name}: not a {kind}") from error
    if not isinstance(value, str):
        raise Failure("invalid_arguments", f"[ERROR] {name}: not a string")
    return value


def page(items: list[Any], given: Json, *, limit_max: int) -> tuple[list[Any], str]:
    """One page and the cursor of the next; "" at the end. https://docs.slack.dev/apis/web-api/pagination"""
    limit = given.get("limit", 100)
    if not 1 <= limit <= limit_max:
        raise Failure("invalid_limit")
    start = _offset(given.get("cursor", ""))
    following = start + limit
    cursor = base64.b64encode(f"next:{following}".encode()).decode() if following < len(items) else ""
    return items[start:following], cursor


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except (binascii.Error, ValueError) as error:
        raise Failure("invalid_cursor") from error


def metadata_error(metadata: Any) -> str | None:
    """https://docs.slack.dev/messaging/message-metadata"""
    if not isinstance(metadata, dict) or metadata.keys() != {"event_type", "event_payload"}:
        return "invalid_metadata_format"
    kind, payload = metadata["event_type"], metadata["event_payload"]
    if not isinstance(kind, str) or not re.fullmatch(r"[A-Za-z0-9_]+", kind) or not isinstance(payload, dict):
        return "invalid_metadata_format"
    for value in payload.values():
        for one in value if isinstance(value, list) else [value]:
            inner = one.values() if isinstance(one, dict) else [one]
            if not all(isinstance(leaf, str | int | float | bool) for leaf in inner):
                return "invalid_metadata_schema"
    return None


def name_error(name: str) -> str | None:
    if not name:
        return "invalid_name_required"
    if len(name) > NAME_MAX:
        return "invalid_name_maxlength"
    if not re.fullmatch(r"[a-z0-9_-]+", name):
        return "invalid_name_specials"
    if not re.search(r"[a-z0-9]", name):
        return "invalid_name_punctuation"
    return None
