"""``POLICY_FILE``: what severities mean here, which alerts are one incident, and how long an end waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app import yaml_file
from app.domain.policy import Policy, Rule, Together
from app.domain.severity import Severity


def _word(value: object) -> object:
    """YAML reads ``1`` as a number, and ``no`` as false."""
    if isinstance(value, bool):
        raise ValueError("put it in quotes: YAML reads it as true or false")
    return str(value).strip().lower() if isinstance(value, str | int) else value


Minutes = Annotated[float, Field(gt=0, le=7 * 24 * 60)]
Word = Annotated[str, BeforeValidator(_word), Field(min_length=1, max_length=64)]
Label = Annotated[str, Field(min_length=1, max_length=128)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Severity(_Strict):
    opens_room: bool | None = None
    update_every_minutes: Minutes | None = None
    words: tuple[Word, ...] | None = None


class _Correlation(_Strict):
    by: Together | None = None
    window_minutes: Minutes | None = None


class PolicyFile(_Strict):
    """What is left out is as it is without a file."""

    severities: dict[Severity, _Severity] = {}
    severity_labels: Annotated[tuple[Label, ...], Field(min_length=1)] | None = None
    correlation: _Correlation = _Correlation()
    reopen_grace_minutes: Minutes | None = None
    auto_resolve_after_minutes: Minutes | None = None

    @model_validator(mode="after")
    def _each_word_means_one_severity(self) -> Self:
        words = [word for one in self.severities.values() for word in one.words or ()]
        if twice := sorted({word for word in words if words.count(word) > 1}):
            raise ValueError(f"severities: {', '.join(twice)} is a word of two severities; keep it in one")
        return self


def read(path: Path | None, base: Policy) -> Policy:
    """``base`` with what the file says. Raises ``SettingsError``."""
    if path is None:
        return base
    found = yaml_file.read(path, PolicyFile, setting="POLICY_FILE", example="docs/policy.example.yaml")
    changes = {
        "rules": {severity: _rule(rule, found.severities.get(severity)) for severity, rule in base.rules.items()},
        "severity_words": _words(found, base.severity_words),
        "severity_labels": found.severity_labels,
        "together": found.correlation.by,
        "together_within": _minutes(found.correlation.window_minutes),
        "reopen_within": _minutes(found.reopen_grace_minutes),
        "auto_resolve_after": _minutes(found.auto_resolve_after_minutes),
    }
    said: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
    return replace(base, **said)


def _rule(rule: Rule, said: _Severity | None) -> Rule:
    if said is None:
        return rule
    opens_room = rule.opens_room if said.opens_room is None else said.opens_room
    return Rule(opens_room=opens_room, update_every=_minutes(said.update_every_minutes) or rule.update_every)


def _words(found: PolicyFile, known: Mapping[str, str]) -> dict[str, str]:
    """A severity whose words the file lists has these and no others; no word is left to two."""
    listed = {severity: one.words for severity, one in found.severities.items() if one.words is not None}
    new = {word: severity.value for severity, words in listed.items() for word in words}
    return {word: severity for word, severity in known.items() if severity not in listed} | new


def _minutes(value: float | None) -> timedelta | None:
    return None if value is None else timedelta(minutes=value)
