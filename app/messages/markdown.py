"""Markdown as the tracker shows it: foreign text that is no markup, links that end where they end. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_LINK = re.compile(r"https?://[^\s<>()\[\]]+")
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~]|^[-=])")


def plain(text: str) -> str:
    """On one line, and nothing in it is Markdown or HTML any more."""
    line = " ".join(text.split())
    return _MARKUP.sub(r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def link(address: str | None) -> str:
    """The address as one can follow it; "" for what is none."""
    return f"<{address}>" if address and _LINK.fullmatch(address) else ""


def time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def duration(since: datetime, until: datetime) -> str:
    minutes, seconds = divmod(max(until - since, timedelta()) // timedelta(seconds=1), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min"), (seconds, "s")) if count]
    return " ".join(parts) or "less than a second"
