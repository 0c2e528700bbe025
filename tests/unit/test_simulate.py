"""What `simulate` says of many seeds, and with which exit code."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from app.sim.simulation import report
from app.sim.simulation.processor import handlers
from app.sim.simulation.runner import STORY_S, Outcome, tell
from app.sim.simulation.steps import numbered

MANY = report.WHOLE_CATALOGUE
KIND, HANDLER = report.FAULTS[7], handlers()[3]


def told(
    monkeypatch: pytest.MonkeyPatch, seeds: int, *, faults: Counter[str], handled: Counter[str], as_json: bool = False
) -> Result:
    """As if each seed had brought these."""

    def played(asked: int) -> Iterator[Outcome]:
        for seed in range(asked):
            yield Outcome(seed, (), (), faults, handled, virtual_s=1.0, trace=())

    monkeypatch.setattr(report, "_played", played)
    return CliRunner().invoke(cli, ["simulate", "--seeds", str(seeds), *(["--json"] if as_json else [])])


def test_with_many_seeds_all_that_can_go_wrong_has_to(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = told(monkeypatch, MANY, faults=Counter(report.FAULTS), handled=Counter(handlers()))
    assert (everything.exit_code, "never" in everything.stdout) == (0, False)


@pytest.mark.parametrize("missing", [KIND, HANDLER])
def test_what_was_never_tried_in_many_seeds_is_red_and_named(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """A promise is not proven against a fault that never struck, nor of a handler that was never reached."""
    faults, handled = Counter(report.FAULTS), Counter(handlers())
    del faults[missing], handled[missing]
    result = told(monkeypatch, MANY, faults=faults, handled=handled)
    assert result.exit_code == 1
    assert f"never in {MANY} seeds, so not proven: {missing}\n" in result.stdout
    parsed = json.loads(told(monkeypatch, MANY, faults=faults, handled=handled, as_json=True).stdout)
    assert (parsed["ok"], parsed["never"]) == (False, [missing])


def test_in_few_seeds_it_is_chance_and_only_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    result = told(monkeypatch, MANY - 1, faults=Counter([KIND]), handled=Counter([HANDLER]))
    assert (result.exit_code, "not proven" in result.stdout) == (0, False)
    assert f"0  {handlers()[0]}  never" in result.stdout


@pytest.mark.parametrize("kind", ["latency", "throttle", "error", "lost_answer"])
def test_a_fault_of_the_archive_strikes_although_the_story_is_over_when_a_room_is_archived(kind: str) -> None:
    """G7: it would strike in one seed of a thousand otherwise."""
    steps = numbered([
        (1.0, "alerts", "fire", {"group": 0, "service": "checkout", "severity": "critical", "drill": False}),
        (2.0, "alerts", "tell", {"group": 0, "event": "alert group created", "again": False}),
        (9.0, "faults", "aws", {"service": "s3", "kind": kind, "times": 2}),
        (STORY_S - 100, "people", "resolve", {"group": 0, "user": "ic"}),
    ])  # fmt: skip
    outcome = tell(0, steps)
    assert (outcome.violations, outcome.faults[f"s3 {kind}"] > 0) == ((), True)
