"""The table of mutants cannot rot: each still finds its place, and each fault that code can have has one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.branches import EXPERIMENT
from scripts.mutants import UNTRIED, Fate, page
from scripts.mutants_table import MUTANTS, Mutant
from scripts.proof import SAFEGUARDS
from tests.architecture.tree import ROOT, text

TAKEN_OUT = [edit for safeguard in SAFEGUARDS for edit in safeguard.taken_out]


@pytest.mark.parametrize(
    "mutant", [*MUTANTS, *EXPERIMENT, *TAKEN_OUT], ids=lambda mutant: f"{mutant.fault} {mutant.defect}"
)
def test_a_mutant_finds_its_place(mutant: Mutant) -> None:
    assert text(Path(mutant.path)).count(mutant.old) == 1
    assert mutant.old != mutant.new
    assert all((ROOT / "tests" / name.partition("::")[0]).is_file() for name in mutant.noticed_by.split())


def test_every_fault_has_a_mutant() -> None:
    faults = set(re.findall(r"^\| ([A-Z]\d+) \|", text(Path("docs/faults.md")), re.MULTILINE))
    assert faults == {mutant.fault for mutant in MUTANTS}


def test_the_page_is_of_this_table_and_each_was_tried() -> None:
    """Which test saw it is what a run found; the figures are those of the rows."""
    written = text(Path("docs/mutants.md"))
    assert written == page(written, ()), "out of date: `make mutants`"
    assert UNTRIED not in written


def test_a_run_of_some_renews_their_rows_and_the_figures() -> None:
    written, (first, second, *_) = text(Path("docs/mutants.md")), MUTANTS
    told = "The last run of all put in 9, 2 at a time, and took 5 minutes."
    renewed = page(written, [Fate(first, ""), Fate(second, "unit/test_elsewhere.py::test_x")], told)
    assert f"| {first.fault} | {first.defect} | `{first.path}` | **nothing** |" in renewed
    assert f"| {second.fault} | {second.defect} | `{second.path}` | `tests/unit/test_elsewhere.py::test_x` |" in renewed
    before, after = (
        re.findall(r"\d+", re.findall(r"^.* were killed: .*$", it, re.MULTILINE)[0]) for it in (written, renewed)
    )
    assert [int(a) - int(b) for a, b in zip(after, before, strict=True)] == [-1, 0, -2, 1]
    assert told in page(renewed, ())
    assert page(renewed, [Fate(first, "", error="it is no longer there")]) == page(renewed, ())


def test_a_mutant_that_no_run_put_in_is_not_said_to_be_seen() -> None:
    assert page("", ()).count(UNTRIED) == len(MUTANTS)
