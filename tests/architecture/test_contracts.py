"""The import contracts hold, and each of them can fail: a copy of the tree with one bad line turns it red."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.settings import WebhookSettings
from tests.architecture.tree import APP, ROOT, handlers, modules, parsed

DOOR = "Only the Approve action reaches the door (P-gate)"
WRITE = "Only the door writes to Statuspage (P-gate)"
WORD = "Only dispatch turns Slack's word into a Human's (G10)"
WEBHOOK = "The webhook pod knows no table and no vendor (X3)"
PURE = "Pure modules do no I/O and read no clock"
NO_VENDOR = "Handlers and flows name no vendor"
ONE_WAY_OUT = "HTTP goes out through outbound, and through it alone"
STRANGERS = "Vendors do not know each other"
DOCTOR = "The doctor is asked from the command line alone"
NO_SIM = "The simulated world is no part of production"

# contract, file, the line that must turn it red
BAD_LINES = [
    (DOOR, "app/commands/status.py", "from app.gate import door"),
    (DOOR, "app/flows/resolution.py", "import app.gate.door"),
    (DOOR, "app/actions/edit_statuspage.py", "def later() -> None:\n    from app.gate.door import Door"),
    (WRITE, "app/gate/drafts.py", "from app.gate._statuspage_write import StatuspageWrite"),
    (WRITE, "app/actions/approve_statuspage.py", "from app.gate import _statuspage_write"),
    (WORD, "app/commands/resolve.py", "from app.signature import verify_slack"),
    (WORD, "app/actions/approve_statuspage.py", "from app.signature import Verified"),
    (WEBHOOK, "app/webhook/routes.py", "import app.effects.linear"),
    (WEBHOOK, "app/intake/slack.py", "from app import ledger"),
    (PURE, "app/domain/incident.py", "from app import clock"),
    (PURE, "app/messages/room.py", "import httpx"),
    (NO_VENDOR, "app/flows/resolution.py", "from app.effects import linear"),
    (NO_VENDOR, "app/commands/status.py", "import slack_sdk"),
    (NO_VENDOR, "app/room_events/message.py", "from app.effects import bedrock_classifier"),
    (ONE_WAY_OUT, "app/effects/workos.py", "import httpx"),
    (ONE_WAY_OUT, "app/gate/_statuspage_write.py", "import urllib3"),
    (ONE_WAY_OUT, "app/doctor/slack.py", "import httpx"),
    (STRANGERS, "app/effects/workos.py", "from app.effects import linear"),
    (DOCTOR, "app/processor/main.py", "from app.doctor import examine"),
    (NO_SIM, "app/processor/dispatch.py", "from app.sim import cast"),
    (NO_SIM, "app/settings.py", "from app.sim import cast"),
]

OUR_WAY_TO_IMPORT = Path("app/processor/registry.py")
_WAYS_ROUND = {"importlib", "runpy", "pkgutil", "imp", "__import__", "exec", "eval", "modules"}  # modules: sys.modules


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """``lint-imports`` on a tree; with -c, ``app`` is the one of that tree."""
    run = "from importlinter.cli import lint_imports_command as run; run(['--no-cache'], standalone_mode=True)"
    return subprocess.run(  # the command is ours
        [sys.executable, "-c", run],
        cwd=tree,
        env={"COLUMNS": "500", "PATH": "", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copytree(APP, tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__", "*.html"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def spoil(tree: Path, path: str | Path, line: str) -> None:
    with (tree / path).open("a") as file:
        file.write(f"\n{line}\n")


def test_the_contracts_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("contract", "path", "line"), BAD_LINES)
def test_one_bad_line_breaks_its_contract(tree: Path, contract: str, path: str, line: str) -> None:
    """G6, X3, G10: the guard is no grep; it sees every spelling of an import."""
    spoil(tree, path, line)
    done = lint(tree)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{contract} BROKEN" in done.stdout


def test_the_door_is_shut_to_every_other_handler(tree: Path) -> None:
    """G6: all of them at once, so that a new file is covered on the day it is written."""
    others = [path for path in handlers() if path != Path("app/actions/approve_statuspage.py")]
    for path in others:
        spoil(tree, path, "from app.gate import door")
    done = lint(tree)
    assert done.returncode == 1
    let_in = [path for path in others if ".".join(path.with_suffix("").parts) not in done.stdout]
    assert not let_in


def test_every_contract_has_a_line_that_breaks_it() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = {contract["name"] for contract in tomllib.load(file)["tool"]["importlinter"]["contracts"]}
    assert contracts == {contract for contract, _, _ in BAD_LINES}


def test_the_webhook_pod_is_told_two_secrets_and_one_queue() -> None:
    """X3: what it does not have cannot be taken from it."""
    fields = WebhookSettings.model_fields
    secrets = {name for name, field in fields.items() if field.annotation is SecretStr or name.endswith("_secret_id")}
    assert secrets == {"slack_signing_secret", "grafana_oncall_hmac_secret_id"}
    assert {name for name in fields if name.endswith(("_queue_url", "_table_name", "_token", "_key"))} == {
        "incident_events_queue_url"
    }


# ---------------------------------------------------------------- ways round an import


def ways_round(module: ast.Module) -> list[str]:
    """Names through which a module could be reached without an import statement."""
    names = [
        (node.lineno, node.id if isinstance(node, ast.Name) else node.attr)
        for node in ast.walk(module)
        if isinstance(node, ast.Name | ast.Attribute)
    ]
    imported = [
        (node.lineno, alias.name.partition(".")[0])
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in (node.names if isinstance(node, ast.Import) else [ast.alias(node.module or ""), *node.names])
    ]
    return [f"{line}: {name}" for line, name in [*names, *imported] if name in _WAYS_ROUND]


def test_no_module_goes_round_the_contracts() -> None:
    """G6: a contract sees import statements only, so nothing else may import; the registry's modules are a list."""
    found = {str(path): ways_round(parsed(path)) for path in modules() if path != OUR_WAY_TO_IMPORT}
    assert not {path: ways for path, ways in found.items() if ways}


