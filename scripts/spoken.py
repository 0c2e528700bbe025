"""What an expression may say, read from the source without running it: for the tables of error messages.

``…`` stands for what is filled in when it is said.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_DEEP = 4  # a name of a name of a function is as far as anybody goes
_CHOICES = 3  # more are a list


@cache
def sources() -> dict[Path, ast.Module]:
    """Of the product: the simulated world is none of it."""
    found = sorted((ROOT / "app").rglob("*.py"))
    return {path: ast.parse(path.read_text()) for path in found if "sim" not in path.relative_to(ROOT).parts}


def texts(node: ast.AST, path: Path, depth: int = 0) -> list[str]:
    """All that an expression may say, as far as the source tells; ``…`` for the rest."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        return ["".join(_inside(part, path, depth) for part in node.values)]
    if isinstance(node, ast.IfExp):
        return [*texts(node.body, path, depth), *texts(node.orelse, path, depth)]
    if isinstance(node, ast.BoolOp):
        return [text for value in node.values for text in texts(value, path, depth)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [texts(node.left, path, depth)[0] + texts(node.right, path, depth)[0]]
    if depth < _DEEP:
        found = [text for value in _values(node, path) for text in texts(value, path, depth + 1)]
        return [text for text in found if text not in {"…", "", "None"}] or ["…"]
    return ["…"]


def _inside(part: ast.AST, path: Path, depth: int) -> str:
    """A name is spelt out if the source tells what it holds; what a function would say is another message."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    value = part.value if isinstance(part, ast.FormattedValue) else part
    if isinstance(value, ast.Name):
        found = texts(value, path, depth + 1)
        return " / ".join(found) if len(found) <= _CHOICES and "…" not in found else "…"
    return "…"


def _values(node: ast.AST, path: Path) -> Iterator[ast.AST]:
    """What a name was set to, and what a function gives back."""
    tree = sources()[path]
    around = [tree, *(sources()[other] for other in _imported(tree))]
    if isinstance(node, ast.Name):
        yield from constants(_scope(tree, node), node.id) or [
            value for module in around for value in constants(module, node.id) if node.id.isupper()
        ]
    elif isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        for module in around:
            for function in ast.walk(module):
                if isinstance(function, ast.FunctionDef) and function.name == name:
                    yield from _given_back(function)


def _scope(tree: ast.Module, name: ast.Name) -> ast.AST:
    """The function that a name stands in; the module, for what is written large."""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.lineno <= name.lineno <= (node.end_lineno or 0)
    ]
    return tree if name.id.isupper() or not around else around[-1]


def _given_back(function: ast.FunctionDef) -> Iterator[ast.AST]:
    if isinstance(function.returns, ast.AST) and "str" in ast.unparse(function.returns):
        yield from (node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value)


def _imported(tree: ast.Module) -> Iterator[Path]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                path = ROOT / f"{name.replace('.', '/')}.py"
                if path in sources():
                    yield path


def constants(tree: ast.AST, name: str) -> list[ast.AST]:
    """What the name is set to, anywhere in it."""
    assigned = [
        (target, node.value) for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets
    ]
    assigned += [(node.target, node.value) for node in ast.walk(tree) if isinstance(node, ast.NamedExpr)]
    return [value for target, value in assigned if isinstance(target, ast.Name) and target.id == name]
