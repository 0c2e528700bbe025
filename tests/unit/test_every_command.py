"""Every command, from the words that somebody types in Slack to what they, the room and the auditor see afterwards.

The table is held against ``help``: a command that is not in it, or that it still has, turns this page red.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.domain.audit import verify
from app.sim import cast, memory_queue
from app.sim.faults import Kind
from app.sim.slack_state import Whisper
from app.sim.virtual_time import run
from tests.factories import IC
from tests.house import House
from tests.office import Office

LEAD, STRANGER = "U0LEAD", "U0BYSTANDER"


@dataclass(frozen=True)
class Use:
    """A good use: what the person who typed it reads, what the room reads, what is on record under their name.

    ``wrong``: what is typed wrongly (None: nothing can be), by whom, and the way out that the answer names.
    """

    typed: str
    answer: str
    room: str = ""
    recorded: str = ""
    first: tuple[str, ...] = ()  # typed before, so that there is something to do
    wrong: str | None = None
    wrong_by: str = IC
    way_out: str = ""


USES = {
    "brief": Use("brief", "*Commander* <@U0PRIMARY>"),
    "checklist": Use("checklist", "*Checklist*"),
    "declare": Use(
        'declare "Search is empty" --service search', "The room is being made", "P1: Search is empty",
        "ALERT_RECEIVED", wrong="declare --service search", way_out="Say what is wrong, in a few words",
    ),
    "handoff": Use(
        f"handoff <@{LEAD}>", "You command this incident until they accept", f"<@{IC}> offers command to <@{LEAD}>",
        "HANDOFF_OFFERED", wrong="handoff", way_out="Mention one person",
    ),
    "help": Use("help", "`/incident-response status draft`"),
    "invite": Use(
        f"invite <@{STRANGER}>", f"invited: <@{STRANGER}>", "", "RESPONDER_INVITED",
        wrong="invite", way_out="`/incident-response invite @somebody someone@example.com team-name`",
    ),
    "mitigated": Use(
        "mitigated rolled back", "Mitigated since", "says <@U0PRIMARY>: rolled back", "INCIDENT_MITIGATED",
        wrong="mitigated undo", way_out="There is nothing to take back",
    ),
    "note": Use(
        'note "The replica was late."', "Noted", "The replica was late.", "TIMELINE_NOTE",
        wrong="note", way_out='`note "…"`, with your words between the quotes',
    ),
    "resolve": Use(
        "resolve", "Resolved. The postmortem draft is being written", "*Resolved* by <@U0PRIMARY>", "INCIDENT_RESOLVED",
        wrong="resolve", wrong_by=LEAD, way_out="press *Take command*",
    ),
    "resume": Use(
        "resume", "Reminders are on again", "resumed the reminders", "NUDGES_RESUMED", first=("silence",),
        wrong="resume", wrong_by=LEAD, way_out="press *Take command*",
    ),
    "role": Use(
        f"role scribe <@{LEAD}>", f"<@{LEAD}> is scribe of this incident", f"<@{LEAD}> is scribe now", "ROLE_ASSIGNED",
        wrong="role king me", way_out="`/incident-response role deputy @somebody`",
    ),
    "severity": Use(
        "severity P2 only one region", "is a P2 now", "This is a *P2* now", "SEVERITY_CHANGED",
        wrong="severity bad", way_out="A severity is one of P1, P2, P3, P4",
    ),
    "silence": Use(
        "silence", "Reminders are off", "silenced the reminders", "NUDGES_SILENCED",
        wrong="silence", wrong_by=LEAD, way_out="press *Take command*",
    ),
    "split": Use(
        "split 2", "Its room is being made", "took *#2* Payments fail out of this incident", "ALERT_SPLIT_OFF",
        wrong="split 9", way_out="Others can be taken out: `2`",
    ),
    "status": Use("status", "*Customers see* nothing published"),
    "status draft": Use(
        "status draft identified We found it.", "Nothing is published until it is approved", ">We found it.",
        "STATUSPAGE_DRAFT_CREATED", wrong='status draft --component "Tills"=partial_outage We look.',
        way_out="it has: Checkout, API",
    ),
    "task": Use(
        f'task "call the bank" <@{LEAD}>', f"<@{LEAD}> has it", "call the bank", "TASK_ADDED",
        wrong=f'task "" <@{LEAD}>', way_out='`/incident-response task "roll back the release" @somebody`',
    ),
    "update": Use(
        'update "We rolled back."', "Your update is in the room", "We rolled back.", "STATUS_UPDATE",
        wrong="update", way_out='`/incident-response update "…"`',
    ),
}  # fmt: skip
ANYWHERE = {"declare", "help", "severity"}  # all others are about the incident of the room in which they are typed
# Buttons that carry no more than the incident's id, and a form, which no message keeps.
BY_INCIDENT_ALONE = {
    "last_word_first", "resolve_incident", "resolve_now", "resume_nudges", "silence_nudges",
    "take_command", "edited_statuspage",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _the_queue_looks_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_queue, "_LOOK_S", 2.0)


def _play(story: Callable[[House, Office], Awaitable[None]], **policy: Any) -> None:
    """In the room of an incident of two alerts."""

    async def whole() -> None:
        house = House(**{"archive_delay": timedelta(hours=2), **policy})
        async with Office(house) as office:
            await office.fire()
            await office.settle()
            await office.fire("G2", title="Payments fail")
            await office.settle()
            for user in (IC, LEAD):
                await _typed(office, "status", by=user)  # a sign of life: from now on only what they do is recorded
            await story(house, office)
        assert (office.unanswered(), house.queue.dead) == ([], [])
        for incident in house.store.incidents.values():
            assert verify(await house.store.trail(incident.id)) == []

    run(whole())


async def _typed(office: Office, words: str, *, by: str = IC, channel: str | None = None) -> str:
    """What they are answered: all of it is seen by them alone."""
    before = len(office.house.slack.workspace.whispers)
    await office.people.command(by, channel or office.house.rooms[0].id, words)
    await office.settle()
    new = office.house.slack.workspace.whispers[before:]
    assert {whisper.user for whisper in new} == {by}, f"{words!r} was answered to {len(new)}"
    return " ".join(_read(whisper) for whisper in new)


def _read(whisper: Whisper) -> str:
    return f"{whisper.text} {whisper.blocks}"


def _in_rooms(house: House) -> str:
    return " ".join(text for room in house.rooms for text in house.texts(room.id))


async def _recorded(house: House, before: Sequence[tuple[str, str]] = ()) -> list[tuple[str, str]]:
    """What was done since and by whom, in every incident's trail."""
    trails = [await house.store.trail(one) for one in list(house.store.incidents)]
    found = [(event.type.value, event.actor) for trail in trails for event in trail]
    for known in before:
        found.remove(known)
    return found


