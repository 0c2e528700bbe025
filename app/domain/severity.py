"""How bad, from the labels of the alert. Pure.

An alert without a severity counts as the default given, which is P1 unless set otherwise: OnCall's stock payload has no
severity at all, and a room too many is cheaper than a P1 that nobody saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from app.errors import Refused

LABELS = ("severity", "priority")
WORDS: Mapping[str, str] = {
    "p1": "P1", "sev1": "P1", "critical": "P1", "page": "P1", "emergency": "P1", "1": "P1",
    "p2": "P2", "sev2": "P2", "high": "P2", "error": "P2", "major": "P2", "2": "P2",
    "p3": "P3", "sev3": "P3", "warning": "P3", "minor": "P3", "3": "P3",
    "p4": "P4", "sev4": "P4", "info": "P4", "low": "P4", "none": "P4", "4": "P4",
}  # fmt: skip


class Severity(StrEnum):
    """Compares as it reads: P1 is less than P2, and worse."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


def word(said: str, words: Mapping[str, str] = WORDS) -> Severity:
    """What a person says. Raises ``Refused``."""
    known = words.get(said.strip().lower()) or said.strip().upper()
    if known not in set(Severity):
        there = ", ".join(f"`{one}`" for one in words)
        raise Refused(
            f"A severity is one of {', '.join(Severity)}, or a word that alerts use for one: {there or 'none'}."
        )
    return Severity(known)


def of_labels(
    labels: Mapping[str, str],
    default: Severity,
    *,
    names: Sequence[str] = LABELS,
    words: Mapping[str, str] = WORDS,
) -> Severity:
    for name in names:
        word = words.get(labels.get(name, "").strip().lower())
        if word:
            return Severity(word)
    return default


def labels_of(severity: Severity, *, names: Sequence[str] = LABELS, words: Mapping[str, str] = WORDS) -> dict[str, str]:
    """The other way round: labels that are read as that severity. Raises ``Refused`` where no word means it."""
    word = next((word for word, known in words.items() if known == severity), None)
    if word is None:
        meant = ", ".join(sorted(set(words.values()))) or "none"
        raise Refused(f"No alert can be a {severity} here: the policy file lists no word for it. There are: {meant}.")
    return {names[0]: word}
