"""Plans with the accident at the one place that matters; the seed moves everything else about."""

from __future__ import annotations

from app.sim.simulation.alerts import Planned
from app.sim.simulation.steps import Step, numbered

_ALERT = {"group": 0, "service": "checkout", "severity": "critical", "drill": False}
_TOLD = {"group": 0, "event": "alert group created", "again": False}
_IC = {"group": 0, "user": "ic"}
_FIRED: list[Planned] = [(1.0, "alerts", "fire", _ALERT), (2.0, "alerts", "tell", _TOLD)]


def dies_while_the_room_is_made(seed: int) -> list[Step]:
    """Somewhere in the first second of an assembly, another place with each seed."""
    return numbered([*_FIRED, (2.05 + seed * 0.04, "faults", "crash", {"down_s": 1.0})])


def approved_by_two_processors_at_once(_: int) -> list[Step]:
    """One click, handed out to both. The first loses a race meanwhile, so that the second has the time to come."""
    race = {"service": "dynamodb", "kind": "conflict", "times": 1}
    again: list[Planned] = [(120.02 + number * 0.02, "faults", "expire", {}) for number in range(6)]
    return numbered([
        *_FIRED,
        (60.0, "people", "draft_words", _IC),
        (110.0, "faults", "second", {"for_s": 300.0}),
        (119.99, "faults", "aws", race),
        (120.0, "people", "approve", _IC),
        *again,
    ])  # fmt: skip


def works_while_its_hold_runs_out(seed: int) -> list[Step]:
    """A text is drafted, and the queue hands the same command out again a moment later."""
    again: list[Planned] = [(60.1 + seed * 0.05 + number * 0.1, "faults", "expire", {}) for number in range(4)]
    return numbered([*_FIRED, (60.0, "people", "draft_words", _IC), *again])


def gives_up(_: int) -> list[Step]:
    """Slack is away for longer than the patience with a message."""
    away = {"vendor": "slack", "kind": "error", "for_s": 200.0}
    return numbered([
        *_FIRED,
        (60.0, "faults", "vendor", away),
        (61.0, "people", "draft_words", _IC), (61.1, "people", "draft", _IC), (61.2, "people", "take_command", _IC),
    ])  # fmt: skip


def statuspage_is_away_after_a_lost_answer(_: int) -> list[Step]:
    """For longer than the patience with the message that asks what became of it."""
    lost = {"vendor": "statuspage", "kind": "commit_then_timeout", "times": 1}
    away = {"vendor": "statuspage", "kind": "error", "for_s": 400.0}
    return numbered([
        *_FIRED,
        (60.0, "people", "draft_words", _IC),
        (119.0, "faults", "vendor", lost), (120.0, "people", "approve", _IC), (128.0, "faults", "vendor", away),
    ])  # fmt: skip


def slack_is_away_when_the_room_is_to_end(_: int) -> list[Step]:
    """Twenty or forty minutes after the resolution, as the seed's policy has it."""
    away: list[Planned] = [
        (at, "faults", "vendor", {"vendor": "slack", "kind": "error", "for_s": 250.0}) for at in (1280.0, 2480.0)
    ]
    return numbered([*_FIRED, (100.0, "people", "resolve", _IC), *away])
