"""The doctor as a person runs it, in a sandbox of its own: what a deployment of ours provides is what it asks for."""

from __future__ import annotations

import json
import subprocess
import sys


def test_the_sandbox_is_found_healthy_and_is_gone_afterwards() -> None:
    """S5: what the doctor asks for is what the sandbox, and so a deployment, gives. The exit code is the verdict."""
    command = [sys.executable, "-m", "app.cli", "doctor", "--sandbox", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    report = json.loads(done.stdout)
    assert (done.returncode, report["ok"]) == (0, True), done.stdout + done.stderr
    assert {one["verdict"] for one in report["checks"]} == {"ok"}, done.stdout
    assert "world: ready" in done.stderr


def test_without_settings_it_says_what_is_missing_and_fails() -> None:
    """P-loud: all of it at once."""
    command = [sys.executable, "-m", "app.cli", "doctor", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env={})
    report = json.loads(done.stdout)
    assert (done.returncode, report["ok"]) == (1, False)
    [settings] = [one for one in report["checks"] if one["verdict"] == "failed"]
    assert settings["check"] == "settings"
    assert {"SLACK_BOT_TOKEN", "LINEAR_TEAM_ID", "AUDIT_TABLE_NAME"} <= set(settings["found"].split())