def test_the_table_holds_every_command_and_help_lists_exactly_those() -> None:
    async def story(house: House, office: Office) -> None:
        assert office.commands == {name.replace(" ", "_") for name in USES}
        for words in ("help", "", "HELP"):
            assert await _typed(office, words, by=LEAD)
            shown = house.slack.workspace.whispers[-1].blocks[0]["text"]["text"].splitlines()[1:]
            assert [line.partition("  ")[0] for line in shown] == [f"`/incident-response {name}`" for name in USES]
            assert all(line.partition("  ")[2] for line in shown)  # none is cut off, each says what it does

    _play(story)


@pytest.mark.parametrize("name", USES)
def test_what_is_typed_is_done_told_and_on_record(name: str) -> None:
    """T8, L7"""
    use = USES[name]

    async def story(house: House, office: Office) -> None:
        for words in use.first:
            await _typed(office, words)
        assert not use.room or use.room not in _in_rooms(house)
        before = await _recorded(house)
        answer = await _typed(office, use.typed)
        assert use.answer in answer
        assert use.room in _in_rooms(house)
        new = await _recorded(house, before)
        assert (use.recorded, f"slack:{IC}") in new if use.recorded else new == []  # what only looks leaves no trace

    _play(story)


@pytest.mark.parametrize("name", [name for name, use in USES.items() if use.wrong is not None])
def test_what_is_typed_wrongly_changes_nothing_and_the_answer_names_the_way_out(name: str) -> None:
    """L7"""
    use = USES[name]

    async def story(house: House, office: Office) -> None:
        recorded, rooms = await _recorded(house), _in_rooms(house)
        assert use.way_out in await _typed(office, use.wrong or "", by=use.wrong_by)
        assert await _recorded(house, recorded) in ([], [("COMMAND_REFUSED", f"slack:{use.wrong_by}")])
        assert _in_rooms(house) == rooms
        assert house.page.writes == []

    _play(story)


