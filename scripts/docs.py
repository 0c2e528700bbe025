"""Writes the parts of the documentation that the code knows better: ``make docs``.

In a page, what stands between ``<!-- generated: <name> -->`` and ``<!-- end -->`` is this script's; everything else is
a person's. ``tests/architecture/test_docs.py`` fails while a page says something else than the code.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable
from html import unescape
from pathlib import Path

from pydantic_settings import BaseSettings

import app.commands
import app.settings
import app.terminal_settings
from app.doctor import examine
from app.domain import incident
from app.domain.audit import AuditType
from app.domain.draft import DraftState
from app.gate import states
from scripts import chart_values, error_messages
from scripts.metrics import metrics
from scripts.page import row, table
from scripts.spoken import constants

ROOT = Path(__file__).resolve().parent.parent
PART = re.compile(r"(<!-- generated: (?P<name>[a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_PAGES = ("docs", "artifacts", "chart")  # folders with pages that are written here, in part


def settings() -> str:
    """Every environment variable, the required ones first."""
    readers = _readers()
    names = dict.fromkeys(name for model in readers.values() for name in model.model_fields)
    rows: list[tuple[bool, str]] = []
    for name in names:
        used_by = [reader for reader, model in readers.items() if name in model.model_fields]
        field = readers[used_by[0]].model_fields[name]
        default = "**required**" if field.is_required() else "unset" if field.default is None else f"`{field.default}`"
        cells = (f"`{name.upper()}`", ", ".join(used_by), default, field.description or "")
        rows.append((not field.is_required(), row(cells)))
    lines = [row for _, row in sorted(rows, key=lambda row: row[0])]
    return table(("variable", "read by", "default", "what, and where from"), lines)


def _readers() -> dict[str, type[BaseSettings]]:
    """``webhook`` for ``WebhookSettings``, and so on: whatever model the settings have."""
    own = [
        thing
        for module in (app.settings, app.terminal_settings)
        for thing in vars(module).values()
        if getattr(thing, "__module__", "") == module.__name__
    ]
    models = [thing for thing in own if isinstance(thing, type) and issubclass(thing, BaseSettings)]
    return {model.__name__.removesuffix("Settings").lower(): model for model in models if model.__name__[0] != "_"}


def incident_states() -> str:
    moves = [(start.value, "", end.value) for start, ends in incident.TRANSITIONS.items() for end in sorted(ends)]
    return _diagram([status.value for status in incident.Status], moves)


def draft_states() -> str:
    moves = [(start.value, move.value, end.value) for (start, move), end in states.TRANSITIONS.items()]
    return _diagram([state.value for state in DraftState], moves)


def commands() -> str:
    rows = [row((f"`/incident-response {name}`", what)) for name, what in slash_commands().items()]
    return table(("command", "what it does"), rows)


def slash_commands() -> dict[str, str]:
    """As typed, with its HELP. Read, not imported: a page about commands needs none of their dependencies."""
    folder = Path(app.commands.__file__).parent
    found: dict[str, str] = {}
    for path in sorted(folder.glob("[a-z]*.py")):
        said = constants(ast.parse(path.read_text()), "HELP")
        if not said:
            raise SystemExit(f'{path.relative_to(ROOT)} has no line HELP = "..."; add one')
        found[path.stem.replace("_", " ")] = str(ast.literal_eval(said[0]))
    return found


def audit_events() -> str:
    rows = [row((f"`{kind}`", ", ".join(f"`{path}`" for path in paths))) for kind, paths in recorded_by().items()]
    return table(("type", "recorded by"), rows)


def recorded_by() -> dict[str, list[str]]:
    """For each audit type the modules that name it, among those that may change an incident."""
    folders = [ROOT / "app" / name for name in ("commands", "actions", "events", "flows", "gate")]
    texts = {path.relative_to(ROOT): path.read_text() for folder in folders for path in sorted(folder.glob("*.py"))}
    return {
        kind.value: [str(path) for path, text in texts.items() if re.search(rf"\bAuditType\.{kind.name}\b", text)]
        for kind in AuditType
    }


def doctor() -> str:
    rows = [row((check.name, check.proves, check.remedy)) for check in examine.CHECKS]
    return table(("check", "proves that", "if it failed"), rows)


def measured() -> str:
    """What other pages measured: the numbers are theirs."""
    awaits = re.search(r"^\| all \| (\d+) \| (.+?) \|", (ROOT / "docs/crash-matrix.md").read_text(), re.MULTILINE)
    killed = re.search(r"^(\d+ of \d+) were killed", (ROOT / "docs/mutants.md").read_text(), re.MULTILINE)
    rows = (
        [
            (
                "places where the processor was killed, and every promise held",
                f"{awaits[2]} of {awaits[1]}",
                "crash-matrix",
            ),
            ("defects put into the code on purpose, and seen by a test", killed[1], "mutants"),
            ("kinds of fault that a test keeps out", f"{faults().count(' | `tests/')}", "faults"),
        ]
        if awaits and killed
        else []
    )
    return table(
        ("what", "measured", "by"), [row((what, number, f"[{page}](../docs/{page}.md)")) for what, number, page in rows]
    )


def faults() -> str:
    """Each fault of the page with the tests whose docstrings name it."""
    ids = re.findall(r"^\| ([A-Z]\d+) \|", (ROOT / "docs/faults.md").read_text(), re.MULTILINE)
    tests: dict[str, list[str]] = {fault: [] for fault in dict.fromkeys(ids)}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for fault in set(re.findall(r"\b[A-Z]\d+\b", ast.get_docstring(node) or "")) & tests.keys():
                    tests[fault].append(
                        f"`{path.relative_to(ROOT)}` {node.name.removeprefix('test_').replace('_', ' ')}"
                    )
    rows = [row((fault, "<br>".join(found) or "**gap**")) for fault, found in tests.items()]
    return table(("id", "kept out by"), rows)


PARTS: dict[str, Callable[[], str]] = {
    "settings": settings,
    "incident states": incident_states,
    "draft states": draft_states,
    "slash commands": commands,
    "audit events": audit_events,
    "faults": faults,
    "measured": measured,
    "doctor": doctor,
    "metrics": lambda: table(("metric", "kind", "what it counts", "watched by"), [row(one) for one in metrics()]),
    "refusals": lambda: _messages(error_messages.refusals()),
    "bad news": lambda: _messages(error_messages.in_rooms()),
    "parked": lambda: _messages(error_messages.messages("Park")),
    "not now": lambda: _messages(error_messages.messages("Retry", "Busy")),
    "webhook answers": lambda: _messages(error_messages.answers_of_the_webhook(), "status", "error", "remedy"),
    "vendor errors": lambda: _messages(error_messages.of_vendors(), "vendor", "what it came to", "remedy"),
    "settings errors": lambda: _messages(error_messages.of_settings()),
    "doctor findings": lambda: _messages(error_messages.messages("Failed", "CouldNotTell")),
    "terminal errors": lambda: _messages(error_messages.of_the_terminal()),
    "door errors": lambda: _messages(error_messages.of_the_door()),
    "chart values": chart_values.table_of_values,
}


def pages() -> list[Path]:
    found = [page for folder in _PAGES for page in sorted((ROOT / folder).rglob("*.md"))]
    return [page for page in found if PART.search(page.read_text())]


def renewed(text: str) -> str:
    """A page as it should be."""
    return PART.sub(lambda part: f"{part[1]}{PARTS[part['name']]()}\n{part[3]}", text)


def main() -> None:
    for page in pages():
        before = page.read_text()
        if (after := renewed(before)) != before:
            page.write_text(after)
            sys.stdout.write(f"{page.relative_to(ROOT)}: written\n")


def _messages(rows: list[tuple[str, ...]], *head: str) -> str:
    """As they are said: what Slack or a browser would take for markup is none here."""
    plain = [tuple(unescape(cell).replace("<", "&lt;").replace("\n", " ⏎ ") for cell in cells) for cells in rows]
    return table((*(head or ("message",)), "said in"), [row(cells) for cells in plain])


def _diagram(nodes: list[str], moves: list[tuple[str, str, str]]) -> str:
    """A state that nothing leads to is a beginning; one that leads nowhere is an end."""
    starts, ends = {start for start, _, _ in moves}, {end for _, _, end in moves}
    lines = [f"    [*] --> {node}" for node in nodes if node not in ends]
    lines += [f"    {start} --> {end}{f' : {label}' if label else ''}" for start, label, end in moves]
    lines += [f"    {node} --> [*]" for node in nodes if node not in starts]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


if __name__ == "__main__":
    main()
