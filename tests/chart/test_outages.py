"""What is around us goes away, one after the other: we go on as docs/troubleshooting.md says, and from what the pods
then export the alert follows that the page names, and no other."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

import httpx
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.domain.audit import AuditType
from app.sim import cast
from app.sim.player import Player
from app.sim.sandbox import Sandbox
from app.sim.wire import Wire
from tests.chart.rendered import CHART
from tests.chart.test_alerts import PROMTOOL
from tests.conftest import Serve
from tests.e2e.conftest import eventually
from tests.e2e.otlp import Collector

RULES = (CHART / "files" / "alerts.yaml").read_text().replace("ENVIRONMENT", "sandbox")
NAMES = [rule["alert"] for rule in yaml.safe_load(RULES)["groups"][0]["rules"]]


def firing(series: Mapping[str, float], folder: Path) -> list[str]:
    """The alerts that fire, by promtool, when these numbers have stood for twelve minutes."""
    given = [{"series": name, "values": f"0 {value:g}x20"} for name, value in series.items()]
    return [name for name in NAMES if not _silent(name, given, folder)]


def _silent(alert: str, given: list[dict[str, str]], folder: Path) -> bool:
    looked = {"expr": f'ALERTS{{alertname="{alert}", alertstate="firing"}}', "eval_time": "12m", "exp_samples": []}
    test = {"interval": "1m", "input_series": given, "promql_expr_test": [looked]}
    (folder / "alerts.yaml").write_text(RULES)
    (folder / "cases.yaml").write_text(yaml.safe_dump({"rule_files": ["alerts.yaml"], "tests": [test]}))
    command = [PROMTOOL, "test", "rules", "cases.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    printed = done.stdout + done.stderr
    assert done.returncode == 0 or alert in printed, printed  # red because it fires, and for no other reason
    return done.returncode == 0


def _told_to(collector: Collector, serve: Serve) -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": serve(collector.app()), "OTEL_METRIC_EXPORT_INTERVAL": "500"}


async def _told(collector: Collector, series: str, level: int) -> None:
    async def stands() -> bool:
        return collector.series.get(series) == level

    await eventually(stands)


def breaker(vendor: str) -> str:
    return f'breaker_open{{environment="sandbox", vendor="{vendor}"}}'


READY = 'processor_ready{environment="sandbox"}'  # told every half a minute, and first before Slack's socket is open


async def test_workos_goes_away(serve: Serve, tmp_path: Path) -> None:
    """Rooms come without the team's group, and say so."""
    collector = Collector()
    async with Sandbox(processor=_told_to(collector, serve)) as sandbox:
        await sandbox.break_vendor("workos", "error")
        player = Player(sandbox, cast.PEOPLE[0])
        for number in range(6):
            await sandbox.fire(title=f"Alert {number}", service=f"service-{number}")
        failed = await player.until(AuditType.DIRECTORY_LOOKUP_FAILED, count=6)
        assert failed.details["source"] == "directory"
        await player.until(AuditType.WAR_ROOM_ASSEMBLED, count=6)
        rooms = [room for room in (await sandbox.people("slack/people/state"))["channels"] if room["private"]]
        assert all("Not known" in str(room["posts"]) for room in rooms)
        await _told(collector, breaker("WorkOS"), 1)
        await _told(collector, READY, 1)
        assert firing(collector.series, tmp_path) == ["DirectoryLookupsFail", "VendorLeftAlone"]


async def test_linear_goes_away_and_comes_back(serve: Serve, tmp_path: Path) -> None:
    """The resolution stands and is told; the postmortem is filed as soon as it can be."""
    collector = Collector()
    async with Sandbox(speed=60, processor=_told_to(collector, serve)) as sandbox:
        await sandbox.break_vendor("linear", "error")
        player = Player(sandbox, cast.PEOPLE[0])
        await sandbox.fire(title="Checkout error rate above 5 %")
        room = str((await player.until(AuditType.WAR_ROOM_CREATED)).details["channel_id"])
        await player.until(AuditType.WAR_ROOM_ASSEMBLED)
        await player.command(room, "resolve now")
        await player.until(AuditType.RESOLUTION_ANNOUNCED)
        await _told(collector, breaker("Linear"), 1)
        await _told(collector, READY, 1)
        assert firing(collector.series, tmp_path) == ["VendorLeftAlone"]
        await sandbox.mend_vendor("linear")
        await player.until(AuditType.POSTMORTEM_CREATED)
        await _told(collector, breaker("Linear"), 0)
        assert firing(collector.series, tmp_path) == []


async def test_the_collector_goes_away(serve: Serve, tmp_path: Path) -> None:
    """Everything works; nothing is heard of it, but for the heartbeat."""
    beats: list[str] = []

    async def heard(request: Request) -> Response:
        beats.append(request.method)
        return Response()

    heartbeat = serve(Starlette(routes=[Route("/", heard, methods=["GET", "POST"])]))
    nobody = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "HEARTBEAT_URL": heartbeat}
    async with Sandbox(processor=nobody) as sandbox:
        await sandbox.fire(title="Checkout error rate above 5 %")
        await Player(sandbox, cast.PEOPLE[0]).until(AuditType.WAR_ROOM_ASSEMBLED)

        async def beat() -> list[str]:
            return beats

        await eventually(beat)
    assert firing({}, tmp_path) == ["ProcessorSilent"]


async def test_the_secret_store_goes_away(serve: Serve, tmp_path: Path) -> None:
    """The pod that runs believes what it read last; a new one is not ready, says why, and comes as soon as it can."""
    collector, port = Collector(), _free_port()
    told = {"AWS_ENDPOINT_URL_SECRETS_MANAGER": f"http://127.0.0.1:{port}"}
    sandbox = Sandbox(webhook=told, processor=_told_to(collector, serve))
    wire = Wire(port, sandbox.at.moto_port)
    await wire.mend()
    async with sandbox, httpx.AsyncClient(trust_env=False) as http:
        await wire.cut()
        assert (await sandbox.fire(title="Checkout error rate above 5 %"))["delivery"]["status"] == 202
        await Player(sandbox, cast.PEOPLE[0]).until(AuditType.WAR_ROOM_ASSEMBLED)
        before, again = sandbox.pid("webhook"), asyncio.create_task(sandbox.restart("webhook"))

        async def new_one_says() -> str:
            if sandbox.pid("webhook") == before:
                return ""
            try:
                return (await http.get(f"{sandbox.at.webhook}/ready")).text
            except httpx.TransportError:  # not up yet
                return ""

        assert "GRAFANA_ONCALL_HMAC_SECRET_ID" in await eventually(new_one_says)
        assert not again.done()
        await wire.mend()
        await again
        await _told(collector, READY, 1)
        assert firing(collector.series, tmp_path) == []
    await wire.cut()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])