@pytest.mark.parametrize("in_private", [False, True])
@pytest.mark.parametrize("name", sorted(USES.keys() - ANYWHERE))
def test_a_command_typed_elsewhere_names_the_rooms_in_which_it_would_do_something(name: str, in_private: bool) -> None:
    async def story(house: House, office: Office) -> None:
        recorded, rooms = await _recorded(house), _in_rooms(house)
        elsewhere = house.slack.workspace.direct(IC).id if in_private else cast.GENERAL_CHANNEL
        answer = await _typed(office, USES[name].typed, channel=elsewhere)
        assert f"`/incident-response {name}` is about one incident" in answer
        assert f"<#{house.rooms[0].id}>" in answer
        assert (await _recorded(house), _in_rooms(house)) == (recorded, rooms)

    _play(story)


def test_with_no_room_open_a_command_names_the_way_to_one() -> None:
    async def story(house: House, office: Office) -> None:
        await _typed(office, "resolve")
        answer = await _typed(office, "brief", channel=cast.GENERAL_CHANNEL)
        assert "Open rooms: none; `/incident-response declare` makes one." in answer

    _play(story)


def test_a_command_that_there_is_not_is_answered_with_those_that_there_are() -> None:
    async def story(house: House, office: Office) -> None:
        answer = await _typed(office, "reboot <!channel>")
        assert "There is no `/incident-response reboot`" in answer
        assert all(f"`/incident-response {name}`" in answer for name in USES)
        assert "<!channel>" not in answer

    _play(story)


# ---------------------------------------------------------------- what could not be done, or not all of it


async def _a_guest_whom_nobody_knows(house: House, office: Office) -> str:
    return await _typed(office, f"invite <@{STRANGER}> nobody@example.com no-such-team")


async def _an_owner_outside(house: House, office: Office) -> str:
    return await _typed(office, f'task "tell the shops" <@{STRANGER}>')


async def _a_page_that_cannot_be_read(house: House, office: Office) -> str:
    house.faults["page"].add(Kind.ERROR, match="components")
    return await _typed(office, 'status draft --component "API"=partial_outage We look into it.')


async def _somebody_who_left_the_company(house: House, office: Office) -> str:
    return await _typed(office, "handoff <@U0FORMER>")


async def _an_alert_that_has_its_room(house: House, office: Office) -> str:
    return await _typed(office, "severity P2 G2", channel=cast.GENERAL_CHANNEL)


async def _linear_down(house: House, office: Office) -> str:
    house.faults["linear"].add(Kind.ERROR)
    await _typed(office, "resolve")
    await office.until(lambda: "*Resolved* by" in _in_rooms(house))
    return _in_rooms(house)


async def _after_the_end(house: House, office: Office) -> str:
    await _typed(office, "resolve")
    return await _typed(office, 'update "One more thing."')


async def _too_long(house: House, office: Office) -> str:
    return await _typed(office, f"update {'x' * 5000}")


@pytest.mark.parametrize(
    ("does", "told"),
    [
        (_a_guest_whom_nobody_knows, [f"invited: <@{STRANGER}>", ":x: nobody@example.com:", "no-such-team: nobody"]),
        (_an_owner_outside, [f"<@{STRANGER}> has it", "Slack did not tell them: invite them, or tell them"]),
        (_a_page_that_cannot_be_read, ["The draft is in the room", "It changes no component", "*Edit* it when Status"]),
        (_somebody_who_left_the_company, ["could not be invited", "Name somebody else"]),
        (_an_alert_that_has_its_room, ["That incident has a room: use it there, in <#"]),
        (_linear_down, ["*Resolved* by", "not filed yet; it will be, and the link comes here"]),
        (_after_the_end, ["This incident is over", '`/incident-response note "…"`']),
        (_too_long, ["5,000 characters", "2,500 at most. Cut it."]),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)  # fmt: skip
def test_what_could_not_be_done_is_said_beside_what_was_with_what_to_do_next(
    does: Callable[[House, Office], Awaitable[str]], told: list[str]
) -> None:
    """P-loud"""

    async def story(house: House, office: Office) -> None:
        answer = await does(house, office)
        assert [words for words in told if words not in answer] == []
        house.faults["linear"].clear()
        await clock.sleep(60)

    _play(story)


@pytest.mark.parametrize("value", ["", '{"incident":"gone"}'])
def test_a_button_of_another_version_is_answered_at_once_and_changes_nothing(value: str) -> None:
    """L7: its message outlives the version that posted it, and nothing else waits behind it."""

    async def story(house: House, office: Office) -> None:
        room = house.rooms[0]
        for button in sorted(office.actions - BY_INCIDENT_ALONE):
            recorded = await _recorded(house)
            await office.people.click(IC, room.id, room.posts[0].ts, button, stale_value=value)
            await office.settle()
            assert "`/incident-response help` shows what you can do" in house.slack.workspace.whispers[-1].text, button
            assert await _recorded(house, recorded) == [], button

    _play(story)
