"""Tables as Markdown writes them."""

from __future__ import annotations


def table(head: tuple[str, ...], rows: list[str]) -> str:
    return "\n".join([row(head), row(("---",) * len(head)), *rows])


def row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
