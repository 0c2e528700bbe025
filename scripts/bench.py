"""How fast it is on this machine: ``make bench``.

Both pods in a sandbox, at the speed of the world. The simulated vendors answer at once, so what is measured is our own
time and this machine's. It ends with 1 if a promise of time is broken, and at no other number.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import aioboto3
import httpx
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.effects.dynamodb import DynamoStore
from app.ledger import Decision
from app.signature import ONCALL_HEADER, sign_hex
from app.sim import aws, cast
from app.sim.player import Player
from app.sim.sandbox import Sandbox

ROOM_S = 300.0  # promised: alert to room
POSTMORTEM_S = 120.0  # promised: resolution to the draft in Linear
SENDER_S = 4.0  # OnCall hangs up then (L8)
_IN_ONE_GO = 50  # events: a transaction holds a hundred actions
_PAUSE_S = 0.1  # between two requests to the webhook: moto, which plays SQS here, is slower than SQS
_WORDS = "Some customers cannot pay by card. We are working on it."


@dataclass(frozen=True)
class Measure:
    """``times``: seconds, one each. ``target``: what none of them may exceed; None: nothing was promised."""

    name: str
    times: Sequence[float]
    target: float | None = None

    @property
    def ok(self) -> bool:
        return self.target is None or max(self.times) <= self.target

    def at(self, share: float) -> float:
        """What that share of the times is not above: 0.95 is the p95."""
        return sorted(self.times)[max(0, math.ceil(share * len(self.times)) - 1)]


async def measure(sandbox: Sandbox, *, incidents: int, notes: int, requests: int) -> list[Measure]:
    """``notes``: on the timeline of the long incident."""
    player = Player(sandbox, cast.PEOPLE[0])  # the first on call, who has command by that
    accepted = await _webhook(sandbox, requests)
    rooms, published, filed = [], [], []
    for number in range(incidents):
        incident, took = await _room(player, f"bench-{number}")
        rooms.append(took)
        published.append(await _publish(player, incident))
        filed.append(await _resolve(player, incident))
    long, _ = await _room(player, "bench-long")
    await _live_long(player, long, notes)
    lived = sum(event.incident_id == long for event in player.trail)
    return [
        accepted,
        Measure("alert → assembled room", rooms, ROOM_S),
        Measure("click on Approve → published", published),
        Measure("resolution → postmortem draft filed", filed, POSTMORTEM_S),
        Measure(f"the same, of an incident of {lived} events", [await _resolve(player, long)], POSTMORTEM_S),
    ]


async def _webhook(sandbox: Sandbox, requests: int) -> Measure:
    """One after the other, on a connection each, as OnCall calls; below the severity that opens a room."""
    times, refused, url = [], 0, f"{sandbox.at.webhook}/webhook"
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(trust_env=False, timeout=2 * SENDER_S, limits=limits) as http:
        for number in range(requests):
            alert = _alert(f"bench-{number}")
            headers = {"content-type": "application/json", ONCALL_HEADER: sign_hex(cast.HMAC_SECRET, alert)}
            began = clock.monotonic()
            answer = await http.post(url, content=alert, headers=headers)
            if answer.status_code == 202:
                times.append(clock.monotonic() - began)
            refused += answer.status_code != 202
            await asyncio.sleep(_PAUSE_S)
    return Measure("webhook: request → 202" + (f" ({refused} were not taken)" if refused else ""), times, SENDER_S)


def _alert(group: str) -> bytes:
    labels = {"severity": "info", "service": f"{group}-small"}
    told = {"alert_group_id": group, "alert_group": {"title": group, "state": "firing"}, "labels": labels}
    return json.dumps(told).encode()


async def _room(player: Player, service: str) -> tuple[str, float]:
    """The incident, and seconds from the alert to its room."""
    began = _now()
    await player.sandbox.fire(title=f"{service}: error rate above 5 %", service=service)

    async def begun() -> str | None:
        of = [e for e in await player.seen.look() if e.details.get("service") == service]
        return of[0].incident_id if of else None

    incident = await player.see(begun, f"an incident of {service}")
    assembled = await player.until(AuditType.WAR_ROOM_ASSEMBLED, incident=incident)
    return incident, (assembled.at - began).total_seconds()


async def _publish(player: Player, incident: str) -> float:
    room = await _channel(player, incident)
    await player.command(room, f"status draft {_WORDS}")
    await player.until(AuditType.STATUSPAGE_DRAFT_SHOWN, incident=incident)
    began = _now()
    await player.click(room, "approve_statuspage")
    published = await player.until(AuditType.STATUSPAGE_PUBLISHED, incident=incident)
    return (published.at - began).total_seconds()


async def _live_long(player: Player, incident: str, notes: int) -> None:
    """Straight into its trail: Slack takes a message a second in one channel, and we would wait for that alone."""
    session = aioboto3.Session(aws.ACCESS_KEY, aws.SECRET_KEY, region_name=aws.REGION)
    async with session.client("dynamodb", endpoint_url=player.sandbox.at.aws) as client:
        store = DynamoStore(client, incidents_table=aws.INCIDENTS_TABLE, audit_table=aws.AUDIT_TABLE)
        for first in range(0, notes, _IN_ONE_GO):
            facts = [_note(player.user, number) for number in range(first, min(first + _IN_ONE_GO, notes))]
            await ledger.amend(store, incident, partial(Decision, facts=facts))
    await player.until(AuditType.TIMELINE_NOTE, incident=incident, count=notes)


def _note(author: str, number: int) -> Fact:
    details = {"author": author, "text": f"{number}: what we saw, tried, and made of it", "ts": "", "how": "command"}
    return Fact(type=AuditType.TIMELINE_NOTE, actor=f"slack:{author}", details=details)


async def _resolve(player: Player, incident: str) -> float:
    await player.command(await _channel(player, incident), "resolve now")
    resolved = await player.until(AuditType.INCIDENT_RESOLVED, incident=incident)
    filed = await player.until(AuditType.POSTMORTEM_CREATED, incident=incident)
    return (filed.at - resolved.at).total_seconds()


async def _channel(player: Player, incident: str) -> str:
    return str((await player.until(AuditType.WAR_ROOM_CREATED, incident=incident)).details["channel_id"])


def _now() -> datetime:
    return datetime.fromtimestamp(clock.wall(), UTC)


def table(measures: Sequence[Measure]) -> Table:
    cores = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    found = Table(title=f"On this machine ({cores}), simulated vendors", title_justify="left")
    for column in ("", "measured", "times", "p50", "p95", "worst", "target"):
        found.add_column(column, justify="right" if column not in {"", "measured"} else "left", overflow="fold")
    for one in measures:
        target = "none" if one.target is None else f"≤ {one.target:g} s"
        mark = "" if one.target is None else "[green]✓[/]" if one.ok else "[red]✗[/]"
        shown = [f"{seconds:.3f} s" for seconds in (one.at(0.5), one.at(0.95), max(one.times))]
        found.add_row(mark, escape(one.name), str(len(one.times)), *shown, target)
    return found


async def _bench(incidents: int, notes: int, requests: int) -> list[Measure]:
    progress = Console(stderr=True, highlight=False)
    async with Sandbox(say=lambda line: progress.print(f"  [dim]{escape(line)}[/]")) as sandbox:
        return await measure(sandbox, incidents=incidents, notes=notes, requests=requests)


cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@cli.command()
def main(
    incidents: Annotated[int, typer.Option(min=1, help="How many ordinary incidents.")] = 5,
    notes: Annotated[int, typer.Option(min=1, help="How many notes are on the long incident's timeline.")] = 500,
    requests: Annotated[int, typer.Option(min=1, help="How many requests to the webhook.")] = 100,
) -> None:
    """How fast it is on this machine, in a sandbox. Exit code 0: no promise of time was broken."""
    measures = asyncio.run(_bench(incidents, notes, requests))
    Console(highlight=False).print(table(measures))
    raise typer.Exit(0 if all(one.ok for one in measures) else 1)


if __name__ == "__main__":
    cli()
