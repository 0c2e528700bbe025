"""``make bench``: what it measures is there, and a promised time that is missed fails it."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from app.sim.sandbox import Sandbox
from scripts import bench
from scripts.bench import Measure, measure, table


async def test_every_promised_time_is_measured_and_shown_beside_its_target() -> None:
    async with Sandbox() as sandbox:
        measures = await measure(sandbox, incidents=1, notes=60, requests=3)
    assert [(len(one.times), one.target) for one in measures] == [
        (3, bench.SENDER_S),
        (1, bench.ROOM_S),
        (1, None),
        (1, bench.POSTMORTEM_S),
        (1, bench.POSTMORTEM_S),
    ]
    assert all(min(one.times) > 0 for one in measures)
    assert int(measures[-1].name.split()[-2]) > 60
    shown = io.StringIO()
    Console(file=shown, width=200).print(table(measures))
    assert "≤ 120 s" in shown.getvalue()
    assert all(one.name in shown.getvalue() for one in measures)


@pytest.mark.parametrize(("worst", "ok"), [(120.0, True), (120.1, False)])
def test_one_time_above_its_target_is_a_promise_missed(worst: float, ok: bool) -> None:
    late = Measure("x", [1.0, 2.0, worst], 120.0)
    assert late.ok is ok
    assert replace(late, target=None).ok
    assert (late.at(0.5), late.at(0.95)) == (2.0, worst)
