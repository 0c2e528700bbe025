"""What must not leave the house: found, named and removed (P-private). Pure.

Three uses: ``scrub`` on what is audited, ``redact`` on what a model sees, ``findings`` on what customers would see.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

# Order matters: the more specific shape first, so that a token is not taken apart into digits.
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("secret", re.compile(
        r"\b(?:xox[abeoprs]-[\w-]{6,}|xapp-[\w-]{6,}|lin_api_\w{6,}|glsa_\w{6,}|glc_\w{6,}|gh[pousr]_\w{16,}"
        r"|github_pat_\w{16,}|sk_(?:live|test)_\w{6,}|AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16})"
    )),
    ("secret", re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}")),
    ("e-mail address", re.compile(r"\b[\w.+%-]+@[\w-]+(?:\.[\w-]+)+\b")),
    ("AWS ARN", re.compile(r"\barn:aws[\w-]*:[\w-]*:[\w-]*:\d{0,12}:[^\s\"']+")),
    ("card number", re.compile(r"(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w-])")),
    ("account number", re.compile(r"(?<![\w.-])\d{12}(?![\w-])")),
    ("IP address", re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)")),
    ("IP address", re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F]{1,4}(?![\w:])")),
    ("internal host name", re.compile(
        r"\b[\w-]+(?:\.[\w-]+)*\.(?:internal|local|localdomain|corp|lan|intra|svc|cluster\.local)\b"
    )),
    ("internal host name", re.compile(r"\bip-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}\b")),
)  # fmt: skip

_SECRET_KEYS = re.compile(r"(token|secret|password|api[_-]?key|authorization|signature)$", re.IGNORECASE)


def redact(text: str) -> str:
    """The text with each hit replaced by its kind in brackets."""
    for kind, pattern in _PATTERNS:
        text = pattern.sub(partial(_removed, kind), text)
    return text


def findings(text: str) -> list[str]:
    """The kinds of private data in the text, in words, each once."""
    found: list[str] = []
    for kind, pattern in _PATTERNS:
        if kind not in found and any(_real(kind, hit[0]) for hit in pattern.finditer(text)):
            found.append(kind)
    return found


def scrub(details: Mapping[str, Any]) -> dict[str, Any]:
    """Details fit for the audit trail: values under secret-like keys are gone, texts are redacted."""
    return {key: "[removed]" if _SECRET_KEYS.search(key) else _scrub(value) for key, value in details.items()}


def _scrub(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return scrub(value)
    if isinstance(value, (list, tuple)):
        return [_scrub(item) for item in value]
    return value


def _removed(kind: str, hit: re.Match[str]) -> str:
    return f"[{kind} removed]" if _real(kind, hit[0]) else hit[0]


def _real(kind: str, hit: str) -> bool:
    """Digits look like cards by chance; the check digit tells (Luhn, ISO/IEC 7812-1)."""
    if kind != "card number":
        return True
    digits = [int(c) for c in hit if c.isdigit()]
    # Counted from the right, every second digit is doubled.
    total = sum(d if i % 2 == 1 else (2 * d - 9 if d > 4 else 2 * d) for i, d in enumerate(reversed(digits), start=1))
    return total % 10 == 0
