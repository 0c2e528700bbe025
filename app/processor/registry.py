"""Finds what people and machines can ask for: one file in ``commands/``, ``actions/``, ``events/`` or ``room_events/``
is one thing.

The file's name is the name; ``_`` in front hides a file. A file that could not be called stops the boot, with a message
that names it and the remedy: better now than when somebody presses its button. The only dynamic import in the house.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from app.domain.gesture import EVENTS, Gesture
from app.domain.help import CommandHelp
from app.domain.incident import Incident
from app.domain.people import Human
from app.errors import IncidentResponseError
from app.messages.message import Message

Handle = Callable[..., Awaitable[Message | None]]
OF_A_GESTURE = (Gesture, Human, Incident, CommandHelp)  # what dispatch has beside the services


class BadHandlers(IncidentResponseError):
    """Names every file that cannot be used, and what to do about it."""


class Unbound(IncidentResponseError):
    """A handler needs something that is not there this time."""

    def __init__(self, wanted: type) -> None:
        super().__init__(f"there is no {wanted.__name__} here")
        self.wanted = wanted


@dataclass(frozen=True)
class Event:
    body: type[BaseModel]
    handle: Handle


@dataclass(frozen=True)
class Registry:
    commands: dict[str, Handle] = field(default_factory=dict)
    actions: dict[str, Handle] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    room_events: dict[str, Handle] = field(default_factory=dict)
    helps: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, services: Collection[type], *, root: str = "app") -> Registry:
        """``services``: what handlers may ask for beside their own. Raises ``BadHandlers``."""
        registry, problems = cls(), list[str]()
        for name, module in _modules(f"{root}.commands", problems):
            if not isinstance(getattr(module, "HELP", None), str):
                problems.append(f'{_file(module)}: add HELP = "…", the line that `help` shows for it')
            registry.commands[name] = _handle(module, {*services, *OF_A_GESTURE}, problems)
            registry.helps[name] = getattr(module, "HELP", "")
        for name, module in _modules(f"{root}.actions", problems):
            registry.actions[name] = _handle(module, {*services, *OF_A_GESTURE}, problems)
        for name, module in _modules(f"{root}.events", problems):
            body = getattr(module, "Body", None)
            if not (isinstance(body, type) and issubclass(body, BaseModel)):
                problems.append(f"{_file(module)}: add class Body(BaseModel), the fields that the event carries")
                body = BaseModel
            registry.events[name] = Event(body, _handle(module, {*services, body}, problems))
        for name, module in _modules(f"{root}.room_events", problems):
            if name not in EVENTS:
                problems.append(f"{_file(module)}: name it after one of Slack's events: {', '.join(sorted(EVENTS))}")
            registry.room_events[name] = _handle(module, {*services, *OF_A_GESTURE}, problems)
        if problems:
            raise BadHandlers(f"{len(problems)} problem(s) in the handlers:\n  " + "\n  ".join(problems))
        return registry

    def help(self) -> list[tuple[str, str]]:
        """As typed behind ``/incident-response``, and what it does."""
        return [(name.replace("_", " "), what) for name, what in sorted(self.helps.items())]


def bind(handle: Callable[..., Any], available: Mapping[type, object]) -> dict[str, Any]:
    """Arguments by annotated type; ``T | None`` is None where there is no T. Raises ``Unbound``."""
    arguments: dict[str, Any] = {}
    for name, (wanted, optional) in _parameters(handle).items():
        if wanted not in available and not optional:
            raise Unbound(wanted)
        arguments[name] = available.get(wanted)
    return arguments


def _modules(package: str, problems: list[str]) -> Iterator[tuple[str, ModuleType]]:
    for found in pkgutil.iter_modules(importlib.import_module(package).__path__):
        if found.name.startswith("_"):
            continue
        try:
            yield found.name, importlib.import_module(f"{package}.{found.name}")
        except Exception as error:
            file = f"{package}.{found.name}".replace(".", "/") + ".py"
            problems.append(f"{file}: mend it, it cannot be imported: {type(error).__name__}: {error}")


def _handle(module: ModuleType, known: Collection[type], problems: list[str]) -> Handle:
    handle = getattr(module, "handle", None)
    if not inspect.iscoroutinefunction(handle):
        problems.append(f"{_file(module)}: add async def handle(…)" + (", not a plain def" if handle else ""))
        return _missing
    try:
        parameters = _parameters(handle)
    except (TypeError, NameError) as error:
        problems.append(f"{_file(module)}: {error}")
        return handle
    for name, (wanted, _) in parameters.items():
        if wanted not in known:
            choice = ", ".join(sorted(one.__name__ for one in known))
            what = getattr(wanted, "__name__", wanted)
            problems.append(f"{_file(module)}: parameter {name} asks for {what}; ask for one of: {choice}")
    return handle


async def _missing() -> None:
    """Stands where a handler is missing, until the boot is stopped."""


def _parameters(handle: Callable[..., Any]) -> dict[str, tuple[type, bool]]:
    """Each parameter's type, and whether it may be None. Raises ``TypeError`` or ``NameError`` with the remedy."""
    try:
        hints = typing.get_type_hints(handle)
    except NameError as error:
        raise NameError(f"{error}: import it outside TYPE_CHECKING, it is needed at run time") from error
    found: dict[str, tuple[type, bool]] = {}
    for name in inspect.signature(handle).parameters:
        if name not in hints:
            raise TypeError(f"annotate parameter {name}: handlers get their arguments by type")
        found[name] = _optional(hints[name])
    return found


def _optional(hint: Any) -> tuple[type, bool]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(hint) if part is not types.NoneType]
        if len(parts) == 1:
            return parts[0], True
    return hint, False


def _file(module: ModuleType) -> str:
    return module.__name__.replace(".", "/") + ".py"