@pytest.mark.parametrize(
    "line",
    [
        '__import__("app.gate.door")',
        'import importlib; importlib.import_module("app.gate.door")',
        'from importlib import import_module; import_module("app.gate.door")',
        'import sys; sys.modules["app.gate.door"]',
        'exec("from app.gate import door")',
        'import runpy; runpy.run_module("app.gate.door")',
    ],
)
def test_each_way_round_is_seen(line: str) -> None:
    assert ways_round(ast.parse(line))


# ---------------------------------------------------------------- seams that ruff keeps

SEAMS = {
    "importlib": "import importlib\n",
    "os.environ": "import os\nhome = os.environ['HOME']\n",
    "os.getenv": "import os\nhome = os.getenv('HOME')\n",
    "time.time": "import time\nt = time.time()\n",
    "time.monotonic": "import time\nt = time.monotonic()\n",
    "datetime.datetime.now": "from datetime import UTC, datetime\nt = datetime.now(UTC)\n",
    "uuid.uuid4": "import uuid\nu = uuid.uuid4()\n",
    "random": "import random\n",
    "secrets": "import secrets\n",
}


def test_ruff_keeps_the_seams_and_only_their_owners_are_free() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        rules = tomllib.load(file)["tool"]["ruff"]["lint"]
    assert set(rules["flake8-tidy-imports"]["banned-api"]) == set(SEAMS)
    free = {path for path, codes in rules["per-file-ignores"].items() if "TID251" in codes}
    simulated_chance = "app/sim/simulation/chance.py"
    assert free == {"tests/**", "app/clock.py", "app/settings.py", str(OUR_WAY_TO_IMPORT), simulated_chance}


def test_nobody_excuses_a_line_from_the_seams() -> None:
    excused = [str(path) for path in modules() if "noqa: TID251" in (ROOT / path).read_text()]
    assert not excused


@pytest.mark.parametrize("code", SEAMS.values(), ids=SEAMS.keys())
def test_a_banned_name_is_seen(code: str) -> None:
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID251"]
    done = subprocess.run(
        [*ruff, "--stdin-filename", "app/commands/status.py", "-"],
        cwd=ROOT,
        input=code,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TID251" in done.stdout, done.stdout + done.stderr
