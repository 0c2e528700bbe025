"""Whether words in a room tell others how the incident stands: the rule for when there is no model. Pure.

Strict, since it stops reminders: a reminder too many is better than one too few.
"""

from __future__ import annotations

import re

_SAID_SO = re.compile(r"^\W*(status\s+)?update[*_]*\s*[:\-–]", re.IGNORECASE)
_WORDS_MIN = 4
_QUOTED = re.compile(r"```.*?(?:```|$)|^>.*$", re.DOTALL | re.MULTILINE)  # code, and what somebody else said
_QUESTION = re.compile(r"\?(?=\W*(?:\s|$))")
# To one person, a request, a suggestion, a guess.
_NOT_TOLD = re.compile(
    r"^\W*(?:<?@|(?:who|what|where|when|why|how|which|please|pls|any\w*|some(?:body|one)|let'?s|let\s+me|if|maybe|perhaps|check"
    r"|try|look|make|ask|tell|ping|call|remember|don['’]?t|fix|confirm|thanks|sorry)\b"
    r"|(?:can|could|would|will|should|do|does|did|is|are|has|have)\s+(?:i|you|we|they|it|there|the|this|any\w*|some\w*)\b)"
    r"|\b(?:should|could|would|might|may|i\s+(?:think|guess|wonder|suppose|assume|hope|will|['’]ll)|not\s+sure|you)\b",
    re.IGNORECASE,
)
_STATE = re.compile(
    r"(?<![^\W_])(?:investigating|identified|mitigat(?:ed|ing)|degraded|recover(?:ed|ing)|restor(?:ed|ing)|resolved"
    r"|roll(?:ed|ing)\s+(?:it\s+|\w+\s+)?back|restart(?:ed|ing)|fail(?:ed|ing)\s+over|back\s+to\s+normal|working\s+on"
    r"|looking\s+into|(?:we|am|are|is|it['’]s|was|now|still|been|got)\s+(?:being\s+|all\s+)?"
    r"(?:monitoring|deploy(?:ed|ing)|fix(?:ed|ing)|confirmed|stable|affected|impacted|down)"
    r"|(?:the|no|known|root)\s+cause|(?:customers|users)\s+(?:\w+\s+){0,4}?(?:are|were|see|cannot|can(?:['’]t)?)"
    r"|(?:error\s+rates?|impact|eta)\s+(?:\w+\s+){0,4}?"
    r"(?:is|are|was|were|fell|falls?|falling|rises?|rising|drop(?:s|ped|ping)?|up|down))"
    r"(?![^\W_])",
    re.IGNORECASE,
)


def reads_like_update(text: str) -> bool:
    """A statement of some length about the state of things, or one that calls itself an update; never a question."""
    words = _QUOTED.sub(" ", text).strip()
    if _QUESTION.search(words):
        return False
    if _SAID_SO.match(words):
        return True
    return len(words.split()) >= _WORDS_MIN and not _NOT_TOLD.search(words) and bool(_STATE.search(words))
