"""``make mutants``: each known fault is put into a copy of the tree, and the tests must turn red.

First the tests that should see it, then, if they did not, all unit and contract tests. Writes docs/mutants.md; with
``make mutants MUTANTS=G``, which takes the faults whose ids begin so, the rows of these. Ends with 1 when a mutant
lived for which there is no reason in ``LIVES``, or when a text to replace is no longer there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app import clock  # noqa: E402
from scripts.mutants_table import MUTANTS, Mutant  # noqa: E402

WORKERS = 2
PATIENCE_S = 600
COPIED = ("app", "artifacts", "chart", "docs", "scripts", "tests", "pyproject.toml", "Makefile", "README.md")
PAGE = ROOT / "docs/mutants.md"
UNTRIED = "**not tried yet**"
_ROW = re.compile(r"^\| (?P<fault>[A-Z]\d+) \| (?P<defect>.+?) \| `[^`]+` \| (?P<by>.+) \|$", re.MULTILINE)
_TOOK = re.compile(r"^The last run of all .+$", re.MULTILINE)
_FAILED = re.compile(r"^(?:FAILED|ERROR) tests/([^\s\[]+)", re.MULTILINE)

# Why a defect may live: (fault, defect) -> the reason.
LIVES: dict[tuple[str, str], str] = {
    ("S7", "an incident ends by itself although its alert fires again"): (
        "lived: the look before the transaction sees it too; only an alert that fires between the two needs this line"
    ),
}


@dataclass(frozen=True)
class Fate:
    mutant: Mutant
    killed_by: str  # the test that turned red first; "" if none did
    error: str = ""


def spoil(tree: Path, mutant: Mutant) -> str:
    """Put the defect in; gives the text as it was."""
    path = tree / mutant.path
    before = path.read_text()
    if (times := before.count(mutant.old)) != 1:
        raise LookupError(f"{mutant.path}: the text to replace stands there {times} times, not once: {mutant.old!r}")
    path.write_text(before.replace(mutant.old, mutant.new))
    return before


def try_one(tree: Path, mutant: Mutant) -> Fate:
    try:
        before = spoil(tree, mutant)
    except (LookupError, OSError) as stale:
        return Fate(mutant, "", str(stale))
    try:
        killed_by = red(tree, [f"tests/{name}" for name in mutant.noticed_by.split()])
        chance = "" if killed_by else red(tree, ["tests/unit", "tests/contract"])
    finally:
        (tree / mutant.path).write_text(before)
    if chance and not red(tree, [f"tests/{chance}"]):  # one that is red without the mutant too has noticed nothing
        killed_by = chance
    return Fate(mutant, killed_by)


def red(tree: Path, tests: Sequence[str]) -> str:
    """The first test that fails; "" if all pass. One that hangs has noticed, too."""
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(  # noqa: S603  the command is ours
            command, cwd=tree, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return "a test that never ends"
    if done.returncode == 0:
        return ""
    found = _FAILED.search(done.stdout)
    return found[1] if found else f"pytest itself (exit {done.returncode})"


def try_all(mutants: Sequence[Mutant], scratch: Path) -> list[Fate]:
    """Each worker has a copy of the tree; one line for each mutant as it ends."""
    own = threading.local()

    def work(mutant: Mutant) -> Fate:
        if not hasattr(own, "tree"):
            own.tree = copy(scratch)
        fate = try_one(own.tree, mutant)
        what = "ERROR   " if fate.error else "killed  " if fate.killed_by else "SURVIVED"
        sys.stdout.write(f"{what} {mutant.fault:4} {mutant.defect}: {fate.error or fate.killed_by}\n")
        sys.stdout.flush()
        return fate

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(work, mutants))


def copy(scratch: Path) -> Path:
    tree = Path(tempfile.mkdtemp(dir=scratch))
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tree)
    return tree


def page(before: str, fates: Sequence[Fate], took: str = "") -> str:
    """``before`` with the rows of ``fates`` anew, in the order of the table. ``took``: of a run of all."""
    by = {(row["fault"], row["defect"]): row["by"] for row in _ROW.finditer(before)}
    by |= {(fate.mutant.fault, fate.mutant.defect): _by(fate) for fate in fates if not fate.error}
    known = [(mutant, by.get((mutant.fault, mutant.defect), UNTRIED)) for mutant in MUTANTS]
    killed = [(mutant, test) for mutant, test in known if test.startswith("`tests/")]
    own = sum(test.startswith(tuple(f"`tests/{name}" for name in mutant.noticed_by.split())) for mutant, test in killed)
    took = took or "".join(_TOOK.findall(before))
    return "\n".join([
        "# Mutants",
        "",
        "Each fault of `docs/faults.md` was put into a copy of the tree, as a defect that somebody could write,",
        "and the tests were run: first the ones that should see it. Written by `make mutants` from",
        "`scripts/mutants_table.py`; `make mutants MUTANTS=G` renews the rows of the faults that it put in.",
        "",
        f"{len(killed)} of {len(known)} were killed: {own} by the tests that should, {len(killed) - own} by others.",
        *([took] if took else []),
        "",
        "| fault | defect | put into | killed by |",
        "| --- | --- | --- | --- |",
        *(f"| {mutant.fault} | {mutant.defect} | `{mutant.path}` | {test} |" for mutant, test in known),
        "",
    ])  # fmt: skip


def _by(fate: Fate) -> str:
    by = f"`tests/{fate.killed_by}`" if fate.killed_by else LIVES.get(fate.mutant[:2], "**nothing**")
    return by.replace("|", "\\|")


def main(prefix: str = "") -> None:
    wanted = [mutant for mutant in MUTANTS if mutant.fault.startswith(prefix)]
    began = clock.monotonic()
    fates = put_in(wanted)
    minutes = (clock.monotonic() - began) / 60
    errors = [fate for fate in fates if fate.error]
    lived = [fate for fate in fates if not fate.killed_by and not fate.error]
    unexplained = [fate for fate in lived if fate.mutant[:2] not in LIVES]
    sys.stdout.write(
        f"{len(fates) - len(lived) - len(errors)} of {len(fates)} killed in {minutes:.0f} minutes, "
        f"{len(lived)} survived ({len(unexplained)} without a reason), {len(errors)} did not apply\n"
    )
    if not errors:
        took = f"The last run of all put in {len(fates)}, {WORKERS} at a time, and took {minutes:.0f} minutes."
        PAGE.write_text(page(PAGE.read_text(), fates, "" if prefix else took))
    sys.exit(bool(unexplained or errors))


def put_in(mutants: Sequence[Mutant]) -> list[Fate]:
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        unspoilt = sorted({f"tests/{name}" for mutant in mutants for name in mutant.noticed_by.split()})
        if failed := red(copy(Path(scratch)), unspoilt):
            sys.exit(f"tests/{failed} is red without any mutant: mend that first")
        return try_all(mutants, Path(scratch))


if __name__ == "__main__":
    main(*sys.argv[1:2])
