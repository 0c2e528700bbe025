"""The table of chart/README.md, from chart/values.yaml: ``# --`` above a key says what it is.

What has such a line is a row, with all that stands below it as its default; a key without one must hold keys that have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from scripts.page import row, table

VALUES = Path(__file__).resolve().parent.parent / "chart/values.yaml"
_KEY = re.compile(r"^(?P<indent> *)(?P<key>[\w.-]+):")
_SAID = re.compile(r"^ *# -- (?P<what>.+)$")


def table_of_values() -> str:
    values, said = yaml.safe_load(VALUES.read_text()), descriptions()
    rows = [
        row((f"`{key}`", _type(value), f"`{json.dumps(value)}`", said[key]))
        for key, value in _rows(values, said)
        if key in said
    ]
    return table(("key", "type", "default", "description"), rows)


def untold() -> list[str]:
    """Keys that nobody says anything about."""
    said = descriptions()
    return [key for key, _ in _rows(yaml.safe_load(VALUES.read_text()), said) if key not in said]


def descriptions() -> dict[str, str]:
    """By dotted key."""
    found: dict[str, str] = {}
    path: list[str] = []
    what = ""
    for line in VALUES.read_text().splitlines():
        if comment := _SAID.match(line):
            what = comment["what"]
        elif key := _KEY.match(line):
            path = [*path[: len(key["indent"]) // 2], key["key"]]
            if what:
                found[".".join(path)] = what
            what = ""
    return found


def _rows(values: Mapping[str, Any], said: Mapping[str, str], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        key = f"{above}{name}"
        if key not in said and isinstance(value, dict) and value:
            yield from _rows(value, said, f"{key}.")
        else:
            yield key, value


def _type(value: object) -> str:
    names = {bool: "bool", int: "int", str: "string", list: "list", dict: "object"}
    return names[type(value)]
