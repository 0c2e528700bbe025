"""Text as Slack hands it over, and the words that a person typed. Pure.

Slack escapes three characters and wraps what it recognised: ``<https://x|x>``, ``<#C1|general>``, ``<@U1|name>``.
https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re

_WRAPPED = re.compile(r"<(#[CG][A-Z0-9]{1,20}|[a-z][a-z0-9+.-]{1,30}:[^<>|\s]{1,3000})(?:\|([^<>]{0,3000}))?>")
_CALLED = re.compile(r"<(?:@[UW][A-Z0-9]{1,20}|!subteam\^[A-Z0-9]{1,20})\|@?([^<>]{1,80})>")
_OPENING, _CLOSING = '"“„«', '"”“»'  # “ closes what „ opened
_QUOTE = re.compile(r'["“”„«»]')


def typed(text: str) -> str:
    """As it was typed, once. Whoever is called keeps Slack's form: ids are what a command goes by."""
    return _WRAPPED.sub(_unwrapped, text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def called(text: str) -> str:
    """With people and teams by the names that Slack gave with them."""
    return _CALLED.sub(r"@\1", text)


def unquoted(text: str) -> str:
    """Without the pair of quotes around it all; what is quoted inside stays so."""
    said = text.strip()
    if len(said) < 2 or said[0] not in _OPENING or said[-1] not in _CLOSING:
        return "" if said in set(_OPENING + _CLOSING) else said
    inside = said[1:-1]
    first = _QUOTE.search(inside)
    before = inside[max(first.start() - 1, 0) : first.start()] if first else ""
    if before.isalnum() or before in tuple(".,!?…"):
        return said  # "this" and "that": the first pair ends there
    return inside.strip()


def _unwrapped(hit: re.Match[str]) -> str:
    what, label = hit[1], hit[2] or ""
    if what.startswith("#"):
        return f"#{label or what[1:]}"
    address = what.removeprefix("mailto:").removeprefix("tel:")
    if label.rstrip("/") in {address.rstrip("/"), address.partition("://")[2].rstrip("/")}:
        return label or address
    return f"{label} ({address})" if label else address
