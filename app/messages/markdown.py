"""Markdown as the tracker shows it: foreign text that is no markup, links that end where they end. Pure."""

from __future__ import annotations

import re

_LINK = re.compile(r"https?://[^\s<>()\[\]]+")
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~]|^[-=])")


def plain(text: str) -> str:
    """On one line, and nothing in it is Markdown or HTML any more."""
    line = " ".join(text.split())
    return _MARKUP.sub(r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def link(address: str | None) -> str:
    """The address as one can follow it; "" for what is none."""
    return f"<{address}>" if address and _LINK.fullmatch(address) else ""
