"""``incident-response audit verify`` on an exported file: no AWS, no settings, a verdict (P-audit)."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.domain.audit import AuditType, Export, Fact, chain
from tests.factories import AT


@pytest.fixture
def export() -> Export:
    facts = [Fact(type=AuditType.RESPONDER_INVITED, actor="system", details={"slack_id": f"U{n}"}) for n in range(4)]
    events = chain("inc1", 0, "", facts, AT)
    return Export(incident_id="inc1", seq=4, head=events[-1].hash, events=events)


def _verify(tmp_path: Path, text: str) -> tuple[int, str]:
    path = tmp_path / "trail.json"
    path.write_text(text)
    result = CliRunner().invoke(cli, ["audit", "verify", str(path)])
    return result.exit_code, result.output


def test_a_whole_trail_verifies_far_from_aws(tmp_path: Path, export: Export) -> None:
    assert _verify(tmp_path, export.model_dump_json())[0] == 0


@pytest.mark.parametrize(("old", "new"), [('"U2"', '"U9"'), ('"system"', '"slack:U1"'), ('"seq":3', '"seq":30')])
def test_a_changed_trail_does_not(tmp_path: Path, export: Export, old: str, new: str) -> None:
    text = export.model_dump_json()
    assert old in text
    assert _verify(tmp_path, text.replace(old, new, 1))[0] == 1


def test_a_trail_without_its_end_does_not(tmp_path: Path, export: Export) -> None:
    """Each link holds, but the incident knows where its trail should end."""
    cut = export.model_copy(update={"events": export.events[:-1]})
    code, said = _verify(tmp_path, cut.model_dump_json())
    assert (code, "its end is missing" in " ".join(said.split())) == (1, True)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"incident_id": "x"}', "no json"])
def test_what_is_no_export_is_told_how_to_make_one(tmp_path: Path, text: str) -> None:
    code, said = _verify(tmp_path, text)
    assert code == 2
    assert "audit export" in " ".join(said.split())


def test_without_settings_every_missing_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "INCIDENTS_TABLE_NAME", "AUDIT_TABLE_NAME"):
        monkeypatch.delenv(name, raising=False)
    result = CliRunner().invoke(cli, ["audit", "show", "inc1"])
    assert result.exit_code == 2
    for name in ("AWS_REGION", "INCIDENTS_TABLE_NAME", "AUDIT_TABLE_NAME"):
        assert f"{name} is missing" in result.output
