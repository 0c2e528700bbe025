"""The sandbox: an AWS, a world of vendors, and the real two pods, as processes of this machine.

``async with Sandbox() as sandbox:`` gives it ready to use and leaves no process behind, whatever happens inside.
The pods are those of production, told other addresses (``environment.py``).
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import httpx

from app import clock
from app.errors import IncidentResponseError
from app.sim import aws
from app.sim.child import Child
from app.sim.environment import Addresses, processor_env, webhook_env

Pod = Literal["webhook", "processor"]

_START_S = 60.0  # the slowest machine we care for
_POLL_S = 0.1
_STOP_S = 8.0  # longer than the pods' drain in the sandbox


class SandboxError(IncidentResponseError):
    """A part did not start; says which, the end of its log, and what to do."""


class Sandbox:
    """``say`` is told of each step of the start; ``speed``: how much faster the people's time runs.

    ``processor``, ``webhook``: further variables of that pod's environment. ``pods``: False leaves them out, and only
    what is around them stands.
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        processor: Mapping[str, str] | None = None,
        webhook: Mapping[str, str] | None = None,
        pods: bool = True,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._say = say
        self._processor = dict(processor or {})
        self._webhook = dict(webhook or {})
        self._pods = pods
        self.logs = Path(tempfile.mkdtemp(prefix="incident-response-"))
        self.at = Addresses(*_free_ports(5))
        self.clock = f"{clock.wall():.3f},{speed:g}"
        self._http = httpx.AsyncClient(timeout=5, trust_env=False)
        self._children: dict[str, Child] = {}
        self._ready_at = {
            "aws": f"{self.at.aws}/moto-api/",
            "world": f"{self.at.world}/ready",
            "webhook": f"{self.at.webhook}/ready",
            "processor": f"{self.at.processor}/ready",
        }

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stop()
        if error is None or isinstance(error, asyncio.CancelledError):
            shutil.rmtree(self.logs, ignore_errors=True)  # after a failure they are what one wants to read

    # ------------------------------------------------------------ what one does to it

    async def fire(self, **alert: Any) -> dict[str, Any]:
        """An alert goes off in the simulated OnCall, which calls our webhook; gives OnCall's view of it."""
        answer = await self._http.post(f"{self.at.world}/oncall/people/fire", json=alert)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    async def people(self, path: str, **body: Any) -> Any:
        """What a person does (``slack/people/command``) or, without a body, sees (``slack/people/state``)."""
        url = f"{self.at.world}/{path}"
        answer = await (self._http.post(url, json=body) if body else self._http.get(url))
        answer.raise_for_status()
        return answer.json()

    async def break_vendor(self, service: str, kind: str, **options: Any) -> None:
        answer = await self._http.post(f"{self.at.world}/faults/{service}", json={"kind": kind, **options})
        answer.raise_for_status()

    async def mend_vendor(self, service: str) -> None:
        (await self._http.delete(f"{self.at.world}/faults/{service}")).raise_for_status()

    async def cut_queue(self) -> None:
        """The webhook pod no longer reaches its queue."""
        (await self._http.post(f"{self.at.world}/queue/cut")).raise_for_status()

    async def mend_queue(self) -> None:
        (await self._http.post(f"{self.at.world}/queue/mend")).raise_for_status()

    def kill(self, pod: Pod, number: signal.Signals = signal.SIGKILL) -> None:
        self._children[pod].signal(number)

    async def stop(self, pod: Pod) -> None:
        """As a rolling deploy does it: SIGTERM, and time to drain."""
        await self._children[pod].stop(_STOP_S)

    async def restart(self, pod: Pod) -> None:
        """Back again, ready, after a kill or a stop."""
        child = self._children[pod]
        await child.stop(_STOP_S)
        child.start()
        await self._ready(child)

    def pid(self, name: str) -> int | None:
        return self._children[name].pid

    def pids(self) -> dict[str, int]:
        return {name: child.pid for name, child in self._children.items() if child.pid is not None}

    def log(self, name: str) -> str:
        return self._children[name].log.read_text(errors="replace")

    # ------------------------------------------------------------ start and stop

    async def _start(self) -> None:
        await self._ready(self._child("aws", ["app.sim.moto_server", "-p", str(self.at.moto_port)], {}))
        await asyncio.to_thread(aws.provision, self.at.aws)
        at = self.at
        await self._ready(self._child("world", ["app.sim.server", *map(str, vars(at).values()), self.clock], {}))
        if not self._pods:
            return
        pods = [
            self._child("webhook", ["app.cli", "webhook"], {**webhook_env(at, self.clock), **self._webhook}),
            self._child("processor", ["app.cli", "processor"], {**processor_env(at, self.clock), **self._processor}),
        ]
        for pod in pods:
            await self._ready(pod)

    def _child(self, name: str, module: list[str], env: dict[str, str]) -> Child:
        child = Child(name, module, env, self.logs / f"{name}.log")
        self._children[name] = child
        child.start()
        return child

    async def _ready(self, child: Child) -> None:
        self._say(f"{child.name}: starting")
        url, answer = self._ready_at[child.name], "no answer yet"
        until = clock.monotonic() + _START_S
        while clock.monotonic() < until:
            if not child.running:
                raise _failed(child, f"ended with code {child.exit_code} at its start")
            try:
                response = await self._http.get(url)
            except httpx.HTTPError as error:
                answer = type(error).__name__
            else:
                if response.status_code == 200:
                    self._say(f"{child.name}: ready")
                    return
                answer = f"{response.status_code} {response.text[:300]}"
            await asyncio.sleep(_POLL_S)
        raise _failed(child, f"was not ready after {_START_S:g} s; {url} answers: {answer}")

    async def _stop(self) -> None:
        """The pods first, while what they talk to is still there. Nothing survives, even if this is interrupted."""
        try:
            await asyncio.gather(*(self.stop(pod) for pod in ("processor", "webhook") if pod in self._children))
            await self._http.aclose()
        finally:
            for child in reversed(self._children.values()):
                child.kill()


def _failed(child: Child, what: str) -> SandboxError:
    return SandboxError(
        f"The sandbox's {child.name} {what}.\nThe end of {child.log}:\n\n{child.tail()}\n\n"
        "If that names a missing module, run `make install`; if it names a setting or an address in use, run again: "
        "ports are chosen anew each time."
    )


def _free_ports(count: int) -> list[int]:
    """Held all at once before they are let go, so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
