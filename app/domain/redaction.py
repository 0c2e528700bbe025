"""What must not leave the house: found, named and removed (P-private). Pure.

Three uses: ``scrub`` on what is audited, ``redact`` on what a model sees, ``findings`` on what customers would see.

Strangers write these texts, so a pattern takes time in proportion to their length: it enters a run of characters only
at its beginning (a lookbehind) and gives nothing back (``++``). An underscore is Slack's italics and hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_CARD = "card number"
_CARD_DIGITS = range(13, 20)

# Order matters: the more specific shape first, so that a token is not taken apart into digits.
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("secret", re.compile(
        r"xox[abeoprs]-[\w-]{6,}|xapp-[\w-]{6,}|lin_api_\w{6,}|glsa_\w{6,}|glc_\w{6,}|github_pat_\w{16,}"
        r"|(?<![^\W_])(?:gh[pousr]_\w{16,}|sk_(?:live|test)_\w{6,}|A[KS]IA[0-9A-Z]{16})"
    )),
    ("secret", re.compile(r"eyJ[\w-]{8,2000}+\.[\w-]{8,}+\.[\w-]{8,}+")),
    ("e-mail address", re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w-]++(?:\.[\w-]++)++")),
    ("AWS ARN", re.compile(r"arn:aws[\w-]*+:[\w-]*+:[\w-]*+:\d{0,12}:[^\s\"']++")),
    # Up to five groups of digits, the most that a card is printed in; ``_card`` looks how many of them make a number.
    (_CARD, re.compile(r"(?<![^\W_])(?<!\d\.)(?=(\d+(?:[ -]\d+){0,4}))")),
    # Not the last group of a UUID, nor a part of a decimal number.
    ("account number", re.compile(r"(?<![^\W_])(?<!\d\.)(?<!-[0-9a-fA-F]{4}-)\d{12}(?![^\W_])(?!\.\d)")),
    ("IP address", re.compile(r"(?<![^\W_])(?<!\.)(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)")),
    ("IP address", re.compile(r"(?<![^\W_])(?<!:)(?:[0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F]{1,4}(?!:?[^\W_])")),
    ("IP address", re.compile(  # with "::" for the zeros
        r"(?<![^\W_])(?<!:)(?:(?:[0-9a-fA-F]{1,4}:){1,7}:|::(?=[0-9a-fA-F]))"
        r"(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6})?(?!:?[^\W_])"
    )),
    ("internal host name", re.compile(
        r"(?<![\w.-])[\w.-]*?[\w-]\.(?i:internal|local|localdomain|corp|lan|intra|svc)(?![^\W_]|-\w)(?:\.[\w-]++)*+"
    )),
    ("internal host name", re.compile(r"(?<![^\W_])ip-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?![^\W_])")),
)  # fmt: skip

_SECRET_KEYS = re.compile(r"(token|secret|password|api[_-]?key|authorization|signature)$", re.IGNORECASE)


def redact(text: str) -> str:
    """The text with each hit replaced by its kind in brackets."""
    while findings(text):  # what is removed may lay bare what stood beside it
        for kind, pattern in _PATTERNS:
            text = _without(kind, pattern, text)
    return text


def findings(text: str) -> list[str]:
    """The kinds of private data in the text, in words, each once."""
    return list(dict.fromkeys(kind for kind, pattern in _PATTERNS if _first(kind, pattern, text)))


def scrub(details: Mapping[str, Any]) -> dict[str, Any]:
    """Details fit for the audit trail: values under secret-like keys are gone, texts are redacted."""
    return {redact(key): "[removed]" if _SECRET_KEYS.search(key) else _scrub(value) for key, value in details.items()}


def _scrub(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return scrub(value)
    if isinstance(value, (list, tuple)):
        return [_scrub(item) for item in value]
    return value


def _without(kind: str, pattern: re.Pattern[str], text: str) -> str:
    kept: list[str] = []
    while hit := _first(kind, pattern, text):
        start, end = hit
        kept += [text[:start], f"[{kind} removed]"]
        text = text[end:]  # cut off, so that nothing removed stands before what is looked at next
    return "".join([*kept, text])


def _first(kind: str, pattern: re.Pattern[str], text: str) -> tuple[int, int] | None:
    spans = (_card(hit) if kind == _CARD else hit.span() for hit in pattern.finditer(text))
    return next((span for span in spans if span), None)


def _card(hit: re.Match[str]) -> tuple[int, int] | None:
    """Digits look like cards by chance; the check digit tells. Other digits behind it do not hide one."""
    text, start = hit.string, hit.start()
    ends = [group.end() for group in re.compile(r"\d+").finditer(text, *hit.span(1))]
    whole = (end for end in reversed(ends) if not text[end : end + 1].isalnum())
    return next(((start, end) for end in whole if _valid(text[start:end])), None)


def _valid(number: str) -> bool:
    """ISO/IEC 7812-1: counted from the right, every second digit is doubled, and the sum ends in 0 (Luhn)."""
    digits = [int(c) for c in number if c.isdigit()]
    if len(digits) not in _CARD_DIGITS:
        return False
    total = sum(d if i % 2 == 1 else (2 * d - 9 if d > 4 else 2 * d) for i, d in enumerate(reversed(digits), start=1))
    return total % 10 == 0
