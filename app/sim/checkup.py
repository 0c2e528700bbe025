"""``incident-response doctor --sandbox``: the doctor as a process of its own, told what the sandbox's pods are."""

from __future__ import annotations

import asyncio
import os
import sys

from rich.console import Console

from app.sim import aws, cast
from app.sim.environment import processor_env
from app.sim.sandbox import Sandbox


async def doctor_in_sandbox(*, as_json: bool) -> bool:
    """Its report goes to standard output; whether nothing failed."""
    progress = Console(stderr=True, highlight=False)
    async with Sandbox(pods=False, say=lambda line: progress.print(f"  [dim]{line}[/]")) as sandbox:
        told = {
            **processor_env(sandbox.at, sandbox.clock),
            "AWS_ACCESS_KEY_ID": aws.ACCESS_KEY,  # looks at what the pods' roles leave untold
            "GRAFANA_ONCALL_HMAC_SECRET_ID": cast.HMAC_SECRET_ID,
        }
        command = [sys.executable, "-P", "-m", "app.cli", "doctor", *(["--json"] if as_json else [])]
        env = {"PATH": os.defpath, "LANG": "C.UTF-8", "COLUMNS": str(Console().width), **told}
        doctor = await asyncio.create_subprocess_exec(*command, env=env)
        try:
            return await doctor.wait() == 0
        finally:
            if doctor.returncode is None:  # interrupted
                doctor.kill()
                await doctor.wait()
