"""A process of the sandbox: started with an environment of its own, logged into a file, and never left behind.

It leads its own process group, so that Ctrl-C in the terminal reaches the sandbox alone, which then stops its children
in order. Should the sandbox itself be killed, Linux kills the child in the same moment (PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_TAIL_LINES = 30


class Child:
    """``module``: what ``python -m`` runs, with its arguments."""

    def __init__(self, name: str, module: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        # -P: a folder named "app" in the directory that the sandbox was started from is not ours
        self._command = [sys.executable, "-P", "-m", *module]
        self._env = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", **env}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """None: it runs, or was never started."""
        return self._process.poll() if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """To be called from the main thread: the kernel ties the child's life to the thread that started it."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own modules, no shell
                self._command,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent(os.getpid()),
            )

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None and self.running:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    async def stop(self, grace_s: float) -> None:
        """SIGTERM, and SIGKILL for what is still there after the grace."""
        self.signal(signal.SIGTERM)
        if not await self.ended(grace_s):
            self.kill()

    async def ended(self, within_s: float) -> bool:
        if self._process is None:
            return True
        try:
            await asyncio.to_thread(self._process.wait, within_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """At once, and waits for the end of it: a killed process is gone within moments."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def tail(self) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])


def _die_with_parent(parent: int) -> Callable[[], None]:
    """What the child does before it becomes another program."""

    def tie() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the tie was made
            os._exit(1)

    return tie
