"""The drill in its own sandbox, and whether its auditor would see what is wrong."""

from __future__ import annotations

from app.sim import auditor
from app.sim.rehearsal import rehearse


async def test_a_drill_plays_a_whole_incident_and_leaves_nothing_behind() -> None:
    """S10: no schedule, no message, no process; and all that the report says was looked up, not remembered."""
    said: list[str] = []
    report = await rehearse(said.append)
    assert [check.name for check in report.checks if not check.ok] == []
    assert report.leaks == ()
    assert report.audit_verified
    assert report.audit_events > 25
    told = report.as_json()
    assert told["ok"] is True
    assert all(told[name] >= 0 for name in ("accepted_ms", "assembled_ms", "published_ms", "postmortem_ms"))
    assert any("room archived" in line for line in said)
    assert auditor.still_alive({"gone": 2**22 + 1}) == []
