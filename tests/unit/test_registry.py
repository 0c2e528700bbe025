"""What can be asked for is what lies in the four folders; a file that cannot be used stops the boot."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.incident import Incident
from app.processor.registry import BadHandlers, Registry, Unbound, bind

_numbers = itertools.count()

Make = Callable[..., str]


class Clockwork:
    """A service that handlers may ask for."""


class Unasked:
    """One that nobody registered."""


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Writes a house with these files (``commands/status=...``) and gives its package's name."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(**files: str) -> str:
        root = tmp_path / f"house{next(_numbers)}"
        for folder in ("", "commands", "actions", "events", "room_events"):
            (root / folder).mkdir()
            (root / folder / "__init__.py").touch()
        for name, text in files.items():
            folder, _, file = name.partition("__")
            (root / folder / f"{file}.py").write_text(text)
        return root.name

    return write


COMMAND = """
HELP = "where it stands"
from app.domain.gesture import Gesture
async def handle(gesture: Gesture) -> None: ...
"""
ACTION = "async def handle() -> None: ...\n"
EVENT = """
from pydantic import BaseModel
from tests.unit.test_registry import Clockwork
class Body(BaseModel):
    incident_id: str
async def handle(body: Body, clockwork: Clockwork) -> None: ...
"""


def test_a_file_is_a_name(make: Make) -> None:
    house = make(
        commands__status=COMMAND, commands__status_draft=COMMAND, commands___shared="", actions__rate=ACTION,
        events__nudge_due=EVENT, room_events__message=ACTION,
    )  # fmt: skip
    registry = Registry.load({Clockwork}, root=house)
    assert set(registry.commands) == {"status", "status_draft"}
    assert set(registry.actions) == {"rate"}
    assert set(registry.events) == {"nudge_due"}
    assert set(registry.room_events) == {"message"}
    assert registry.events["nudge_due"].body.model_validate({"incident_id": "x"})


def test_help_lists_what_is_registered_as_it_is_typed(make: Make) -> None:
    """S5: nothing is advertised that does not exist, and nothing exists unadvertised."""
    house = make(commands__status=COMMAND, commands__status_draft=COMMAND.replace("where it stands", "for customers"))
    assert Registry.load((), root=house).help() == [("status", "where it stands"), ("status draft", "for customers")]


@pytest.mark.parametrize(
    ("name", "text", "remedy"),
    [
        ("commands__status", "async def handle() -> None: ...", "add HELP"),
        ("commands__status", 'HELP = "x"', "add async def handle"),
        ("commands__status", 'HELP = "x"\ndef handle() -> None: ...', "not a plain def"),
        ("actions__rate", "", "add async def handle"),
        ("actions__rate", "async def handle(gesture) -> None: ...", "annotate parameter gesture"),
        ("actions__rate", "async def handle(count: int) -> None: ...", "parameter count asks for int"),
        ("actions__rate", "async def handle(*rest: str) -> None: ...", "parameter rest asks for str"),
        (
            "actions__rate",
            "from tests.unit.test_registry import Unasked\nasync def handle(it: Unasked | None) -> None: ...",
            "parameter it asks for Unasked; ask for one of: Clockwork, CommandHelp, Gesture, Human, Incident",
        ),
        ("actions__rate", "async def handle(it: 'Nowhere') -> None: ...", "import it outside TYPE_CHECKING"),
        ("actions__rate", "this is no Python", "cannot be imported: SyntaxError"),
        ("room_events__message", "", "add async def handle"),
        ("room_events__chatter", ACTION, "name it after one of Slack's events"),
        ("events__nudge_due", "async def handle() -> None: ...", "add class Body"),
        ("events__nudge_due", EVENT.replace("BaseModel)", "object)"), "add class Body"),
        (
            "events__nudge_due",
            EVENT + "from app.domain.people import Human\nasync def handle(human: Human) -> None: ...",
            "parameter human asks for Human",  # no person stands behind a machine's event
        ),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_boot(make: Make, name: str, text: str, remedy: str) -> None:
    house = make(**{name: text})
    with pytest.raises(BadHandlers) as stopped:
        Registry.load({Clockwork}, root=house)
    assert f"{house}/{name.replace('__', '/')}.py" in str(stopped.value)
    assert remedy in str(stopped.value)


def test_all_bad_files_are_named_at_once(make: Make) -> None:
    house = make(actions__one="", actions__two="", actions__three=ACTION)
    with pytest.raises(BadHandlers, match=r"^2 problem\(s\)") as stopped:
        Registry.load((), root=house)
    assert "one.py" in str(stopped.value)
    assert "two.py" in str(stopped.value)


def test_arguments_are_bound_by_type() -> None:
    async def handle(any_name: Clockwork, incident: Incident | None) -> None: ...

    clockwork = Clockwork()
    assert bind(handle, {Clockwork: clockwork}) == {"any_name": clockwork, "incident": None}


def test_what_is_needed_and_not_there_is_named() -> None:
    async def handle(incident: Incident) -> None: ...

    with pytest.raises(Unbound) as missing:
        bind(handle, {})
    assert missing.value.wanted is Incident
