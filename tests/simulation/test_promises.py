"""Everything that can go wrong does, by the dice of a seed; and the checkers are seen to turn red."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from app.sim.simulation.processor import handlers
from app.sim.simulation.runner import plan_of, play, tell
from app.sim.simulation.shrink import replay, shrink
from app.sim.simulation.steps import Step
from tests.simulation import plants, stories
from tests.simulation.first_broken import first_broken
from tests.simulation.plants import Plant

SEEDS = 100


def simulate(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "simulate", *arguments],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip


def test_every_promise_holds_in_a_hundred_seeds() -> None:
    """D1, D3, D4, D5, D7, D9, D11, L3, L5, S8."""
    done = simulate("--seeds", str(SEEDS), "--json")
    told = json.loads(done.stdout)
    assert [(one["replay"], one["violations"]) for one in told["failures"]] == []
    assert (told["seeds"], told["violations"], done.returncode) == (SEEDS, 0, 0)
    assert [name for name in handlers() if not told["handled"][name]] == []
    assert sum(told["faults"].values()) > SEEDS


def test_the_same_seed_is_the_same_story_byte_for_byte_in_another_process() -> None:
    first, second = (simulate("--seed", "23", PYTHONHASHSEED=salt) for salt in ("1", "2"))
    assert first.stdout == second.stdout
    assert first.stdout.endswith("seed 23: every promise held\n")


PLANTED: list[tuple[str, Plant, Callable[[int], list[Step]]]] = [
    ("P-gate", plants.no_read_back, plan_of),
    ("P-gate", plants.a_text_of_any_age, plan_of),
    ("P-gate", plants.components_left_broken, plan_of),
    ("P-audit", plants.claim_without_its_condition, stories.approved_by_two_processors_at_once),
    ("P-audit", plants.audit_keys_without_numbers, plan_of),
    ("P-once", plants.room_without_its_adoption, stories.dies_while_the_room_is_made),
    ("P-once", plants.worked_beside_itself, stories.works_while_its_hold_runs_out),
    ("P-accept", plants.deleted_instead_of_parked, stories.gives_up),
    ("quiescence", plants.nobody_looks_later, stories.statuspage_is_away_after_a_lost_answer),
    ("quiescence", plants.no_second_try_to_end_a_room, stories.slack_is_away_when_the_room_is_to_end),
    ("order", plants.a_failure_that_stops_no_lane, stories.gives_up),
]


@pytest.mark.parametrize(("promise", "plant", "story"), PLANTED, ids=[plant.__name__ for _, plant, _ in PLANTED])
def test_a_planted_defect_breaks_the_promise(
    promise: str, plant: Plant, story: Callable[[int], list[Step]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """D1, D4, D7, D11, G2, L6, S7, T4: a checker that cannot fail checks nothing."""
    plant(monkeypatch)
    assert first_broken(promise, story) is not None


def test_the_stories_of_the_planted_defects_hold_without_them() -> None:
    broken = [(story.__name__, tell(0, story(0)).violations) for _, _, story in PLANTED if story is not plan_of]
    assert {name: found for name, found in broken if found} == {}


def test_a_failure_is_told_by_its_shortest_story_and_can_be_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    plants.audit_keys_without_numbers(monkeypatch)
    whole = first_broken("P-audit", plan_of)
    assert whole is not None
    short = shrink(whole, tries=8)
    assert 0 < len(short.steps) < len(whole.steps)
    command = replay(short, len(whole.steps))
    assert command.startswith(f"incident-response simulate --seed {whole.seed} --only ")
    again = play(whole.seed, {int(number) for number in command.rpartition(" ")[2].split(",")})
    assert (again.trace, again.violations) == (short.trace, short.violations)
