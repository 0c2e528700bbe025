"""Where in our code a coroutine waits, in words for a table."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import app
from tests.lives import Life

_APP = str(Path(app.__file__).parent)
_OURS = ("actions", "commands", "events", "flows", "gate", "processor")


def place(work: Coroutine[Any, Any, Any]) -> str:
    """The innermost function of a flow, a handler or the consumer; the step of a flow, where it is one."""
    where = ""
    for frame in _frames(work):
        if frame.f_code is Life.outside.__code__:
            where = where or frame.f_locals["call"]
        path = frame.f_code.co_filename
        folder, _, module = path.removeprefix(_APP).strip("/").removesuffix(".py").partition("/")
        if not path.startswith(_APP) or folder not in _OURS:
            continue
        if frame.f_code.co_qualname == "Flow.step":
            return f"{frame.f_locals['self'].name}: {frame.f_locals['name']}"
        where = f"{module.replace('/', '.')}.{frame.f_code.co_qualname}"
    return where or str(getattr(work, "__qualname__", work))


def _frames(work: Any) -> Iterator[FrameType]:
    while work is not None:
        for kind in ("cr", "gi", "ag"):
            if frame := getattr(work, f"{kind}_frame", None):
                yield frame
                work = getattr(work, f"{kind}_await", None) or getattr(work, f"{kind}_yieldfrom", None)
                break
        else:
            return
