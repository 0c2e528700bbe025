"""A YAML file that a deployment brings: read strictly, once, at the start of the pod.

What is wrong in it stops the pod with one message: the file, each key, and what to do about it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from app.errors import SettingsError

M = TypeVar("M", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """Plain data only, and no key twice: YAML's readers take the last one and say nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if twice := [key for number, key in enumerate(keys) if key in keys[:number]]:
            raise yaml.MarkedYAMLError(problem=f"the key {twice[0]!r} is there twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def read(path: Path, model: type[M], *, setting: str, example: str) -> M:
    """``setting``: the variable that names the file. Raises ``SettingsError``."""

    def wrong(*problems: str) -> SettingsError:
        lines = "\n".join(f"  {problem}" for problem in problems)
        return SettingsError(f"{setting}={path} cannot be used:\n{lines}\nCorrect it; {example} shows every key.")

    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise wrong(f"it cannot be read: {error.strerror}; mount the file, or unset {setting}") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise wrong(f"it is not YAML: {' '.join(str(error).split())}") from None
    try:
        return model.model_validate(found if found is not None else {})
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        raise wrong(*(_explain(one["loc"], one["type"], one["msg"]) for one in problems)) from None


def _explain(where: tuple[int | str, ...], kind: str, message: str) -> str:
    """``services[2].runbook: must be …``, with the key as it is written in the file."""
    key = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where).lstrip(".") or "the file"
    if kind == "extra_forbidden":
        return f"{key}: no such key; remove it, or mend its name"
    if kind == "missing":
        return f"{key}: is missing; add it"
    return f"{key}: {message.removeprefix('Value error, ')}"
