"""What an incident still needs: items that tick themselves, items that people tick, tasks, the end of the impact."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.domain.checklist import CHECKLIST, JUDGED, entries, next_due
from app.domain.incident import Status
from app.domain.redaction import scrub
from app.domain.task import OPEN_MAX, read, task_id
from app.domain.ticket import Tick
from app.messages import checklist
from app.sim import memory_queue
from app.sim.faults import Kind
from app.sim.slack_blocks import block_complaints
from app.sim.virtual_time import run
from tests import factories as make
from tests.factories import AT, IC
from tests.house import House
from tests.office import Office

LEAD = "U0LEAD"


@pytest.fixture(autouse=True)
def _the_queue_looks_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_queue, "_LOOK_S", 2.0)


def _play(story: Callable[[House, Office], Awaitable[None]], **policy: Any) -> None:
    async def whole() -> None:
        house = House(**policy)
        async with Office(house) as office:
            await office.fire()
            await office.quiet()
            await story(house, office)

    run(whole())


async def _said(office: Office, words: str, by: str = IC) -> None:
    await office.command(by, words)
    await office.quiet()


async def _pressed(office: Office, button: str, by: str = IC) -> None:
    await office.press(by, button)
    await office.quiet()


def _pinned(house: House) -> str:
    post = house.rooms[0].post(house.rooms[0].pins[0])
    assert post is not None
    return str(post.blocks)


def _line(house: House, what: str) -> str:
    return next(line for line in _pinned(house).split("\\n") if what in line)


def _answer(house: House) -> str:
    return house.slack.workspace.whispers[-1].text


# ---------------------------------------------------------------- the list


def test_what_is_late_is_shown_as_late_without_anybody_asking() -> None:
    """S5: the list is looked at when something on it falls due."""

    async def story(house: House, office: Office) -> None:
        assert "overdue" not in _pinned(house)
        await clock.sleep(17 * 60)
        await office.quiet()
        assert "*overdue* since" in _line(house, "A text for customers is drafted")
        assert "overdue" not in _line(house, "Customers are told")
        await clock.sleep(15 * 60)
        await office.quiet()
        assert "*overdue* since" in _line(house, "Customers are told")

    _play(story)


def test_an_item_of_judgement_is_ticked_by_a_person_once_and_is_in_the_trail() -> None:
    """S5: the button does what it says."""

    async def story(house: House, office: Office) -> None:
        await _pressed(office, "tick:impact", by=LEAD)
        assert f":white_check_mark: It is known who is hit, and how badly (<@{LEAD}>)" in _pinned(house)
        assert "tick:impact" not in _pinned(house)
        ts = house.rooms[0].pins[0]
        value = Tick(incident=(await house.incident()).id, item="impact").model_dump_json()
        await office.people.click(IC, house.rooms[0].id, ts, "tick:impact", stale_value=value)
        await office.quiet()
        assert f"ticked by <@{LEAD}>" in _answer(house)
        ticked = [event for event in await house.trail() if event.type == "CHECKLIST_TICKED"]
        assert [(event.actor, event.details) for event in ticked] == [(f"slack:{LEAD}", {"item": "impact"})]

    _play(story)


def test_the_list_follows_who_takes_command() -> None:
    """S5."""

    async def story(house: House, office: Office) -> None:
        assert ":white_large_square: Somebody has command" in _pinned(house)
        await _pressed(office, "take_command", by=LEAD)
        assert ":white_check_mark: Somebody has command" in _pinned(house)

    _play(story)


@pytest.mark.parametrize("sign", ["take_command", "a word", "help"])
def test_the_list_follows_who_was_given_command_and_shows_that_they_know(sign: str) -> None:
    """S5: whoever is first on call has command from the start, so pressing *Take command* changes nothing else."""

    async def story(house: House, office: Office) -> None:
        assert ":white_large_square: Somebody has command" in _pinned(house)
        match sign:
            case "take_command":
                await _pressed(office, sign, by=IC)
            case "a word":
                office.people.say(IC, house.rooms[0].id, "Looking.")
                await office.settle()
            case "help":
                await office.command(IC, sign)
                await office.settle()
        assert ":white_check_mark: Somebody has command" in _pinned(house)

    _play(story)


def test_what_is_a_fact_cannot_be_ticked_by_hand() -> None:
    """S2: nobody can make the list say what is not so."""

    async def story(house: House, office: Office) -> None:
        ts = house.rooms[0].pins[0]
        value = Tick(incident=(await house.incident()).id, item="published").model_dump_json()
        await office.people.click(IC, house.rooms[0].id, ts, "tick:published", stale_value=value)
        await office.quiet()
        assert "no such item" in _answer(house)
        assert (await house.incident()).ticks == {}

    _play(story)


def test_after_the_incident_only_what_belongs_after_it_can_be_late() -> None:
    over = make.incident(status=Status.RESOLVED, resolved_at=AT + timedelta(minutes=5))
    late = {entry.item.name for entry in entries(over, []) if entry.overdue(AT + timedelta(days=1))}
    assert late == {"postmortem"}
    assert next_due(over, [], AT) == AT + timedelta(minutes=20)


def test_a_drill_is_not_asked_for_what_it_may_not_do() -> None:
    """S9."""
    asked = {entry.item.name for entry in entries(make.incident(drill=True), [])}
    assert {item.name for item in CHECKLIST} - asked == {"published", "postmortem"}


def test_facts_and_judgement_share_no_item() -> None:
    open_ = make.incident(ticks=dict.fromkeys((item.name for item in CHECKLIST), IC), status=Status.ROOM_ASSEMBLING)
    done = {entry.item.name for entry in entries(open_, []) if entry.done}
    assert done - JUDGED.keys() <= {"command", "page"}
    assert JUDGED.keys() <= done


def test_the_fullest_list_fits_into_a_message() -> None:
    """T5."""
    tasks = [{"id": str(number), "text": "<&>" * 66, "owner": IC, "by": LEAD, "at": AT} for number in range(OPEN_MAX)]
    card = checklist.card(make.incident(tasks=tasks), [], AT + timedelta(days=1))
    assert block_complaints(list(card.blocks)) == []


# ---------------------------------------------------------------- the end of the impact


def test_mitigated_is_told_and_shown_and_can_be_taken_back() -> None:
    async def story(house: House, office: Office) -> None:
        await _said(office, "mitigated rolled back <!channel>")
        assert (await house.incident()).status is Status.MITIGATED
        texts = house.texts(house.rooms[0].id)
        assert "rolled back &lt;!channel&gt;" in " ".join(texts)
        assert "*Mitigated*" in texts[0]
        assert ":white_check_mark: The impact has ended" in _pinned(house)
        assert any("nudge" in name for name in house.timers.schedules)  # it is not over: reminders go on
        await _said(office, "mitigated undo errors are back")
        assert (await house.incident()).status is Status.ACTIVE
        assert "*Mitigated*" not in house.texts(house.rooms[0].id)[0]
        assert "not mitigated after all" in house.texts(house.rooms[0].id)[-1]
        assert [kind for kind in await house.types() if "MITIGAT" in kind] == [
            "INCIDENT_MITIGATED", "MITIGATION_TAKEN_BACK"
        ]  # fmt: skip

    _play(story)


def test_mitigated_twice_is_told_once_and_undoing_nothing_is_refused() -> None:
    async def story(house: House, office: Office) -> None:
        await _said(office, "mitigated undo")
        assert "nothing to take back" in _answer(house)
        for _ in range(2):
            await _said(office, "mitigated")
        assert sum("*Mitigated*, says" in post.text for post in house.rooms[0].posts) == 1
        assert "Mitigated since" in _answer(house)
        await _said(office, "resolve")
        await _said(office, "mitigated")
        assert "resolved already" in _answer(house)

    _play(story)


def test_only_the_commander_says_that_the_impact_has_ended() -> None:
    async def story(house: House, office: Office) -> None:
        await _said(office, "mitigated", by=LEAD)
        assert "Take command" in _answer(house)
        assert (await house.incident()).status is Status.ACTIVE

    _play(story)


# ---------------------------------------------------------------- tasks


def test_a_task_is_given_before_everybodys_eyes_and_done_once() -> None:
    async def story(house: House, office: Office) -> None:
        await _said(office, f'task "Roll back <!here>" <@{LEAD}|lead>')
        assert f"<@{LEAD}>: *Roll back &lt;!here&gt;*" in house.texts(house.rooms[0].id)[-1]
        assert f":white_large_square: Roll back &lt;!here&gt; <@{LEAD}>" in _pinned(house)
        await _said(office, "task")
        assert "Roll back" in str(house.slack.workspace.whispers[-1].blocks)
        for who in (LEAD, IC):
            [task] = (await house.incident()).tasks
            value = f'{{"incident":"{(await house.incident()).id}","task":"{task.id}"}}'
            await office.people.click(who, house.rooms[0].id, str(task.message_ts), "task_done", stale_value=value)
            await office.quiet()
        assert f"<@{LEAD}> was first" in _answer(house)
        assert f"done by <@{LEAD}>" in house.texts(house.rooms[0].id)[-1]
        assert [event.actor for event in await house.trail() if event.type == "TASK_DONE"] == [f"slack:{LEAD}"]
        assert f":white_check_mark: ~Roll back &lt;!here&gt;~ <@{LEAD}>" in _pinned(house)

    _play(story)


def test_a_task_whose_message_was_posted_and_not_answered_is_shown_once() -> None:
    """D1."""

    async def story(house: House, office: Office) -> None:
        house.faults["slack"].add(Kind.COMMIT_THEN_TIMEOUT, times=1, match="chat.postMessage")
        await _said(office, "task call the bank")
        assert len((await house.incident()).tasks) == 1
        assert sum("call the bank" in post.text for post in house.rooms[0].posts) == 1

    _play(story)


def test_who_cannot_hear_of_their_task_is_named() -> None:
    """P-loud: a mention reaches only who is in the room."""

    async def story(house: House, office: Office) -> None:
        await _said(office, "task call the bank <@U0BYSTANDER>")
        assert "They are not in this room" in _answer(house)

    _play(story)


@pytest.mark.parametrize(("words", "why"), [("x" * 201, "1 to 200"), ('"" <@U0LEAD>', "what is to be done")])
def test_a_task_that_says_nothing_or_too_much_is_refused(words: str, why: str) -> None:
    async def story(house: House, office: Office) -> None:
        await _said(office, f"task {words}")
        assert why in _answer(house)
        assert (await house.incident()).tasks == ()

    _play(story)


def test_after_the_resolution_a_task_goes_where_it_will_be_seen() -> None:
    """P-loud: tasks are filed with the postmortem; one that came later would be in no list that anybody reads."""

    async def story(house: House, office: Office) -> None:
        await _said(office, "resolve")
        await _said(office, "task write a test")
        issue = (await house.incident()).postmortem
        assert issue is not None
        assert issue.url in _answer(house)
        assert (await house.incident()).tasks == ()

    _play(story)


@pytest.mark.parametrize(
    ("words", "task", "owner"),
    [
        ('"roll it back" <@U1|a>', "roll it back", "U1"),
        ("<@U1> roll it back", "roll it back", "U1"),
        ("“roll  it\nback”", "roll it back", None),
        ('say "no" to <@U1> and <@U2>', 'say "no" to and', "U2"),
        ("@lead do it", "@lead do it", None),
        ('""', "", None),
    ],
)
def test_what_is_typed_is_read_with_quotes_or_without(words: str, task: str, owner: str | None) -> None:
    assert read(words) == (task, owner)


def test_a_tasks_name_outlives_the_removal_of_account_numbers() -> None:
    """X5, P-audit: what the trail calls a task is what the incident calls it."""
    names = [task_id("abcdefghij", str(number)) for number in range(2_000)]
    assert [name for name in names if scrub({"task": name}) != {"task": name}] == []
