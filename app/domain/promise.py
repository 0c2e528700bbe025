"""When a text for customers promises the next update: "Next update by 14:30 UTC", "within 30 minutes". Pure.

Understood are plain English forms, UTC, and what is so much ahead of it: the letters of other zones mean different
times to different readers. What speaks of a time and is not understood is never read as another one, nor passed over:
``unread`` names it before anybody can approve it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from app.domain.draft import PublicStatus, PublicText
from app.domain.seen import as_seen

_QUOTED_MAX = 60
_AHEAD_MAX = timedelta(hours=14)  # of UTC: no place on earth is further

# What announces an update; a time in the same sentence says when.
_ANNOUNCED = re.compile(
    r"\b(?:next (?:status )?updates?"
    r"|(?:another|further|more|additional) (?:status )?(?:updates?|information|news|details)"
    r"|(?:post|give|provide|share|send|have|publish|expect)(?: you)?(?: an?| the| our)? (?:status |next )?updates?"
    r"|update (?:you|this page|again|everyone)|updates? (?:will|to) (?:follow|come|be)|(?:check|report) back"
    r"|keep you (?:posted|updated|informed)|(?:more|will update)(?= (?:by|at|in|within|before|until|every)\b))\b",
    re.IGNORECASE,
)
_HALF_OF_DAY = re.compile(r"(?<=[ \d])([ap])\. ?m\b\.?", re.IGNORECASE)  # "2 p.m." does not end a sentence
_END = re.compile(r"[!?\n]|\.(?!\d)")
_PAST = re.compile(r"\b(?:since|was|were|began|started|seen|happened|occurred)\b", re.IGNORECASE)

_UNIT = r"(?:min(?:ute)?s?|m|h(?:ou)?rs?|h|days?|weeks?)"
_COUNT = (
    r"(?:\d+(?:[.,-]\d+)*|half(?: an?)?|an?|one|two|three|four|five|ten|fifteen|twenty|thirty|forty|forty-five|sixty"
    r"|few|couple of|several)"
)
_DAY = (
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|\d{1,2}(?:st|nd|rd|th)|(?:\d{1,2} )?"
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may \d{1,2}|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|(?:nov|dec)(?:ember)?)|tonight|weekend)"
)
# Whatever speaks of a time, be it understood or not.
_TIME = re.compile(
    r"\b(?:tomorrow|today(?=,? (?:at|by) \d))\b|\d{1,2} ?[:.h] ?\d\d|\d{1,2} ?(?:[ap]m|h|o.clock)\b|\d ?(?:UTC|GMT|Z)\b"
    rf"|\b{_COUNT}[ -]?{_UNIT}\b|(?<=\b[ba][yt] )\d{{1,4}}\b(?! ?%| [a-z]+s\b)|\d[-/]\d|\b{_DAY}\b"
    r"|\b(?:noon|midday|midnight|eo[dbw]|cob|hourly|daily|end of (?:(?:the|this) )?(?:day|business|week))\b"
    r"|\b(?:half|quarter) (?:past|to)\b|\bthe hour\b"
    r"|\b(?:by|before|until) (?:today|lunch|(?:this|next) (?:morning|afternoon|evening|week|month))\b",
    re.IGNORECASE,
)
_WITHIN = re.compile(r"\b(?:within|in|every)(?: the)?(?: next)?(?: about| around| approximately)? $", re.IGNORECASE)
_SPAN = re.compile(r"(\d{1,3}|an?|one|half(?: an)?) ?(min(?:ute)?s?|m|h(?:ou)?rs?|h)\b", re.IGNORECASE)
_NO_POINT = re.compile(r"\b(?:after|from|between|for|within|in|every|of)(?: the)?(?: next)? $", re.IGNORECASE)
_CLOCK = re.compile(
    r"(?:(tomorrow|today),? (?:(?:at|by|before) )?)?"
    r"(\d{1,2})(?: ?[:.h] ?(\d\d)(?::\d\d)?(?![\d.]*\d)| ?h\b|(?= ?[ap]m\b))(?: ?([ap])m\b)?"
    r"(?: ?\(?(UTC|GMT|Z)(?![^\W_]))?(?: ?\+(\d{1,2})(?::?(\d\d))?(?!\d))?\)?(?:,? (tomorrow|today)\b)?",
    re.IGNORECASE,
)
# Behind a time, what makes another one of it: some more, the other end of a range, a day, a zone.
_MORE = re.compile(r" ?(?:(?:-|to|and|or|,|&) ?)?(?:a half|half|a quarter|\d)|-", re.IGNORECASE)
_ON_A_DAY = re.compile(rf"[ ,(]*(?:(?:on|this|next|the) )*(?:{_DAY}|\d|day after)\b", re.IGNORECASE)
_IN_A_ZONE = re.compile(
    r" ?\(?(?:[A-Z]{2,5}\b|(?i:[cew]e?s?t|[ecmp]dt|bst|[ijmp]st|ae[sd]t|local|(?:[\w/]+ ){0,2}time)\b)"
)


@dataclass(frozen=True)
class _Clock:
    """A time of the day at ``ahead`` of UTC; ``day``: 0 today, 1 tomorrow, None not said."""

    hour: int
    minute: int
    ahead: timedelta
    day: int | None

    def seen_from(self, said_at: datetime) -> datetime:
        """On the day that was said, or else the one nearest to ``said_at``, so that it may be past."""
        there = said_at.astimezone(timezone(self.ahead))
        today = there.replace(hour=self.hour, minute=self.minute, second=0, microsecond=0)
        days = (-1, 0, 1) if self.day is None else (self.day,)
        found = min((today + timedelta(days=day) for day in days), key=lambda at: abs(at - said_at))
        return found.astimezone(UTC)


def promised(text: PublicText, said_at: datetime) -> datetime | None:
    """The earliest time by which customers are promised to hear more. Whoever reads that it is over waits for nothing.

    A span counts from ``said_at``: when they read it.
    """
    found = [when for _, when in _promises(text) if when is not None]
    return min(
        (when.seen_from(said_at) if isinstance(when, _Clock) else said_at + when for when in found), default=None
    )


def unread(text: PublicText) -> list[str]:
    """What speaks of the time of the next update and could not be understood, with what to write instead."""
    return [
        f"I could not read a time in “{words}”: write `Next update by 14:30 UTC`"
        for words, when in _promises(text)
        if when is None
    ]


def _promises(text: PublicText) -> Iterator[tuple[str, _Clock | timedelta | None]]:
    """Each in its words, with the time that was read in it; None: none could be."""
    if text.status is PublicStatus.RESOLVED:
        return
    seen = as_seen(text.body)
    words = _HALF_OF_DAY.sub(r"\1m", seen.text if seen else text.body)
    for hit in _ANNOUNCED.finditer(words):
        end = _END.search(words, hit.end())
        rest = words[hit.end() : end.start() if end else None]
        time = _TIME.search(rest)
        if time and not _PAST.search(rest[: time.start()]):
            yield (hit[0] + rest)[:_QUOTED_MAX].strip(), _read(rest, time.start())


def _read(words: str, at: int) -> _Clock | timedelta | None:
    before = words[:at]
    span = _SPAN.match(words, at) if _WITHIN.search(before) else None
    if span and not _MORE.match(words, span.end()):
        return _length(span[1].lower(), span[2].lower())
    clock = None if _NO_POINT.search(before) else _CLOCK.match(words, at)
    if not clock or any(other.match(words, clock.end()) for other in (_MORE, _ON_A_DAY)):
        return None
    zoned = clock[5] or clock[6]
    return _clock(clock) if zoned or not _IN_A_ZONE.match(words, clock.end()) else None


def _clock(hit: re.Match[str]) -> _Clock | None:
    hour, minute, half = int(hit[2]), int(hit[3] or 0), (hit[4] or "").lower()
    ahead = timedelta(hours=int(hit[6] or 0), minutes=int(hit[7] or 0))
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59 or ahead > _AHEAD_MAX:
        return None
    day = (hit[1] or hit[8] or "").lower()
    return _Clock(hour, minute, ahead, {"today": 0, "tomorrow": 1}.get(day))


def _length(count: str, unit: str) -> timedelta:
    number = 0.5 if count.startswith("half") else float(count) if count.isdigit() else 1.0
    return timedelta(hours=number) if unit.startswith("h") else timedelta(minutes=number)
