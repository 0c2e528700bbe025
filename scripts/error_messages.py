"""Every error message of the product, read from its source: the tables of docs/troubleshooting.md.

A message is what stands between the quotes; ``…`` stands for what is filled in when it is said. Nothing is imported:
the source is read as a tree. A new kind of error that is in neither ``TOLD`` nor ``NOT_TOLD`` fails a test.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scripts.spoken import ROOT, constants, sources, texts

VENDOR_ERRORS = ("VendorRefused", "VendorUnavailable", "VendorThrottled", "Unknown")
READS_SETTINGS = ("settings", "setting_forms", "policy_file", "yaml_file", "domain/catalogue")
SIGNS = (
    ":warning:",
    ":x:",
    ":hourglass",
    ":rotating_light:",
    ":shrug:",
)  # a message that begins with one of these is bad news
# Functions that give reasons, of which one message is made.
REASONS = {
    "app/gate/drafts.py": "problems",
    "app/gate/rules.py": "left_behind",
    "app/domain/promise.py": "unread",
}

TOLD = {
    "Refused": "the person who asked",
    "Park": "kept in the dead-letter queue, and told",
    "Retry": "in the log, until it works",
    "Busy": "in the log, until it is our turn",
    **dict.fromkeys(VENDOR_ERRORS, "in the log, and where the room is told what is missing"),
    "Problem": "the sender of the request",
    "BadPayload": "the sender of the alert",
    "Failure": "the sender of the request",
    "SettingsError": "whoever starts the pod",
    "Failed": "whoever asked the doctor",
    "CouldNotTell": "whoever asked the doctor",
    "DrillError": "whoever drills",
    "AutoPublishNotPermittedError": "a defect: the door stays shut",
}
NOT_TOLD = {
    "Conflict": "decided again on the fresh state",
    "Unheeded": "an event that is none of ours",
    "ValueError": "part of another message, or a defect",
    "TypeError": "a defect, or part of another message",
    "RuntimeError": "a defect",
    "NameError": "a defect: the pod does not start",
    "AssertionError": "a defect",
    "KeyError": "part of another message",
    "BadHandlers": "a defect: the pod does not start",
    "Unbound": "becomes a Refused",
    "RoomNameTaken": "the next name is tried",
    "_Unreadable": "the context says `query failed` and why",
    "_Unusable": "the deterministic text stands",
    "MarkedYAMLError": "part of a SettingsError",
}


@dataclass(frozen=True)
class Said:
    """One message: where from, and its parts as the code gives them."""

    path: Path
    kind: str
    parts: tuple[tuple[str, ...], ...]  # of each argument, the texts it may be
    remedies: tuple[str, ...]

    @property
    def where(self) -> str:
        return f"`{self.path.relative_to(ROOT)}`"


@cache
def said() -> list[Said]:
    return [
        Said(
            path,
            call.func.id,
            tuple(tuple(texts(part, path)) for part in [*call.args, *_named(call, "error")]),
            tuple(text for value in _named(call, "remedy") for text in texts(value, path)),
        )
        for path, call in _calls()
        if isinstance(call.func, ast.Name) and call.func.id in TOLD
    ]


def unheard_of() -> set[str]:
    """Errors that are raised with words, and of which nobody said who is told them."""
    raised = {
        node.exc.func.id
        for tree in sources().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name)
    }
    return {name for name in raised if name.lstrip("_")[:1].isupper()} - TOLD.keys() - NOT_TOLD.keys()


def messages(*kinds: str) -> list[tuple[str, ...]]:
    """Message and place."""
    rows = [(text, one.where) for one in said() if one.kind in kinds for text in (one.parts or ((),))[0]]
    return _unique(rows)


def refusals() -> list[tuple[str, ...]]:
    return _unique([*messages("Refused"), *_reasons()])


def of_the_door() -> list[tuple[str, ...]]:
    """What no path leads to: a person reads it only if somebody has changed the software, or the tables."""
    calls = [(path, call) for path, call in _calls() if isinstance(call.func, ast.Name) and call.func.id == "_no"]
    reasons = [(f"draft … was not published: {texts(call.args[1], path)[0]}", path) for path, call in calls]
    rows = [(text, f"`{path.relative_to(ROOT)}`") for text, path in reasons]
    return _unique([*messages("AutoPublishNotPermittedError"), *rows])


def answers_of_the_webhook() -> list[tuple[str, ...]]:
    """Status or field, message, remedy, place."""
    rows: list[tuple[str, ...]] = []
    for one in said():
        what = [" or ".join(part) for part in one.parts]
        if one.kind == "Problem" and len(what) > 2:
            rows.append((what[0], what[1], what[2], one.where))
        elif one.kind == "Problem":  # (status, *told[status]): the table of what is told
            rows += [(status, *told, one.where) for status, told in _pairs(one.path)]
        elif one.kind == "BadPayload":
            rows.append(("422", f"{what[0]} {what[1]}", what[2], one.where))
        elif one.kind == "Failure" and one.remedies and what:
            rows.append(("500" if "ours" in what[0] else "404", what[0], one.remedies[0], one.where))
    return _unique(row for row in rows if row[1] != "…")


def of_vendors() -> list[tuple[str, ...]]:
    """Vendor, message, remedy, place; then what each vendor's codes are answered with."""
    rows: list[tuple[str, ...]] = []
    for one in said():
        if one.kind in VENDOR_ERRORS and len(one.parts) > 2:
            vendor, _, what = (" or ".join(part) for part in one.parts[:3])
            if what != "…" or one.remedies not in {(), ("…",)}:
                rows.append((_or_any(vendor), what, " or ".join(one.remedies), one.where))
    for path, call in _calls():
        if isinstance(call.func, ast.Name) and call.func.id == "AwsCalls":
            vendor, remedy = (texts(part, path)[0] for part in call.args[:2])
            rows.append((vendor, "refused: …", remedy, f"`{path.relative_to(ROOT)}`"))
    for path, tree in sources().items():
        for value in constants(tree, "_REMEDIES"):
            if isinstance(value, ast.Dict):
                codes = zip(value.keys, value.values, strict=True)
                rows += [
                    (_vendor_of(path), texts(code, path)[0], texts(remedy, path)[0], f"`{path.relative_to(ROOT)}`")
                    for code, remedy in codes
                    if code
                ]
    return _unique(rows)


