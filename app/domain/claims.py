"""What a sentence claims, found by its form: numbers, times, names, causes, outcomes, promises. Pure.

Wide rather than narrow: what looks like a claim and is none costs a sentence, a claim that is overlooked costs the
truth.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_WORD = re.compile(r"[^\W_]+")
_TOKEN = re.compile(r"[^\s\"“”„«»()—–;]+")
_TIME = re.compile(r"(?<![\d:.])(\d{1,2}:\d{2})(?::\d{2})?(?![\d:])")
_DATE = re.compile(
    r"\b(\d{4}-\d\d-\d\d|(?:mon|tues|wednes|thurs|fri|satur|sun)day|yesterday|tomorrow|today|tonight|midnight|noon"
    r"|\d{1,2}(?::\d\d)?\s?[ap]\.?m)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.,:])(\d+(?:[.,]\d+)*)\s*(%|‰|[^\W\d_]+)?")
_UNITS = {
    **dict.fromkeys(("%", "percent", "pct"), "%"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "min"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("d", "day", "days"), "d"),
}
_ONES = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = _words("twenty thirty forty fifty sixty seventy eighty ninety")
_SPELT = {word: number for number, word in enumerate(_ONES)} | {w: 20 + 10 * n for n, w in enumerate(_TENS)}
_SPELT_NUMBER = re.compile(
    rf"\b(?:({'|'.join(_TENS)})[- ](?=(?:{'|'.join(_ONES)})\b))?({'|'.join(_SPELT)})\b", re.IGNORECASE
)
_NO_COUNT = re.compile(
    r"\b(?:no|any|every|some|each|this|that|which|the)\s+one\b|\bone\s+(?:of|another)\b", re.IGNORECASE
)
_VAGUE = re.compile(
    r"\b(half|thirds?|quarters?|dozens?|hundreds?|thousands?|millions?|billions?|couple|several|majority|most|many|few"
    r"|all|every|everyone|everybody|always|only|entire|whole|twice|double[ds]?|triple[ds]?)\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(r"\b(no|not|never|none|nobody|nothing|without|cannot)\b|n['’]t\b", re.IGNORECASE)

# Behind "since" and "after" may stand a time, or what is on record by itself; all else is made to look like the cause.
_NO_CAUSE = (
    r"(?:then|that|this|which|it|all|midnight|noon|yesterday|today|(?:(?:about|around|almost|nearly|only|just) )?(?:\d"
    rf"|(?:an?|half|{'|'.join(_SPELT)})[ -](?:\w+[ -])?(?:minute|hour|day|second))"
    r"|(?:(?:the|this|an|its) )?(?:alerts?|alarm|incident|room|approval|resolution|publication)\b)"
)
# The cause stands behind these, …
_CAUSE_BEHIND = re.compile(
    rf"\b(?:since|after) (?!{_NO_CAUSE})"
    r"|(?<!soon )(?<!well )(?<!long )(?<!many )(?<!much )\bas "
    r"(?!soon|well|long|many|much|far|of|usual|such|expected|planned|described|reported|stated|needed|required)"
    r"(?=(?:[\w-]+ ){1,5}?(?:was|were|is|are|ha[sd]|have|did|could|ran|became|got|went|fell|rose|broke|lost|\w+ed)\b)"
    r"|\b(?:c[ao]mes?|coming|ar[io]ses?|arising|originat\w+|deriv\w+|suffer\w*|began|started|errors?|failures?|outages?"
    r"|problems?|issues?|timeouts?|disruptions?|impact|latency) from\b(?! \d)"
    r"|\b(because|due to|owing to|caused by|triggered by|as a (?:result|consequence) of|result(?:ed|ing|s)? from"
    r"|stem(?:med|ming|s)? from|thanks to|traced (?:back )?to|down to|on account of|attribut\w+ to|blamed? on"
    r"|introduced by|following)\b",
    re.IGNORECASE,
)
# … before these, …
_CAUSE_BEFORE = re.compile(
    r"\b(caused|causing|led to|leads? to|leading to|triggered|triggering|result(?:ed|s|ing)? in|broke|brought down"
    r"|took down|knocked out|overload(?:ed|ing)|so that|therefore|hence|thus|consequently"
    r"|ma(?:de|kes|king) (?!sure|progress|public|available|an?|by|to|on|at|in))\b",
    re.IGNORECASE,
)
# … or anywhere beside these.
_CAUSE_BESIDE = re.compile(r"\b(causes?|culprits?|reasons?|responsible|faults?|to blame|origins?)\b", re.IGNORECASE)
_OUTCOMES = {
    "resolved": re.compile(
        r"\b(resolved|fixed|restored|recovered|solved|repaired|remedied|ended|back to normal|as usual|is over|was over"
        r"|up again|works again|working again|operational|healthy|stable)\b", re.IGNORECASE),
    "mitigated": re.compile(r"\b(mitigat(?:ed|ion)|contained|worked around|workaround)\b", re.IGNORECASE),
    "identified": re.compile(
        r"\b(identified|found|discovered|pinpointed|isolated|understood|confirmed)\b", re.IGNORECASE),
    "changed": re.compile(
        r"\b(roll(?:ed)?[ -]?back\w*|revert\w*|deploy\w*|released?|restart\w*|reboot\w*|fail(?:ed)?[ -]?over"
        r"|scaled|patch\w*|disabled|enabled)\b", re.IGNORECASE),
    "security": re.compile(
        r"\b(breach\w*|attack\w*|compromis\w*|leak\w*|hack\w*|malicious|intru\w*|stolen|vulnerab\w*|exfiltrat\w*"
        r"|data loss|lost data|corrupt\w*)\b", re.IGNORECASE),
}  # fmt: skip
_PROMISE = re.compile(
    r"\b(soon|shortly|momentarily|immediately|eta|within|by the end|expect\w*|guarantee\w*|promise\w*|refund\w*"
    r"|credits?|compensat\w*|will be (?:back|fixed|resolved|restored)|in (?:a|an|the next|\d+) \w+)\b",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"\b(click|password|passcode|log ?in|sign ?in|call us|phone|download|install|reset your|contact|e-?mail us|visit"
    r"|please (?!accept|bear|note))\b",
    re.IGNORECASE,
)
_SAID_BY_OTHERS = re.compile(
    r"\b(according to|reported(?:ly)?|reports|alerts? (?:said|says|named|read|reads|stated|titled|claimed)|titled"
    r"|logs? (?:said|says|show(?:s|ed)?)|(?:said|claimed) that)\b",
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(r"[_@/\\#]|\w\.\w{2}|[^\W\d]\d|\d[^\W\d]|[a-z][A-Z]|^v?\d+\.\d+\.\d+")
# Words that may open a sentence or stand in capitals although nobody is called so.
_NO_NAME = frozenset(
    _words(
        "a according after again all also an and another any anyone as at before both but by customers during each "
        "every everyone everything first following for from further he her here his how however i if in incident it "
        "its later many more most my next no nobody none not nothing now of on once only our ours payments people "
        "please post problem requests responders service services she since so some sorry still such team teams thank "
        "thanks that the their them then there these they this those though to today together until updates users utc "
        "was we what when where which while who whose with work you your"
    )
)
_STOP = frozenset(
    _words(
        "about after again all also and any are been before being both but can could did for from had has have her "
        "here his how into its just may more most much must not now only other our out over same she some such than "
        "that the their them then there these they those this too under until very was were what when where which "
        "while who why will with would yet you your"
    )
)
_HYPHENATED = frozenset(
    _words("follow-up on-call e-mail long-term short-term real-time up-to-date well-known re-opened")
)


@dataclass(frozen=True)
class Number:
    value: str
    unit: str  # of a known kind; "" for none


def sentences(text: str) -> list[str]:
    """In one script and without invisible characters, so that nothing claims what does not look like a claim."""
    seen = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in {"Cf", "Co", "Cs"})
    return [one.strip() for one in _SENTENCE.split(seen) if one.strip()]


def stems(text: str) -> frozenset[str]:
    """The words that carry meaning, in a form that forgives their endings."""
    words = (word.lower() for word in _WORD.findall(text))
    return frozenset(word[:5] for word in words if len(word) > 2 and word not in _STOP and not word.isdigit())


def times(text: str) -> list[str]:
    return [f"{found[1]:0>5}" for found in _TIME.finditer(text)]


def dates(text: str) -> list[str]:
    return _each_once(_DATE, text)


def numbers(text: str) -> list[Number]:
    rest = _TIME.sub(" ", text)
    digits = [Number(_value(found[1]), _unit(found[2])) for found in _NUMBER.finditer(rest)]
    counted = _NO_COUNT.sub(" ", rest)
    return digits + [
        Number(
            str(_SPELT.get((found[1] or "").lower(), 0) + _SPELT[found[2].lower()]), _unit_behind(counted, found.end())
        )
        for found in _SPELT_NUMBER.finditer(counted)
    ]


def vague(text: str) -> list[str]:
    return _each_once(_VAGUE, text)


def negated(text: str) -> bool:
    return bool(_NEGATION.search(text))


def outcomes(text: str) -> list[str]:
    return [kind for kind, pattern in _OUTCOMES.items() if pattern.search(text)]


def cause(text: str) -> frozenset[str] | None:
    """The stems of what is said to be the cause; empty when it is not said what it is; None: no cause is spoken of."""
    if beside := _CAUSE_BESIDE.search(text):
        return stems(text[: beside.start()] + text[beside.end() :])
    if behind := _CAUSE_BEHIND.search(text):
        return stems(text[behind.end() :])
    if before := _CAUSE_BEFORE.search(text):
        return stems(text[: before.start()])
    return None


def names(text: str) -> Iterator[str]:
    """Whatever looks like the name of somebody or something; at the beginning of a sentence, too."""
    for raw in _TOKEN.findall(text):
        token = raw.strip(".,:!?'’…*_`")
        word = re.sub(r"['’]s$", "", token)
        if not word or word.lower() in _NO_NAME or _SPELT_NUMBER.fullmatch(word):
            continue
        hyphenated = "-" in word.strip("-") and word.lower() not in _HYPHENATED
        if word[0].isupper() or hyphenated or _IDENTIFIER.search(word):
            yield word


def promises(text: str) -> list[str]:
    return _each_once(_PROMISE, text)


def requests(text: str) -> list[str]:
    return _each_once(_REQUEST, text)


def attributed(text: str) -> bool:
    """Whether the sentence says that somebody else said so."""
    return bool(_SAID_BY_OTHERS.search(text))


def _each_once(pattern: re.Pattern[str], text: str) -> list[str]:
    return list(dict.fromkeys(found[0].lower() for found in pattern.finditer(text)))


def _value(digits: str) -> str:
    whole = re.sub(r",(?=\d{3}(?:\D|$))", "", digits).replace(",", ".")
    return whole.rstrip("0").rstrip(".") or "0" if whole.count(".") == 1 else whole.lstrip("0") or "0"


def _unit(word: str | None) -> str:
    return _UNITS.get((word or "").lower(), "")


def _unit_behind(text: str, at: int) -> str:
    behind = re.match(r"[\s-]*(%|[^\W\d_]+)", text[at:])
    return _unit(behind[1]) if behind else ""
