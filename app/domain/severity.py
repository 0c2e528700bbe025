"""How bad, from the labels of the alert. Pure.

An alert without a severity counts as the default given, which is P1 unless set otherwise: OnCall's stock payload has no
severity at all, and a room too many is cheaper than a P1 that nobody saw.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

_LABELS = ("severity", "priority")
_WORDS = {
    "p1": "P1", "sev1": "P1", "critical": "P1", "page": "P1", "emergency": "P1", "1": "P1",
    "p2": "P2", "sev2": "P2", "high": "P2", "error": "P2", "major": "P2", "2": "P2",
    "p3": "P3", "sev3": "P3", "warning": "P3", "minor": "P3", "3": "P3",
    "p4": "P4", "sev4": "P4", "info": "P4", "low": "P4", "none": "P4", "4": "P4",
}  # fmt: skip


class Severity(StrEnum):
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


def of_labels(labels: Mapping[str, str], default: Severity) -> Severity:
    for name in _LABELS:
        word = _WORDS.get(labels.get(name, "").strip().lower())
        if word:
            return Severity(word)
    return default
