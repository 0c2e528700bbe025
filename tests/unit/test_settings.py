"""A pod that is told too little, or nonsense, says so once and completely."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from app.errors import SettingsError
from app.settings import ProcessorSettings, WebhookSettings, load
from app.sim.environment import Addresses, processor_env, webhook_env

AT = Addresses(1, 2, 3, 4, 5)
CLOCK = "1700000000.0,1"


def told(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str], **changed: str | None) -> None:
    for name in os.environ:
        monkeypatch.delenv(name)
    for name, value in {**environment, **changed}.items():
        if value is not None:
            monkeypatch.setenv(name, value)


def refusal(model: type[ProcessorSettings] | type[WebhookSettings]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load(model)
    return str(refused.value).splitlines()


def test_everything_that_is_missing_is_in_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """P-loud: mended in one go, and not one after the other."""
    needed = {name.upper() for name, field in ProcessorSettings.model_fields.items() if field.is_required()}
    told(monkeypatch, {})
    head, *lines = refusal(ProcessorSettings)
    assert head == f"{len(lines)} settings are missing or wrong:"
    assert {line.split()[0] for line in lines} == needed | {"SLACK_APP_TOKEN"}, "Socket Mode is the default"
    assert all(len(line.split(". ", 1)[1]) > 10 for line in lines), "each says where it comes from"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SLACK_APP_TOKEN", None, "SLACK_TRANSPORT=http"),
        ("WORKOS_TEAM_GROUP_MAP", "{team: group}", "is not JSON"),
        ("WORKOS_TEAM_GROUP_MAP", '["team"]', "valid dictionary"),
        ("GITHUB_REPO_NAMES", "checkout", "is not JSON"),
        ("HEALTH_PORT", "http", "valid integer"),
        ("STATUSPAGE_API_URL", "api.statuspage.io", "must start with https://"),
        ("DEFAULT_SEVERITY", "high", "'P1'"),
        ("AWS_ENDPOINT_URL", None, "SANDBOX_CLOCK is for a sandbox"),
    ],
)
def test_what_is_wrong_is_said_beside_what_is_missing(
    name: str, value: str | None, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(monkeypatch, processor_env(AT, CLOCK), GITHUB_TOKEN=None, **{name: value})
    head, *lines = refusal(ProcessorSettings)
    assert head == "2 settings are missing or wrong:"
    [wrong] = [line for line in lines if line.split()[0] == name]
    assert says in wrong


def test_what_the_sandbox_tells_its_pods_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, webhook_env(AT, CLOCK))
    assert load(WebhookSettings).aws_region
    told(monkeypatch, processor_env(AT, CLOCK))
    assert load(ProcessorSettings).workos_team_group_map == {"checkout": "directory_group_checkout"}
