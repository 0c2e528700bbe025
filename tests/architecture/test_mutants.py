"""The table of mutants cannot rot: each still finds its place, and each fault that code can have has one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.branches import EXPERIMENT
from scripts.mutants_table import MUTANTS, Mutant
from tests.architecture.tree import ROOT, text


@pytest.mark.parametrize("mutant", [*MUTANTS, *EXPERIMENT], ids=lambda mutant: f"{mutant.fault} {mutant.defect}")
def test_a_mutant_finds_its_place(mutant: Mutant) -> None:
    assert text(Path(mutant.path)).count(mutant.old) == 1
    assert mutant.old != mutant.new
    assert all((ROOT / "tests" / name.partition("::")[0]).is_file() for name in mutant.noticed_by.split())


def test_every_fault_has_a_mutant() -> None:
    faults = set(re.findall(r"^\| ([A-Z]\d+) \|", text(Path("docs/faults.md")), re.MULTILINE))
    assert faults == {mutant.fault for mutant in MUTANTS}


def test_the_page_is_of_this_table() -> None:
    rows = re.findall(r"^\| ([A-Z]\d+) \| (.+?) \| `", text(Path("docs/mutants.md")), re.MULTILINE)
    assert rows == [(mutant.fault, mutant.defect) for mutant in MUTANTS], "out of date: `make mutants`"
