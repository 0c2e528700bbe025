"""The numbers that the pods count, read from where they are counted, and the alerts that watch them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_KINDS = {"seconds": "histogram, seconds", "count": "counter", "level": "gauge"}


def metrics() -> Iterator[tuple[str, str, str, str]]:
    """Name, kind, what it counts, alerts."""
    watching = _alerts()
    for call in ast.walk(ast.parse((ROOT / "app/telemetry/meters.py").read_text())):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _KINDS):
            continue
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        name, what = (str(ast.literal_eval(value)) for value in given)
        alerts = [alert for alert, rule in watching.items() if re.search(rf"\b{name}(_bucket|_total)?\b", rule)]
        yield f"`{name}`", _KINDS[call.func.id], what, ", ".join(alerts)


def _alerts() -> dict[str, str]:
    """By its name, all that is said of it."""
    rules = re.split(r"^ *- alert: (\w+)$", (ROOT / "chart/files/alerts.yaml").read_text(), flags=re.MULTILINE)
    return dict(zip(rules[1::2], rules[2::2], strict=True))
