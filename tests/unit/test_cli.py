"""The command line, as far as it says no: a person is told what to mend."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.settings import ProcessorSettings, WebhookSettings


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in {*WebhookSettings.model_fields, *ProcessorSettings.model_fields}:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.usefixtures("bare_environment")
@pytest.mark.parametrize(
    ("pod", "missing"),
    [("webhook", "GRAFANA_ONCALL_HMAC_SECRET_ID"), ("processor", "STATUSPAGE_API_KEY")],
)
def test_a_pod_without_its_settings_does_not_start_and_names_all_of_them(pod: str, missing: str) -> None:
    told = CliRunner().invoke(cli, [pod])
    assert told.exit_code == 2
    for name in ("AWS_REGION", "SLACK_SIGNING_SECRET", "INCIDENT_EVENTS_QUEUE_URL", missing):
        assert f"{name} is missing" in told.stderr


def test_time_in_the_sandbox_does_not_run_slower_than_in_the_world() -> None:
    told = CliRunner().invoke(cli, ["sandbox", "--speed", "0.5"])
    assert told.exit_code == 2
    assert "--speed" in told.stderr


def test_a_replay_of_steps_that_cannot_be_read_is_not_played() -> None:
    """A mistyped replay plays nothing, finds nothing, and must not look like a mended defect."""
    for typed in ("a,b", "1,,x2", "1, 2"):
        told = CliRunner().invoke(cli, ["simulate", "--seed", "3", "--only", typed])
        assert told.exit_code == 2
        assert "--only" in told.stderr
