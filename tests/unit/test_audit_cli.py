"""``incident-response audit verify`` on an exported file: no AWS, no settings, a verdict (P-audit)."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import audit_cli
from app.cli import cli
from app.domain.audit import AuditType, Export, Fact, chain
from app.errors import IncidentResponseError, VendorRefused, VendorThrottled
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


# ---------------------------------------------------------------- what goes wrong, and the next step


@pytest.fixture
def auditor(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Settings, and nobody in particular at an AWS that is not there."""
    told = {
        "AWS_REGION": "us-east-1", "INCIDENTS_TABLE_NAME": "incidents", "AUDIT_TABLE_NAME": "audit",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }  # fmt: skip
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ARCHIVE_BUCKET_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def told(*words: str) -> str:
    """On standard error, of a command that a person has to mend something for."""
    result = CliRunner().invoke(cli, ["audit", *words])
    assert result.exit_code == 2
    assert not isinstance(result.exception, OSError | IncidentResponseError), "a traceback"
    return " ".join(result.stderr.split())


@pytest.mark.parametrize("words", [("show", "inc1"), ("verify", "inc1"), ("export", "inc1"), ("sweep",)])
def test_an_aws_that_cannot_be_reached_says_what_to_check(auditor: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    auditor.setenv("AWS_ACCESS_KEY_ID", "a")
    auditor.setenv("AWS_SECRET_ACCESS_KEY", "b")
    assert "Check AWS_REGION, and that this machine reaches AWS" in told(*words)


@pytest.mark.parametrize("words", [("show", "inc1"), ("sweep",)])
def test_whoever_is_nobody_at_aws_is_told_to_sign_in(auditor: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    assert "Sign in to AWS" in told(*words)
    auditor.setenv("AWS_PROFILE", "of-somebody-else")
    assert "Sign in to AWS" in told(*words)


@pytest.mark.usefixtures("auditor")
@pytest.mark.parametrize(
    ("error", "says"),
    [
        (VendorRefused("DynamoDB", "query", "ExpiredTokenException", remedy="check the tables"), "Sign in to AWS"),
        (
            VendorRefused("DynamoDB", "query", "AccessDeniedException", remedy="check the tables"),
            "(check the tables). Sign in to AWS",
        ),
        (VendorThrottled("DynamoDB", "query", retry_after=1.0), "Try again in a minute"),
    ],
)
def test_what_aws_refuses_says_what_to_do(monkeypatch: pytest.MonkeyPatch, error: Exception, says: str) -> None:
    async def refuse(*_: object) -> Export:
        raise error

    monkeypatch.setattr(audit_cli, "_load", refuse)
    assert says in told("show", "inc1")


@pytest.mark.usefixtures("auditor")
@pytest.mark.parametrize("name", ["trail.json", "no/where", "."])
def test_a_file_that_is_not_there_is_not_taken_for_an_incident(tmp_path: Path, name: str) -> None:
    """Nobody asks AWS for it: the answer would be about tables."""
    said = told("verify", str(tmp_path / name))
    assert "was not read" in said
    assert "Give the path of an exported file, or an incident's id." in said


@pytest.mark.parametrize("name", ["no/where.json", "."])
def test_an_export_that_cannot_be_written_says_where_it_could(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, export: Export, name: str
) -> None:
    monkeypatch.setattr(audit_cli, "_fetch", lambda _: export)
    said = told("export", "inc1", "-o", str(tmp_path / name))
    assert "was not written" in said
    assert "Name a file in a folder that is there and is yours" in said
