"""Whether words in a room tell others how the incident stands: the rule for when there is no model. Pure.

Strict, since it stops reminders: a reminder too many is better than one too few.
"""

from __future__ import annotations

import re

_SAID_SO = re.compile(r"^\W*(status\s+)?update\s*[:\-–]", re.IGNORECASE)
_WORDS_MIN = 4
_STATE = re.compile(
    r"(?<![^\W_])(investigat\w*|identified|mitigat\w*|monitoring|degraded|impact\w*|affect\w*|recover\w*|restored?"
    r"|roll(ed|ing)\s+back|rollback|restart(ed|ing)|fail(ed|ing)\s+over|deploy(ed|ing)|fix(ed|ing)?|resolved"
    r"|root\s+cause|error\s+rates?|customers|back\s+to\s+normal|working\s+on|looking\s+into|confirmed|stable|eta)(?![^\W_])",
    re.IGNORECASE,
)


def reads_like_update(text: str) -> bool:
    """A statement of some length about the state of things, or one that calls itself an update; never a question."""
    words = text.strip()
    if words.endswith("?"):
        return False
    return bool(_SAID_SO.match(words)) or (len(words.split()) >= _WORDS_MIN and bool(_STATE.search(words)))
