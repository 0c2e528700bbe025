"""The sandbox itself: it starts, it works, it can be broken and mended, and it leaves no process behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.domain.audit import AuditType
from app.signature import sign_hex
from app.sim import cast
from app.sim import sandbox as module
from app.sim.environment import Addresses, processor_env
from app.sim.oncall import OnCallSim
from app.sim.sandbox import Sandbox, SandboxError
from app.sim.timeline import Trails
from tests.e2e.conftest import PATIENCE_S, eventually

ON_LINUX = sys.platform == "linux"


async def test_a_fired_alert_becomes_a_room_with_the_right_people(sandbox: Sandbox) -> None:
    fired = await sandbox.fire(title="Checkout error rate above 5 %")
    assert fired["delivery"]["status"] == 202

    async def assembled() -> bool:
        return AuditType.WAR_ROOM_ASSEMBLED in [event.type for event in await asyncio.to_thread(trails.new)]

    trails = Trails(sandbox.at.aws)
    await eventually(assembled)

    rooms = [room for room in (await sandbox.people("slack/people/state"))["channels"] if room["private"]]
    assert [room["name"].startswith("incident-response-p1-") for room in rooms] == [True]
    expected = {person.slack_id for person in cast.PEOPLE if person.active and person.role != "Bystander"}
    assert set(rooms[0]["members"]) - {cast.BOT_USER_ID} == expected


async def test_a_queue_out_of_reach_is_a_503_and_the_same_request_is_taken_when_it_is_back(sandbox: Sandbox) -> None:
    """L1: a failed enqueue leaves no trace that would make the next try a duplicate."""
    oncall = OnCallSim()
    body = json.dumps(oncall.payload(oncall.fire("Checkout is slow"), "alert group created")).encode()
    headers = {"Content-Type": "application/json", "X-Grafana-OnCall-Signature": sign_hex(cast.HMAC_SECRET, body)}

    async def post() -> int:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
            return (await http.post(f"{sandbox.at.webhook}/webhook", content=body, headers=headers)).status_code

    await sandbox.cut_queue()
    assert await post() == 503
    await sandbox.mend_queue()
    assert await post() == 202


async def test_a_killed_pod_comes_back_as_a_new_process(sandbox: Sandbox) -> None:
    before = sandbox.pid("processor")
    sandbox.kill("processor")
    await sandbox.restart("processor")
    assert sandbox.pid("processor") != before


async def test_a_pod_that_does_not_start_says_why_and_takes_the_rest_along(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def without_token(at: Addresses, clock: str) -> dict[str, str]:
        return {name: value for name, value in processor_env(at, clock).items() if name != "SLACK_BOT_TOKEN"}

    monkeypatch.setattr(module, "processor_env", without_token)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # its logs are kept
    starting = Sandbox()
    with pytest.raises(SandboxError, match=r"processor ended with code 2[\s\S]*SLACK_BOT_TOKEN is missing"):
        await starting.__aenter__()
    assert not any(_alive(starting.pid(name)) for name in ("aws", "world", "webhook", "processor"))


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, *([signal.SIGKILL] if ON_LINUX else [])])
async def test_the_end_of_the_command_leaves_no_process_behind(ending: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C, a kill, and (where the kernel helps) a kill -9."""
    command = await _command(tmp_path, "--no-fire")
    await command.shows("Ctrl-C ends it")
    family = _children(command.process.pid)
    assert len(family) == 4, "moto, the world and two pods"

    command.process.send_signal(ending)
    code = await asyncio.wait_for(command.process.wait(), PATIENCE_S)

    async def all_gone() -> bool:
        return not any(_alive(pid) for pid in family)

    await eventually(all_gone, within_s=5)
    assert code == (-signal.SIGKILL if ending is signal.SIGKILL else 0), command.text()


async def test_the_terminal_tells_the_way_from_the_alert_to_the_room(tmp_path: Path) -> None:
    command = await _command(tmp_path)
    try:
        await command.shows("room assembled")
    finally:
        command.process.send_signal(signal.SIGINT)
        await asyncio.wait_for(command.process.wait(), PATIENCE_S)
    story = ["alert accepted", "room created: #incident-response-p1-", "invited: Primary On-Call", "room assembled"]
    places = [command.text().index(line) for line in story]
    assert places == sorted(places)


@dataclass
class _Command:
    """``incident-response sandbox`` in a terminal of its own."""

    process: asyncio.subprocess.Process
    screen: Path

    def text(self) -> str:
        return self.screen.read_text()

    async def shows(self, words: str) -> None:
        async def shown() -> bool:
            assert self.process.returncode is None, self.text()
            return words in self.text()

        await eventually(shown, within_s=90)


async def _command(tmp_path: Path, *options: str) -> _Command:
    screen = tmp_path / "screen"
    with screen.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "app.cli", "sandbox", *options,
            stdout=out, stderr=out, start_new_session=True, env={**os.environ, "TMPDIR": str(tmp_path)},
        )  # fmt: skip
    return _Command(process, screen)


async def test_the_console_is_served_and_runs_no_script_but_its_own(sandbox: Sandbox) -> None:
    async with httpx.AsyncClient(base_url=sandbox.at.world, trust_env=False) as http:
        page = await http.get("/")
        people: list[dict[str, Any]] = (await http.get("/cast")).json()["people"]
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "'unsafe-inline'" not in policy
    for tag in ("script", "style"):
        inside = page.text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
        assert f"{tag}-src 'sha256-{b64encode(sha256(inside.encode()).digest()).decode()}'" in policy
    assert "Primary On-Call" in [person["role"] for person in people]


def _stat(pid: int | str | None) -> list[str]:
    """State, parent, ... of a process; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _children(parent: int) -> list[int]:
    stats = {int(path.name): _stat(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()}
    return [pid for pid, stat in stats.items() if stat and int(stat[1]) == parent]


def _alive(pid: int | None) -> bool:
    """A zombie is not: it waits for its parent, and holds nothing."""
    stat = _stat(pid)
    return bool(stat) and stat[0] != "Z"
