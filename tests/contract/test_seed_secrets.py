"""Secrets: one inventory, from which the seeder, the chart and the settings cannot drift apart."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from pydantic import SecretStr
from typer.testing import CliRunner

from app.settings import ProcessorSettings, WebhookSettings
from app.sim import aws
from scripts import seed_secrets
from scripts.seed_secrets import INVENTORY, OPTIONAL, Outcome, left_out, problems, seed, template

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "incident-response/staging"


def filled() -> dict[str, Any]:
    return {
        name: {key: f"value-of-{key.lower().replace('secret', 'key')}" for key in keys} if keys else "0f9ab3c2"
        for name, keys in INVENTORY.items()
    }


@pytest.fixture
def client(reach: Callable[[str], str]) -> Any:
    found = aws.client("secretsmanager", reach("moto"))
    for name in INVENTORY:  # moto outlives a test
        try:
            found.delete_secret(SecretId=f"{PREFIX}/{name}", ForceDeleteWithoutRecovery=True)
        except found.exceptions.ResourceNotFoundException:
            continue
    return found


def test_every_setting_that_is_a_secret_is_in_the_inventory() -> None:
    """No more, no less: a new secret setting is seeded, mounted and documented, or this is red."""
    settings = {**WebhookSettings.model_fields, **ProcessorSettings.model_fields}
    secret = {name.upper() for name, field in settings.items() if _is_secret(field.annotation)}
    assert {key for keys in INVENTORY.values() for key in keys} == secret
    assert secret >= OPTIONAL.keys()


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or SecretStr in getattr(annotation, "__args__", ())


def test_the_chart_mounts_what_the_inventory_names() -> None:
    text = (ROOT / "chart" / "templates" / "externalsecrets.yaml").read_text()
    for name, keys in INVENTORY.items():
        assert all(f'"{key}"' in text or f"secretKey: {key}" in text for key in keys)
        assert not keys or f"/{name}" in text
    named = set(re.findall(r'"([A-Z_]{6,})"', text)) | set(re.findall(r"secretKey: ([A-Z_]+)", text))
    assert named == {key for keys in INVENTORY.values() for key in keys}


def test_the_template_itself_is_refused() -> None:
    found = problems(template())
    assert len(found) == sum(len(keys) or 1 for keys in INVENTORY.values())
    assert all("placeholder" in line for line in found)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"app-secrets": {"SLACK_BOT_TOKEN": "xoxb-1"}}, "app-secrets.GITHUB_TOKEN: is missing"),
        ({"app-secrets": "xoxb-1"}, "app-secrets: must be an object"),
        ({"grafana-oncall-hmac": "changeme"}, "grafana-oncall-hmac: is a placeholder"),
        ({"grafana-oncall-hmac": "abc\n"}, "grafana-oncall-hmac: has blanks"),
        ({"grafana-oncall-hmac": ""}, "grafana-oncall-hmac: must be a text"),
        ({"slack": "x"}, "slack: unknown"),
    ],
)
def test_what_is_wrong_is_named_without_its_value(change: dict[str, Any], says: str) -> None:
    found = problems({**filled(), **change})
    assert any(line.startswith(says) for line in found)
    assert "xoxb-1" not in str(found)


def test_optional_ones_may_be_left_out() -> None:
    secrets = filled()
    for key in OPTIONAL:
        del secrets["app-secrets"][key]
    assert problems(secrets) == []


def test_what_is_left_out_names_what_the_chart_must_be_told_then() -> None:
    """P-loud: a key that is asked for and not there keeps the others from the pod, too."""
    assert left_out(filled()) == []
    secrets = filled()
    del secrets["app-secrets"]["HEARTBEAT_URL"]
    [line] = left_out(secrets)
    assert line.startswith("HEARTBEAT_URL is left out")
    assert "processor.heartbeat=false" in line
    values = yaml.safe_load((ROOT / "chart" / "values.yaml").read_text())
    for told in OPTIONAL.values():
        section, name = told.partition("=")[0].split(".")
        assert section in values
        assert name in values[section] or section == "settings"


def test_twice_is_once_and_only_what_differs_is_written(client: Any) -> None:
    def names(*whats: str) -> list[Outcome]:
        return [Outcome(f"{PREFIX}/{name}", what) for name, what in zip(INVENTORY, whats, strict=True)]

    secrets = filled()
    assert seed(client, "staging", secrets, check=True) == names("missing", "missing", "missing")
    assert seed(client, "staging", secrets, check=False) == names("created", "created", "created")
    assert seed(client, "staging", secrets, check=False) == names("unchanged", "unchanged", "unchanged")
    version = client.describe_secret(SecretId=f"{PREFIX}/app-secrets")["VersionIdsToStages"]
    secrets["app-secrets"]["GITHUB_TOKEN"] = "another"
    assert seed(client, "staging", secrets, check=True) == names("unchanged", "differs", "unchanged")
    assert client.describe_secret(SecretId=f"{PREFIX}/app-secrets")["VersionIdsToStages"] == version
    assert seed(client, "staging", secrets, check=False) == names("unchanged", "changed", "unchanged")
    stored = json.loads(client.get_secret_value(SecretId=f"{PREFIX}/app-secrets")["SecretString"])
    assert stored["GITHUB_TOKEN"] == "another"


def test_as_it_is_typed(client: Any, tmp_path: Path) -> None:
    cli = typer.Typer()
    cli.command()(seed_secrets.main)
    printed = CliRunner().invoke(cli, ["--template"])
    path = tmp_path / "secrets.json"
    path.write_text(printed.stdout)
    refused = CliRunner().invoke(cli, ["--env", "staging", "--file", str(path)])
    assert refused.exit_code == 2
    path.write_text(json.dumps(filled()))
    arguments = ["--env", "staging", "--file", str(path), "--region", aws.REGION]
    assert CliRunner().invoke(cli, [*arguments, "--check"]).exit_code == 1
    done = CliRunner().invoke(cli, arguments)
    assert (done.exit_code, "created" in done.stdout) == (0, True)
    assert CliRunner().invoke(cli, [*arguments, "--check"]).exit_code == 0
    assert "value-of" not in done.output
