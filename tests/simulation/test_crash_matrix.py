"""The whole crash matrix, and the defects that it has to see. In processes of their own: they fork at every await."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(300)
def test_killed_at_any_await_it_keeps_its_promises_and_the_page_says_so() -> None:
    """D1, D5, D7, D9, D11, L4, L5: killed or standing still at every await of four flows. `make crash-matrix` writes
    the page."""
    done = _matrix("--check")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("plant", "flow", "promise"),
    [
        ("claim_without_its_condition", "publish", "P-once: 2 requests"),
        ("no_read_back", "publish", "P-gate: a text was sent without having been read back"),
        ("audit_keys_without_numbers", "assembly", "P-audit: number 5 is missing"),
        ("room_without_its_adoption", "assembly", "P-once: the rooms are"),
        ("a_flow_that_does_not_look_before_it_acts", "assembly", "P-once: nobody:"),
    ],
)
def test_a_planted_defect_is_seen(plant: str, flow: str, promise: str) -> None:
    """D1, D5, D11, G1, G4: the matrix turns red, and says which promise is broken."""
    done = _matrix("--plant", plant, "--flow", flow)
    assert done.returncode == 1, done.stderr[-3000:]
    assert promise in done.stdout


def _matrix(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.simulation.crash_matrix", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
