"""``POLICY_FILE``: what it says is what happens, and what is wrong in it stops the pod with the key and the remedy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app import policy_file
from app.domain.policy import Policy, Rule, Together
from app.domain.severity import Severity
from app.errors import SettingsError
from tests.architecture.tree import ROOT

EXAMPLE = ROOT / "docs/policy.example.yaml"


def _file(tmp_path: Path, words: str) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(words)
    return path


def test_without_a_file_and_with_an_empty_one_everything_is_as_it_was(tmp_path: Path) -> None:
    assert policy_file.read(None, Policy()) == policy_file.read(_file(tmp_path, ""), Policy()) == Policy()


def test_the_example_is_the_defaults_and_shows_every_key() -> None:
    assert policy_file.read(EXAMPLE, Policy()) == Policy()
    told = EXAMPLE.read_text()
    for key in (*policy_file.PolicyFile.model_fields, "opens_room", "update_every_minutes", "words", "window_minutes"):
        assert f"{key}:" in told


def test_what_the_file_says_replaces_that_and_nothing_else(tmp_path: Path) -> None:
    words = (
        "severities: {P2: {opens_room: true, words: [Urgent, 7]}, P1: {update_every_minutes: 5}}\n"
        "severity_labels: [impact]\ncorrelation: {by: team}\nauto_resolve_after_minutes: 1\n"
    )
    base = replace(Policy(), rules={s: Rule(s is Severity.P1, timedelta(minutes=20)) for s in Severity})
    policy = policy_file.read(_file(tmp_path, words), base)
    assert (policy.opens_room(Severity.P2), policy.opens_room(Severity.P3)) == (True, False)
    assert policy.update_every(Severity.P1) == timedelta(minutes=5)
    assert policy.update_every(Severity.P2) == timedelta(minutes=20)  # NUDGE_INTERVAL_S
    assert (policy.together, policy.together_within) == (Together.TEAM, timedelta(minutes=60))
    assert policy.auto_resolve_after == timedelta(minutes=1)
    assert policy.severity_of({"impact": "URGENT"}) is Severity.P2
    assert policy.severity_of({"impact": "7"}) is Severity.P2
    assert policy.severity_of({"impact": "high"}) is Severity.P1  # a word of P2 no more: the default severity
    assert policy.severity_of({"impact": "warning"}) is Severity.P3
    assert policy.severity_of({"severity": "warning"}) is Severity.P1  # not a label that counts


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("severities: {P9: {opens_room: true}}", "severities.P9"),
        ("severities: {P1: {opens_rooms: true}}", "severities.P1.opens_rooms: no such key"),
        ("severities: {P1: {update_every_minutes: 0}}", "severities.P1.update_every_minutes"),
        ("severities: {P1: {words: [no]}}", "put it in quotes"),
        ("severities: {P1: {words: [bad]}, P2: {words: [Bad]}}", "bad is a word of two severities; keep it in one"),
        ("severity_labels: []", "severity_labels"),
        ("correlation: {by: host}", "correlation.by"),
        ("correlation: {by: service, by: team}", "there twice"),
        ("reopen_grace_minutes: soon", "reopen_grace_minutes"),
        ("- P1", "the file"),
        ("{", "not YAML"),
    ],
)
def test_a_wrong_file_stops_the_pod_and_says_where(tmp_path: Path, words: str, told: str) -> None:
    with pytest.raises(SettingsError) as stopped:
        policy_file.read(_file(tmp_path, words), Policy())
    assert told in str(stopped.value)
    assert "POLICY_FILE" in str(stopped.value)
    assert "docs/policy.example.yaml" in str(stopped.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="unset POLICY_FILE"):
        policy_file.read(tmp_path / "none.yaml", Policy())


def test_a_room_that_may_be_archived_takes_nobody_back() -> None:
    short = Policy(archive_delay=timedelta(minutes=2), reopen_within=timedelta(minutes=10))
    assert short.grace == timedelta(minutes=2)
