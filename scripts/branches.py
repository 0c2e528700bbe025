"""``make branches``: both ways of every branch of the gate, the audit trail and the ledger are tested, or it is red.

By their own tests alone: what another test happens to go through is not looked at there. Then the experiment: into a
copy of the tree goes, for each part of the lock, one branch that no test takes, and the lock must name its file.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.mutants import copy, spoil  # noqa: E402
from scripts.mutants_table import Mutant  # noqa: E402

LOCKED = "app/gate/*,app/domain/audit.py,app/ledger.py"
TESTS = (
    "tests/contract/test_door.py", "tests/unit/test_audit.py", "tests/unit/test_drafts.py",
    "tests/unit/test_gate_states.py", "tests/unit/test_ledger.py", "tests/unit/test_statuspage_write.py",
)  # fmt: skip

_UNTAKEN = "a branch that no test takes"
EXPERIMENT = (
    Mutant(
        "", _UNTAKEN, "app/gate/door.py",
        "    details = {\"draft_id\": seen.draft, \"sha256\": seen.sha256, \"why\": why}\n",
        "    details = {\"draft_id\": seen.draft, \"sha256\": seen.sha256, \"why\": why}\n"
        "    if why == \"\":\n        details = {}\n",
        "",
    ),
    Mutant(
        "", _UNTAKEN, "app/domain/audit.py",
        "        details = scrub(fact.details)\n",
        "        details = scrub(fact.details)\n        if number < 0:\n            continue\n",
        "",
    ),
    Mutant(
        "", _UNTAKEN, "app/ledger.py",
        "        if decision is None:\n            return incident\n",
        "        if decision is None:\n            return incident\n        if conflicts < 0:\n            continue\n",
        "",
    ),
)  # fmt: skip


def report(tree: Path, scratch: Path) -> tuple[bool, str]:
    """Whether all of it is covered, and the files of which some is not, with their lines."""
    data = f"--data-file={scratch / 'coverage'}"
    tests = _coverage(
        tree, "run", data, "--branch", "--source=app", "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS
    )
    if tests.returncode:
        sys.exit(f"the tests are red, so nothing is measured:\n{tests.stdout}{tests.stderr}")
    lines = _coverage(
        tree, "report", data, f"--include={LOCKED}", "--show-missing", "--skip-covered", "--fail-under=100"
    )
    return lines.returncode == 0, lines.stdout


def _coverage(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "coverage", *arguments]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)  # noqa: S603  ours


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="branches-") as scratch:
        covered, lines = report(ROOT, Path(scratch))
        sys.stdout.write(lines)
        if not covered:
            sys.exit(f"below 100 % of the branches of {LOCKED}: test what is missing, or take it out")
        tree = copy(Path(scratch))
        for branch in EXPERIMENT:
            spoil(tree, branch)
        still_covered, lines = report(tree, Path(scratch))
    unseen = [branch.path for branch in EXPERIMENT if branch.path not in lines]
    if still_covered or unseen:
        sys.exit(f"the lock does not hold: {_UNTAKEN} was put into {unseen}, and nothing is said of it:\n{lines}")
    sys.stdout.write(f"100 % of the branches of {LOCKED}; one more in each of {len(EXPERIMENT)} files, and it is red\n")


if __name__ == "__main__":
    main()
