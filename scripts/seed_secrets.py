"""Puts the secrets of one environment into AWS Secrets Manager, from a JSON file that never leaves your machine.

    python scripts/seed_secrets.py --template > secrets.json   # fill it in
    python scripts/seed_secrets.py --env staging --file secrets.json
    python scripts/seed_secrets.py --env staging --file secrets.json --check

Run again it changes nothing; ``--check`` only compares, and ends with 1 where something differs. A placeholder is
refused before anything is written. No value is ever printed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

# Every secret there is: its name behind incident-response/<env>/, and the settings in it. One that has no settings is
# read by its id, as it is, by the webhook: so that a rotation needs no restart.
INVENTORY: dict[str, tuple[str, ...]] = {
    "grafana-oncall-hmac": (),
    "app-secrets": (
        "SLACK_SIGNING_SECRET",
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "STATUSPAGE_API_KEY",
        "LINEAR_API_KEY",
        "WORKOS_API_KEY",
        "GITHUB_TOKEN",
        "HEARTBEAT_URL",
    ),
    "grafana-cloud": ("GRAFANA_ONCALL_TOKEN", "GRAFANA_CLOUD_TOKEN"),
}
# May be left out, when the chart does not ask for them: what it asks for and does not find keeps all of the processor's
# secrets from its pod.
OPTIONAL = {
    "SLACK_APP_TOKEN": "settings.SLACK_TRANSPORT=http",
    "HEARTBEAT_URL": "processor.heartbeat=false",
}
PLACEHOLDER = "<fill in>"
_PLACEHOLDERS = re.compile(
    r"<[^>]*>|change.?me|set.?me|fill.?in|todo|example|placeholder|x{4,}|\.{3}|…|dummy|your.?(key|token)", re.IGNORECASE
)
_ENVIRONMENT = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")

Secrets = dict[str, Any]
out, err = Console(highlight=False), Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class Outcome:
    name: str
    what: str  # created, changed, unchanged, missing, differs


def template() -> Secrets:
    return {name: dict.fromkeys(keys, PLACEHOLDER) if keys else PLACEHOLDER for name, keys in INVENTORY.items()}


def problems(secrets: Secrets) -> list[str]:
    """What keeps the file from being used, one line each; values are not shown."""
    found = [f"{name}: unknown; there are: {', '.join(INVENTORY)}" for name in secrets if name not in INVENTORY]
    for name, keys in INVENTORY.items():
        value = secrets.get(name)
        if value is None:
            found.append(f"{name}: is missing")
        elif not keys:
            found += _unfit(name, value)
        elif not isinstance(value, dict):
            found.append(f"{name}: must be an object with {', '.join(keys)}")
        else:
            found += [f"{name}.{key}: unknown; there are: {', '.join(keys)}" for key in value if key not in keys]
            found += [f"{name}.{key}: is missing" for key in keys if key not in value and key not in OPTIONAL]
            found += [problem for key in keys if key in value for problem in _unfit(f"{name}.{key}", value[key])]
    return found


def left_out(secrets: Secrets) -> list[str]:
    """What the chart's values must say when something is not there."""
    there = {key for keys in secrets.values() if isinstance(keys, dict) for key in keys}
    return [
        f"{key} is left out: the chart's values must say {value}, or its secrets do not reach the processor"
        for key, value in OPTIONAL.items()
        if key not in there
    ]


def _unfit(where: str, value: object) -> list[str]:
    if not isinstance(value, str) or not value.strip():
        return [f"{where}: must be a text that is not empty"]
    if value != value.strip() or "\n" in value:
        return [f"{where}: has blanks or line breaks around it, as copied texts do"]
    return [f"{where}: is a placeholder, not a secret"] if _PLACEHOLDERS.search(value) else []


def seed(client: Any, environment: str, secrets: Secrets, *, check: bool) -> list[Outcome]:
    """``client``: of Secrets Manager. With ``check`` nothing is written."""
    return [
        _one(client, f"incident-response/{environment}/{name}", _text(secrets[name]), check=check) for name in INVENTORY
    ]


def _one(client: Any, name: str, wanted: str, *, check: bool) -> Outcome:
    try:
        now = client.get_secret_value(SecretId=name)["SecretString"]
    except client.exceptions.ResourceNotFoundException:
        if check:
            return Outcome(name, "missing")
        client.create_secret(Name=name, SecretString=wanted)
        return Outcome(name, "created")
    if _same(now, wanted):
        return Outcome(name, "unchanged")
    if check:
        return Outcome(name, "differs")
    client.put_secret_value(SecretId=name, SecretString=wanted)
    return Outcome(name, "changed")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _same(now: str, wanted: str) -> bool:
    try:
        return bool(json.loads(now) == json.loads(wanted))
    except ValueError:
        return now == wanted


def main(
    env: Annotated[str, typer.Option(help="Whose secrets: development, staging, production, …")] = "",
    file: Annotated[Path | None, typer.Option(help="The filled-in template. Keep it out of the repository.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Compare only; exit code 1 where something differs.")] = False,
    as_template: Annotated[bool, typer.Option("--template", help="Print the file to fill in.")] = False,
    region: Annotated[str | None, typer.Option(help="AWS region; without it, what AWS's own tools would use.")] = None,
) -> None:
    """Seed the secrets of one environment, or check that they are there."""
    if as_template:
        print(json.dumps(template(), indent=2))  # noqa: T201
        return
    if not _ENVIRONMENT.fullmatch(env) or file is None:
        _fail("Say --env and --file; --template prints the file to fill in.")
    try:
        secrets = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        _fail(f"{file} cannot be read as JSON: {error}")
    if found := problems(secrets):
        _fail("Nothing was written:\n  " + "\n  ".join(found))
    try:
        outcomes = seed(boto3.client("secretsmanager", region_name=region), env, secrets, check=check)
    except (ClientError, BotoCoreError) as error:
        _fail(f"AWS: {error}. Some secrets may have been written; run it again when that is mended.")
    table = Table("secret", "", box=None)
    for outcome in outcomes:
        table.add_row(outcome.name, outcome.what)
    out.print(table)
    for line in left_out(secrets):
        err.print(f"[yellow]{line}[/yellow]")
    raise typer.Exit(int(any(outcome.what in {"missing", "differs"} for outcome in outcomes)))


def _fail(message: str) -> NoReturn:
    err.print(f"[red]{message}[/red]")
    raise typer.Exit(2)


if __name__ == "__main__":
    typer.run(main)
