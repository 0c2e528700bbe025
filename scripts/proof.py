"""``make proof``: four safeguards are taken away, one at a time; the simulation and a test must each see it.

What is taken away is taken out of production's code and, where that is the store, out of its twin in memory too, on
which the simulation runs. Each time is printed what the simulation says, seed and promise included, and which test
turned red, with the promise that it names. Ends with 1 if one of them saw nothing.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.mutants import copy, red, spoil  # noqa: E402
from scripts.mutants_table import Mutant  # noqa: E402


class Safeguard(NamedTuple):
    """``story``: one of ``tests/simulation/stories.py`` that needs it; ``any``: what the seeds bring by themselves."""

    name: str
    promise: str
    story: str
    test: str
    taken_out: tuple[Mutant, ...]


def _out(path: str, old: str, new: str) -> Mutant:
    return Mutant("", "a safeguard taken away", path, old, new, "")


SAFEGUARDS = (
    Safeguard(
        "the condition of the claim", "P-audit", "approved_by_two_processors_at_once",
        "contract/test_store.py::test_a_draft_moves_only_from_the_state_it_is_in",
        (
            _out(
                "app/effects/dynamodb/items.py",
                'was = is_new if write.was is None else ("#state = :was", {":was": write.was.value})',
                "was = None",
            ),
            _out(
                "app/sim/memory_store.py",
                "    def _check(self, change: Change, events: Sequence[AuditEvent]) -> None:\n",
                "    def _check(self, change: Change, events: Sequence[AuditEvent]) -> None:\n"
                "        if change.drafts:\n            return\n",
            ),
        ),
    ),
    Safeguard(
        "the read-back", "P-gate", "any",
        "contract/test_door.py::test_what_was_written_is_read_back_before_it_is_sent",
        (_out("app/gate/door.py", "await self._read_back(draft, claim),", "draft,"),),
    ),
    Safeguard(
        "the numbered key of the audit", "P-audit", "any",
        "contract/test_store.py::test_events_of_one_moment_are_all_kept",
        (
            _out(
                "app/effects/dynamodb/items.py",
                'f"EVENT#{event.seq:08d}", expires, fields, is_new)',
                'f"EVENT#{event.at.isoformat()}#{event.type}", expires, fields, None)',
            ),
            _out(
                "app/sim/memory_store.py",
                "self.audit.setdefault(new.id, []).extend(_read_back(event) for event in events)",
                "kept = [*self.audit.get(new.id, ()), *map(_read_back, events)]\n"
                "        self.audit[new.id] = list({(event.at, event.type): event for event in kept}.values())",
            ),
        ),
    ),
    Safeguard(
        "the adoption of the room", "P-once", "dies_while_the_room_is_made",
        "unit/test_war_room.py::test_a_room_of_ours_is_adopted_though_nobody_remembers_it",
        (
            _out("app/flows/room.py", "await chat.own_room(name) if adopting else None", "None"),
            _out(
                "app/flows/room.py",
                "room, adopted = await chat.own_room(name), True\n            except Unknown:",
                "room, adopted = None, True\n            except Unknown:",
            ),
        ),
    ),
)  # fmt: skip


def seen_without(safeguard: Safeguard, tree: Path) -> bool:
    """By both; says what each of them says."""
    before = {edit.path: (tree / edit.path).read_text() for edit in safeguard.taken_out}
    try:
        for edit in safeguard.taken_out:
            spoil(tree, edit)
        simulated = _simulated(safeguard, tree)
        failed = red(tree, [f"tests/{safeguard.test}"])
    finally:
        for path, text in before.items():
            (tree / path).write_text(text)
    _say(f"without {safeguard.name}:\n  simulation: {simulated or 'NOTHING'}")
    _say(f"  test: tests/{failed}: {_says(tree, failed)}" if failed else f"  test: NOTHING ({safeguard.test})")
    return bool(simulated and failed)


def _simulated(safeguard: Safeguard, tree: Path) -> str:
    """The seed, and the first thing that broke the promise; "" if nothing did."""
    command = [sys.executable, "-B", "-m", "tests.simulation.first_broken", safeguard.promise, safeguard.story]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)  # noqa: S603  ours
    lines = done.stderr.splitlines()
    broken = next((line.strip() for line in lines if line.strip().startswith(f"{safeguard.promise}: ")), "")
    of = "" if safeguard.story == "any" else f" of {safeguard.story}"
    return f"{lines[0].partition(':')[0]}{of}: {broken}" if done.returncode and broken else ""


def _says(tree: Path, test: str) -> str:
    """The first line of a test's docstring: the promise and the faults that it is about."""
    path, _, name = test.partition("::")
    for node in ast.walk(ast.parse((tree / "tests" / path).read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            return (ast.get_docstring(node) or "").partition("\n")[0]
    return ""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="proof-") as scratch:
        tree = copy(Path(scratch))
        if failed := red(tree, [f"tests/{one.test}" for one in SAFEGUARDS]):
            sys.exit(f"tests/{failed} is red with every safeguard in its place: mend that first")
        if held := [one.name for one in SAFEGUARDS if _simulated(one, tree)]:
            sys.exit(f"the simulation is red with every safeguard in its place: {held}")
        seen = [seen_without(one, tree) for one in SAFEGUARDS]
    _say(f"{sum(seen)} of {len(seen)} were seen by the simulation and by a test")
    sys.exit(not all(seen))


if __name__ == "__main__":
    main()
