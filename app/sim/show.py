"""What ``incident-response sandbox`` shows in the terminal: the start, where to poke, and the timeline."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.text import Text

from app.domain.audit import AuditEvent, AuditType
from app.sim import cast
from app.sim.environment import processor_env
from app.sim.sandbox import Sandbox
from app.sim.timeline import Trails, tell

_LOOK_S = 0.3  # between two looks at the trails
_ALERT = {"title": "Checkout error rate above 5 %"}
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def show(*, speed: float, fire: bool) -> None:
    """Until Ctrl-C, SIGTERM, or the terminal is closed."""
    screen = Console(highlight=False, soft_wrap=True)
    me = asyncio.current_task()
    assert me is not None  # noqa: S101 - a coroutine that runs has a task
    for ending in _ENDINGS:
        asyncio.get_running_loop().add_signal_handler(ending, me.cancel)
    try:
        await _show(screen, speed, fire)
    except asyncio.CancelledError:
        screen.print("\nThe sandbox is gone: every process was stopped.")


async def _show(screen: Console, speed: float, fire: bool) -> None:
    screen.print(f"[bold]incident-response sandbox[/]{f', {speed:g} times as fast' if speed > 1 else ''}")

    def say(step: str) -> None:
        screen.print(f"  [green]✓[/] {step}" if step.endswith("ready") else f"  [dim]…[/] {step}")

    async with Sandbox(speed=speed, say=say) as sandbox:
        screen.print(_addresses(sandbox))
        if fire:
            await sandbox.fire(**_ALERT)
        await _follow(screen, sandbox)


def _addresses(sandbox: Sandbox) -> Text:
    """Everything to poke at, each with a line that can be pasted into another terminal."""
    world = sandbox.at.world
    rows = [
        ("Console", f"{world}/", "rooms, buttons, status page, faults: open it in a browser"),
        ("Webhook", f"{sandbox.at.webhook}/webhook", "pod 1; also /health, /ready, /openapi.json"),
        ("Processor", f"{sandbox.at.processor}/ready", "pod 2"),
        ("Logs", str(sandbox.logs), "one file for each process, for as long as it runs"),
    ]
    text = Text("\n")
    for name, value, note in rows:
        text.append(f"  {name:<12}", "bold").append(f"{value:<42}", "cyan").append(f" {note}\n", "dim")
    commands: list[tuple[str, str, dict[str, Any] | None]] = [
        ("Fire another alert", f"{world}/oncall/people/fire", {"title": "Checkout is slow"}),
        ("Make a vendor fail", f"{world}/faults/statuspage", {"kind": "commit_then_timeout", "times": 1}),
        ("Stop the queue", f"{world}/queue/cut", None),
    ]
    for what, url, body in commands:
        text.append(f"\n  {what}\n", "bold").append(f"    {_curl(url, body)}\n", "cyan")
    return text.append("\n  Ctrl-C ends it.\n", "dim")


def _curl(url: str, body: dict[str, Any] | None) -> str:
    data = f" -H 'content-type: application/json' -d '{json.dumps(body)}'" if body else ""
    return f"curl -sX POST {url}{data}"


async def _follow(screen: Console, sandbox: Sandbox) -> None:
    trails = Trails(sandbox.at.aws)
    began: dict[str, datetime] = {}
    rooms: dict[str, str] = {}
    while True:
        try:
            events = await asyncio.to_thread(trails.new)
        except (BotoCoreError, ClientError) as error:
            screen.print(f"  [red]the audit trail cannot be read: {error}[/]")
            events = []
        for event in events:
            began.setdefault(event.incident_id, event.at)
            screen.print(_line(event, began[event.incident_id]))
            if "channel_id" in event.details:
                rooms[event.incident_id] = event.details["channel_id"]
            if event.type is AuditType.WAR_ROOM_ASSEMBLED:
                screen.print(_what_next(sandbox, event.incident_id, rooms.get(event.incident_id, "")))
        await asyncio.sleep(_LOOK_S)


def _line(event: AuditEvent, began: datetime) -> Text:
    """Time since the alert was accepted, in the people's seconds."""
    line, seconds = tell(event), (event.at - began).total_seconds()
    text = Text(f"  {event.incident_id:<10} ", "dim").append(f"{f'+{seconds:.1f} s':>11}  ", "magenta")
    return text.append(line.text, line.style)


def _what_next(sandbox: Sandbox, incident: str, room: str) -> Text:
    url = f"{sandbox.at.world}/slack/people/command"
    commander = cast.PEOPLE[0]
    text = Text(f"\n  Now be the {commander.role}, here or in the console\n", "bold")
    for command in ("status", "status draft Some customers cannot pay.", "resolve"):
        body = {"user": commander.slack_id, "channel": room, "text": command}
        text.append(f"    {_curl(url, body)}\n", "cyan")
    text.append("  Or the auditor\n", "bold")
    audit = f"(set -a; . {_auditors_env(sandbox)}; {sys.argv[0]} audit show {incident})"
    return text.append(f"    {audit}\n", "cyan")


def _auditors_env(sandbox: Sandbox) -> Path:
    """A file with what ``incident-response audit`` has to be told to read this sandbox's trails."""
    env = processor_env(sandbox.at, sandbox.clock)
    wanted = [name for name in env if name.startswith("AWS_") or name.endswith("_TABLE_NAME")]
    path = sandbox.logs / "audit.env"
    path.write_text("".join(f"{name}={env[name]}\n" for name in wanted))
    return path
