"""What must not leave the house: found, named and removed (P-private). Pure.

Three uses: ``scrub`` on what is audited, ``redact`` on what a model sees, ``findings`` on what customers would see.
A text is read twice, as it stands and as a person sees it; what is found either way is removed from where it stands.

Strangers write these texts, so a pattern takes time in proportion to their length: it enters a run of characters only
at its beginning (a lookbehind), gives nothing back (``++``), or is short. An underscore is Slack's italics and hides
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from app.domain.seen import Seen, as_it_is, as_seen

_CARD = "card number"
_CARD_DIGITS = range(13, 20)
_IBAN = "bank account"
_IBAN_CHARS = range(15, 35)

# Order matters: the more specific shape first, so that a token is not taken apart into digits.
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("secret", re.compile(r"-----BEGIN [A-Z0-9 ]{1,40}-----(?:[^-]|-(?!----))*+(?:-----END [A-Z0-9 ]{1,40}-----)?")),
    ("secret", re.compile(r"(?i:hooks\.slack\.com/(?:services|workflows|triggers)/)[\w/-]{4,}")),
    ("secret", re.compile(r"(?<=://)[^\s/?#@:<>|]{0,256}+:[^\s/?#@<>|]{1,256}@")),  # https://user:password@host
    ("secret", re.compile(
        r"xox[a-z]-[\w-]{6,}|xapp-[\w-]{6,}|lin_api_\w{6,}|glsa_\w{6,}|glc_\w{6,}|github_pat_\w{16,}"
        r"|(?<![^\W_])(?:gh[pousr]_\w{16,}|sk_(?:live|test)_\w{6,}|A[KS]IA[0-9A-Z]{16})"
        r"|(?<![^\W_])sk-(?:[0-9A-Za-z]{20,}|(?:ant|proj|svcacct)-[\w-]{16,})"
    )),
    ("secret", re.compile(r"eyJ[\w-]{8,2000}+\.[\w-]{8,}+\.[\w-]{8,}+")),
    ("secret", re.compile(r"(?<![^\W_])(?i:bearer|basic) {1,3}(?=[^\s\d]{0,200}\d)[\w.~+/=-]{12,}")),
    # "password=…", "token: …". Behind a blank it may be the next word of a sentence, unless it is quoted or holds a
    # digit. In brackets it is a placeholder; of asterisks, hidden already.
    ("secret", re.compile(
        r"(?i:pass(?:word|wd|phrase)|pwd|secret|token|(?:api|access|private)[_-]?key)[\"'`]? {0,3}(?:=>|:=|[=:])(?:"
        r" {0,3}[\"'`](?![\[<{(*])[^\"'`\n]{4,200}"
        r"|[^\s\"'`<>|\[{(*/:=][^\s\"'`<>|]{3,}"
        r"| {1,3}(?=[^\s\d]{0,200}\d)[^\s\"'`<>|\[{(*/:=][^\s\"'`<>|]{5,})"
    )),
    ("e-mail address", re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w-]++(?:\.[\w-]++)++")),
    ("AWS ARN", re.compile(r"arn:aws[\w-]*+:[\w-]*+:[\w-]*+:\d{0,12}:[^\s\"']++")),
    (_IBAN, re.compile(r"(?<![^\W_])(?=([A-Z]{2}[0-9]{2}(?:[ -]?[0-9A-Z]{1,4}){3,8}))")),
    ("phone number", re.compile(r"(?<![^\W_])(?<!\+)\+[1-9](?:[ .()/-]{0,3}\d){8,14}(?!\d)")),  # with its country
    # Up to five groups of digits, the most that a card is printed in; ``_card`` looks how many of them make a number.
    (_CARD, re.compile(r"(?<![^\W_])(?<!\d\.)(?=(\d+(?:[ -]\d+){0,4}))")),
    (_CARD, re.compile(r"(?<![^\W_])(?<!\d\.)(?=(\d{4}\.\d{4,6}\.\d{4,5}(?:\.\d{1,4})?))")),
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
    ("internal host name", re.compile(  # a machine of ours at AWS; "rds.eu-west-1.amazonaws.com" is everybody's
        r"(?<![\w.-])(?=[\w.-]*\w\.(?i:rds|compute|compute-\d|elb|cache|redshift|es|docdb|neptune|eks|kafka|mq|efs)\.)"
        r"[\w.-]*?\.(?i:amazonaws\.com)(?![^\W_]|-\w)(?:\.[\w-]++)*+"
    )),
    ("internal host name", re.compile(r"(?<![^\W_])ip-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?![^\W_])")),
)  # fmt: skip

_SECRET_KEYS = re.compile(
    r"(token|secret|pass(?:word|wd|phrase)|pwd|(?:api|access|private)[_-]?key|authorization|cookie|signature)$",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text with each hit replaced by its kind in brackets."""
    while findings(text):  # what is removed may lay bare what stood beside it
        for kind, pattern in _PATTERNS:
            text = _without(kind, pattern, as_it_is(text), text)
        for kind, pattern in _PATTERNS:
            if seen := as_seen(text):
                text = _without(kind, pattern, seen, text)
    return text


def findings(text: str) -> list[str]:
    """The kinds of private data in the text, in words, each once."""
    seen = as_seen(text)
    readings = (text, seen.text) if seen else (text,)
    return list(dict.fromkeys(kind for kind, pattern in _PATTERNS for it in readings if _first(kind, pattern, it)))


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


def _without(kind: str, pattern: re.Pattern[str], seen: Seen, text: str) -> str:
    kept: list[str] = []
    at, done = 0, 0
    # What was looked at is cut off, so that nothing removed stands before what is looked at next.
    while hit := _first(kind, pattern, seen.text[at:]):
        start, end = seen.span(at + hit[0], at + hit[1])
        kept += [text[done:start], f"[{kind} removed]"]
        at, done = at + hit[1], end
    return "".join([*kept, text[done:]])


def _first(kind: str, pattern: re.Pattern[str], text: str) -> tuple[int, int] | None:
    check = _CHECKED.get(kind)
    spans = (_checked(hit, check) if check else hit.span() for hit in pattern.finditer(text))
    return next((span for span in spans if span), None)


def _checked(hit: re.Match[str], valid: Callable[[str], bool]) -> tuple[int, int] | None:
    """Digits look like a number of its kind by chance; the check digits tell. Others behind it do not hide one."""
    text, start = hit.string, hit.start()
    ends = [group.end() for group in _GROUP.finditer(text, *hit.span(1))]
    whole = (end for end in reversed(ends) if not text[end : end + 1].isalnum())
    return next(((start, end) for end in whole if valid(text[start:end])), None)


def _card(number: str) -> bool:
    """ISO/IEC 7812-1: counted from the right, every second digit is doubled, and the sum ends in 0 (Luhn)."""
    digits = [int(c) for c in number if c.isdigit()]
    if len(digits) not in _CARD_DIGITS:
        return False
    total = sum(d if i % 2 == 1 else (2 * d - 9 if d > 4 else 2 * d) for i, d in enumerate(reversed(digits), start=1))
    return total % 10 == 0


def _iban(number: str) -> bool:
    """ISO 13616: country and check digits to the end, letters as numbers from 10; the rest of 97 is 1."""
    characters = [c for c in number if c.isalnum()]
    if len(characters) not in _IBAN_CHARS:
        return False
    return int("".join(str(int(c, 36)) for c in characters[4:] + characters[:4])) % 97 == 1


_GROUP = re.compile(r"[^\W_]+")
_CHECKED: Mapping[str, Callable[[str], bool]] = {_CARD: _card, _IBAN: _iban}
