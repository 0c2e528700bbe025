"""What fuzzing starts from, and what it once found, goes through every target again with each test run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).resolve().parents[1] / "fuzz" / "corpus"
SEEDS = sorted(path.relative_to(CORPUS).as_posix() for path in CORPUS.rglob("*.*"))


def test_every_target_has_seeds() -> None:
    assert {name.partition("/")[0] for name in SEEDS} == TARGETS.keys()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_strangers_bytes_are_taken_or_refused(seed: str, target: str) -> None:
    """P-loud: whatever comes, and wherever, it ends in an answer and not in a fault of ours."""
    TARGETS[target]((CORPUS / seed).read_bytes())
