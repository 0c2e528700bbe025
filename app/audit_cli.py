"""``incident-response audit``: read a trail, prove that it is whole, take it away.

An export is one JSON document: the incident's id, the head that the incident itself holds (number and hash of its last
event), and the events. ``verify`` needs nothing else, so an auditor can run it far from AWS.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import aioboto3
import typer
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from app import telemetry
from app.domain.audit import Export
from app.effects.dynamodb import DynamoStore
from app.effects.no_vault import NoVault
from app.effects.s3_vault import S3Vault
from app.errors import IncidentResponseError, VendorError, VendorRefused, VendorThrottled
from app.ports import Vault
from app.settings import load
from app.sweep import Swept, sweep
from app.telemetry import metrics
from app.terminal_settings import AuditSettings

cli = typer.Typer(no_args_is_help=True, help="Read, verify and export the audit trail of an incident.")
_AWS = AioConfig(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=5)
_SIGN_IN = "Sign in to AWS as somebody who may read both tables; aws sts get-caller-identity says who you are."
_REACH = "Check AWS_REGION, and that this machine reaches AWS (network, VPN, proxy). Then try again."
# botocore's and AWS's words for "who are you?".
_NOBODY = {
    "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "TokenRetrievalError",
    "ProfileNotFound", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "ExpiredToken", "ExpiredTokenException",
    "InvalidClientTokenId", "UnrecognizedClientException", "InvalidSignatureException",
}  # fmt: skip
_out = Console()
_err = Console(stderr=True)


Incident = Annotated[str, typer.Argument(help="Id of the incident; it stands in the room's first message.")]


@cli.command()
def show(incident: Incident) -> None:
    """Print the trail as a table."""
    export = _fetch(incident)
    table = Table(title=f"Incident {incident}", title_justify="left", box=None, pad_edge=False)
    table.add_column("#", justify="right", style="dim")
    for column, style in (("UTC", "magenta"), ("event", "bold"), ("by", "yellow")):
        table.add_column(column, style=style, no_wrap=True)
    table.add_column("details", overflow="fold", ratio=1)
    day = ""
    for event in export.events:
        if (date := f"{event.at:%Y-%m-%d}") != day:
            table.add_row("", date)
            day = date
        words = event.type.value.lower().replace("_", " ")
        table.add_row(str(event.seq), f"{event.at:%H:%M:%S}", words, event.actor, _brief(event.details))
    _out.print(table)
    _tell(export)


def _brief(details: Mapping[str, Any]) -> str:
    return escape(", ".join(f"{name}: {value}" for name, value in details.items() if value not in (None, "", [], {})))


@cli.command("verify")
def verify_trail(
    incident: Annotated[str, typer.Argument(help="Id of the incident, or the path of an exported file.")],
) -> None:
    """Prove that the trail is gapless and unchanged. Exit code 1 when it is not."""
    path = Path(incident)
    if path.exists() or path.name != incident or path.suffix:  # an id has neither a slash nor a dot
        _tell(_read(path))
    else:
        _tell(_fetch(incident))


@cli.command("export")
def export_trail(
    incident: Incident,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; without it, standard output.")
    ] = None,
) -> None:
    """Write the trail as one JSON document, which `verify` can check anywhere."""
    document = _fetch(incident).model_dump_json(indent=2)
    if output is None:
        typer.echo(document)
        return
    try:
        output.write_text(document + "\n")
    except OSError as error:
        _fail(f"{output} was not written: {error.strerror}. Name a file in a folder that is there and is yours: -o")
    _err.print(f"{output}: written. Check it anywhere with: incident-response audit verify {output}")


@cli.command("sweep")
def sweep_trails(
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
) -> None:
    """Look at every trail: no publish without its approval, and all as it was written. Exit code 1: something is wrong.

    The chart runs it daily; what it finds is counted in `gate_violation_count`, and that it ran in `swept_trails`.
    """
    try:
        swept = asyncio.run(_sweep())
    except (IncidentResponseError, BotoCoreError) as error:
        _fail(_explained(error))
    if as_json:
        typer.echo(json.dumps({"ok": not swept.count, **asdict(swept)}, indent=2))
    for incident, found in swept.violations.items():
        for problem in found:
            _err.print(f"[red]✗[/red] {incident}: {escape(problem)}")
    if swept.count:
        _err.print("[red]Treat it as a security incident:[/red] artifacts/runbook/GateViolation.md says what to do.")
        raise typer.Exit(1)
    _err.print(f"[green]✓[/green] {swept.incidents} incidents, {swept.events} events: each publish has its approval")


async def _sweep() -> Swept:
    settings = load(AuditSettings)
    telemetry.configure_command()
    telemetry.export("sweep", settings.environment, settings.otel_exporter_otlp_endpoint)
    try:
        async with _store(settings) as store, _vault(settings) as vault:
            with Progress(console=_err, transient=True) as progress:
                task = progress.add_task("trails", total=None)

                def seen(done: int, of: int) -> None:
                    progress.update(task, completed=done, total=of)

                swept = await sweep(store, vault, seen)
        metrics.swept(swept.incidents, swept.count)
        return swept
    finally:
        telemetry.close(telemetry.EXPORT_TIMEOUT_S)  # a sweep that nobody hears of has not been


def _tell(export: Export) -> None:
    problems = export.problems()
    for problem in problems:
        _err.print(f"[red]✗[/red] {problem}")
    if problems:
        _err.print(
            f"[red]The trail of {export.incident_id} is not as it was written.[/red] Keep the file; tell security."
        )
        raise typer.Exit(1)
    _err.print(f"[green]✓[/green] {len(export.events)} events, gapless, every link holds; head {export.head[:16]}…")


def _read(path: Path) -> Export:
    try:
        return Export.model_validate(json.loads(path.read_text()))
    except OSError as error:
        _fail(f"{path} was not read: {error.strerror}. Give the path of an exported file, or an incident's id.")
    except (ValueError, ValidationError):
        _fail(f"{path} is not an export of a trail. Make one with: incident-response audit export <id>")


def _fetch(incident_id: str) -> Export:
    try:
        return asyncio.run(_load(incident_id))
    except (IncidentResponseError, BotoCoreError) as error:
        _fail(_explained(error))


def _explained(error: IncidentResponseError | BotoCoreError) -> str:
    """What went wrong, and what to do next."""
    if isinstance(error, BotoCoreError):  # before any call: a profile, a region
        what, nobody = f"AWS: {error}", type(error).__name__ in _NOBODY
    elif isinstance(error, VendorError):
        what, nobody = f"{error.vendor} {error.operation}: {error.detail}", _word(error) in _NOBODY
    else:  # of settings: it says where each comes from
        return str(error)
    if nobody:
        return f"{what}. {_SIGN_IN}"
    if isinstance(error, VendorRefused):
        return f"{error}. {_SIGN_IN}"
    if isinstance(error, VendorThrottled):
        return f"{what}. Try again in a minute."
    return f"{what}. {_REACH}"


def _word(error: VendorError) -> str:
    return error.code if isinstance(error, VendorRefused) else error.detail


def _fail(message: str) -> NoReturn:
    _err.print(f"[red]{escape(message)}[/red]", highlight=False)
    raise typer.Exit(2)


async def _load(incident_id: str) -> Export:
    settings = load(AuditSettings)
    async with _store(settings) as store:
        incident = await store.incident(incident_id)
        if incident is None:
            _fail(
                f"There is no incident {incident_id} in {settings.incidents_table_name}. "
                "Check the id: it stands in the room's first message."
            )
        events = await store.trail(incident_id)
    return Export(incident_id=incident_id, seq=incident.audit_seq, head=incident.audit_head, events=events)


@asynccontextmanager
async def _store(settings: AuditSettings) -> AsyncIterator[DynamoStore]:
    async with aioboto3.Session().client("dynamodb", region_name=settings.aws_region, config=_AWS) as client:
        tables = {"incidents_table": settings.incidents_table_name, "audit_table": settings.audit_table_name}
        yield DynamoStore(client, **tables)


@asynccontextmanager
async def _vault(settings: AuditSettings) -> AsyncIterator[Vault]:
    bucket = settings.archive_bucket_name
    if bucket is None:
        _err.print("ARCHIVE_BUCKET_NAME is not set: no trail is compared with an archived head.")
        yield NoVault()
        return
    async with aioboto3.Session().client("s3", region_name=settings.aws_region, config=_AWS) as client:
        yield S3Vault(client, bucket)
