"""JSON that somebody else wrote. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

# An escaped backslash, a whole surrogate pair, or half of one.
_ESCAPES = re.compile(rb"\\\\|\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|(\\u[dD][89a-fA-F]\w\w)")


def read(text: str | bytes) -> Any:
    """Raises ``ValueError``. Half a surrogate pair, as a name or a message may end in where a phone or a vendor cut it,
    is no text and could not be stored: U+FFFD stands in its place."""
    raw = text.encode() if isinstance(text, str) else text
    return json.loads(_ESCAPES.sub(lambda hit: rb"\ufffd" if hit[1] else hit[0], raw))
