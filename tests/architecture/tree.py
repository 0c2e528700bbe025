"""The source tree, as the tests of this folder look at it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"
HANDLERS = ("commands", "actions", "events", "room_events")


def modules(under: str = "app") -> list[Path]:
    """Python files, as paths relative to the root."""
    return sorted(path.relative_to(ROOT) for path in (ROOT / under).rglob("*.py"))


def handlers(*kinds: str) -> list[Path]:
    return [path for kind in kinds or HANDLERS for path in modules(f"app/{kind}") if path.name != "__init__.py"]


def text(path: Path) -> str:
    return (ROOT / path).read_text()


def parsed(path: Path) -> ast.Module:
    return ast.parse(text(path))


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
