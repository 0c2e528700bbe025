"""The parts of a drill at a deployment, one at a time: for whoever leads one by hand.

    python -m scripts.live_drill fire --url https://<ingress.host> --integration <id> --route <id>
    python -m scripts.live_drill observe <incident>       # its row, its trail, how much waits in the queues
    python -m scripts.live_drill join <incident> <person> # into the room of a drill, and of nothing else
    python -m scripts.live_drill end <alert group> --url https://<ingress.host>

``incident-response drill --url`` does all of it in one go, and judges.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import aioboto3
import typer
from aiobotocore.config import AioConfig
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app import audit_cli, settings, telemetry
from app.domain.incident import Incident
from app.drill.sender import DrillError, Sender, Target
from app.effects.dynamodb import DynamoStore
from app.effects.slack import Slack
from app.errors import IncidentResponseError
from app.queue.sqs import SqsQueue
from app.terminal_settings import AuditSettings, DrillSettings, JoinSettings, ObserveSettings

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
_AWS = AioConfig(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=5)
_UNREAD = {"alert", "alerts", "trace", "about", "noted", "attempts", "lease"}  # long, or of no use to who watches

Url = Annotated[str, typer.Option(help="The deployment's address; /webhook is added.")]
Id = Annotated[str, typer.Argument(help="Id of the incident; `fire` prints it, and the room's first message.")]


@cli.command()
def fire(
    url: Url,
    service: Annotated[str, typer.Option(help="The service that is said to be down.")] = "",
    team: Annotated[str, typer.Option(help="Whose directory group is invited.")] = "",
    integration: Annotated[str, typer.Option(help="OnCall integration id of the alert.")] = "",
    route: Annotated[str, typer.Option(help="OnCall route id, which finds who is on call.")] = "",
) -> None:
    """Fire one drill alert, and watch nothing. Ends with what ends it."""
    target = Target(url, service, team or None, integration or None, route or None)

    async def send(told: DrillSettings) -> None:
        sender = await Sender.of(told, target)
        await sender.send("alert group created")
        typer.echo(f"incident {sender.incident}")
        typer.echo(f"end it: python -m scripts.live_drill end {sender.group} --url {url}")

    _run(DrillSettings, send)


@cli.command()
def end(group: Annotated[str, typer.Argument(help="The alert group, as `fire` printed it.")], url: Url) -> None:
    """End a drill's alert: its room is asked whether it is over, and after a while it is."""

    async def send(told: DrillSettings) -> None:
        sender = await Sender.of(told, Target(url, ""), group)
        await sender.send("resolve")
        typer.echo(f"alert group {group} has ended")

    _run(DrillSettings, send)


@cli.command()
def observe(incident: Id) -> None:
    """Print what is stored of an incident, what waits in the queues, and its audit trail."""

    async def look(told: ObserveSettings) -> None:
        session = aioboto3.Session(region_name=told.aws_region)
        found = await _incident(session, told, incident)
        row = found.model_dump(mode="json", exclude=_UNREAD, exclude_defaults=True)
        _print("row", {name: str(value) for name, value in row.items()})
        depths: dict[str, str] = {}
        for address in (told.incident_events_queue_url, told.nudge_events_queue_url, told.sla_check_queue_url):
            async with SqsQueue(session, address, region=told.aws_region) as queue:
                waiting, dead = await queue.depths()
            depths[queue.name] = f"{waiting} waiting, {dead} given up"
        _print("queues", depths)

    _run(ObserveSettings, look)
    audit_cli.show(incident)


@cli.command()
def join(
    incident: Id, person: Annotated[str, typer.Argument(help="Slack id (U…) of whoever asks to be let in.")]
) -> None:
    """Let one person into the room of a drill. Into a real one, people are asked by `/incident-response invite`."""

    async def invite(told: JoinSettings) -> None:
        found = await _incident(aioboto3.Session(region_name=told.aws_region), told, incident)
        if not found.drill:
            raise DrillError(f"{incident} is no drill. Ask somebody in its room to type `/incident-response invite`")
        if found.channel_id is None:
            raise DrillError(f"{incident} has no room yet. Run this again in a moment")
        slack = Slack(told.slack_api_url, told.slack_bot_token.get_secret_value())
        try:
            came = await slack.invite(found.channel_id, [person])
        finally:
            await slack.aclose()
        if why := came.failed.get(person):
            raise DrillError(f"{person} could not be let in: {why}. Give a Slack id (U…) of this workspace")
        typer.echo(f"{person} is in #{found.channel_name}")

    _run(JoinSettings, invite)


async def _incident(session: aioboto3.Session, told: AuditSettings, incident: str) -> Incident:
    async with session.client("dynamodb", config=_AWS) as client:
        tables = {"incidents_table": told.incidents_table_name, "audit_table": told.audit_table_name}
        found = await DynamoStore(client, **tables).incident(incident)
    if found is None:
        raise DrillError(f"There is no incident {incident}. Check the id, AWS_REGION and INCIDENTS_TABLE_NAME")
    return found


def _print(title: str, rows: dict[str, str]) -> None:
    table = Table(title=title, title_justify="left", show_header=False, box=None)
    for name, value in rows.items():
        table.add_row(name, escape(value))
    Console(highlight=False).print(table)


def _run(model: type[settings.S], act: Callable[[settings.S], Awaitable[None]]) -> None:
    telemetry.configure_command()

    async def acting() -> None:
        await act(settings.load(model))

    try:
        asyncio.run(acting())
    except IncidentResponseError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    cli()