def of_settings() -> list[tuple[str, ...]]:
    """What a pod says instead of starting: each setting with its fault, each key of a file with its own."""
    files = [ROOT / f"app/{name}.py" for name in READS_SETTINGS]
    rows = list(messages("SettingsError"))
    for path, call in _calls():
        if path in files and isinstance(call.func, ast.Name) and call.func.id == "ValueError":
            rows += [(text, f"`{path.relative_to(ROOT)}`") for text in texts(call.args[0], path)]
    return _unique(rows)


def of_the_terminal() -> list[tuple[str, ...]]:
    rows = list(messages("DrillError"))
    for path, call in _calls():
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        if name == "_fail" or (name == "print" and path.name == "audit_cli.py"):
            found = [text for part in call.args[:1] for text in texts(part, path)]
            rows += [
                (_plain(text), f"`{path.relative_to(ROOT)}`") for text in found if name == "_fail" or "red]" in text
            ]
    return _unique(rows)


def in_rooms() -> list[tuple[str, ...]]:
    """What the product says of its own accord when something is not as it should be."""
    rows: list[tuple[str, ...]] = []
    for path, tree in sources().items():
        inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in inner:
                rows += [(text, f"`{path.relative_to(ROOT)}`") for text in texts(node, path) if text.startswith(SIGNS)]
    return _unique(row for row in rows if re.search(r": .*\w", row[0]))


def _pairs(path: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    for value in constants(sources()[path], "_TOLD"):
        if isinstance(value, ast.Dict):
            for status, told in zip(value.keys, value.values, strict=True):
                if status and isinstance(told, ast.Tuple):
                    yield texts(status, path)[0], (texts(told.elts[0], path)[0], texts(told.elts[1], path)[0])


def _reasons() -> Iterator[tuple[str, ...]]:
    for name, wanted in REASONS.items():
        for node in ast.walk(sources()[ROOT / name]):
            if isinstance(node, ast.FunctionDef) and node.name == wanted:
                found = [part for part in ast.walk(node) if isinstance(part, ast.JoinedStr)]
                reasons = [texts(part, ROOT / name)[0] for part in found]
                yield from ((f"(as a reason) {why}", f"`{name}`") for why in reasons if re.search(r"\w", why))


def _calls() -> Iterator[tuple[Path, ast.Call]]:
    for path, tree in sources().items():
        yield from ((path, node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def _named(call: ast.Call, name: str) -> list[ast.expr]:
    return [keyword.value for keyword in call.keywords if keyword.arg == name]


def _vendor_of(path: Path) -> str:
    """By its name in the module, or the module's own; ``outbound`` is everybody's."""
    found = texts(ast.Name("VENDOR", lineno=0), path)[0]
    return path.stem if found == "…" and "outbound" not in path.parts else _or_any(found)


def _or_any(vendor: str) -> str:
    return "any" if vendor == "…" else vendor


def _plain(text: str) -> str:
    """Without the terminal's colours."""
    for mark in ("[red]", "[/red]"):
        text = text.replace(mark, "")
    return text


def _unique(rows: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """In the order of the files; without what is all somebody else's words."""
    return sorted(dict.fromkeys(row for row in rows if re.search(r"\w", row[0])), key=lambda row: (row[-1], row))
