"""The days after an incident: nobody has to remember anything (S5, S10)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.sim import cast, memory_queue
from app.sim.faults import Kind
from app.sim.virtual_time import run
from tests.factories import IC
from tests.house import House
from tests.office import Office

LEAD, HOUR = "U0LEAD", 3600.0
MANAGERS = cast.FALLBACK_CHANNEL


@pytest.fixture(autouse=True)
def _the_queue_looks_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_queue, "_LOOK_S", 30.0)


def _play(story: Callable[[House, Office], Awaitable[None]], *, drill: bool = False, **policy: Any) -> None:
    """Two people took part: the commander, who resolved it, and the lead, who drafted."""

    async def whole() -> None:
        house = House(**policy)
        async with Office(house) as office:
            labels = {"service": cast.SERVICE, "team": cast.TEAM, "severity": "critical", "drill": str(drill).lower()}
            await office.fire(labels=labels)
            await office.quiet()
            await office.command(LEAD, "status draft We look into it.")
            await office.quiet()
            await office.press(IC, "reject_statuspage")
            await office.command(IC, "resolve")
            await office.quiet()
            await story(house, office)

    run(whole())


async def _hours(office: Office, count: float) -> None:
    await clock.sleep(count * HOUR)
    await office.quiet()


def _direct(house: House, user: str) -> list[str]:
    return house.texts(house.slack.workspace.direct(user).id)


def _managers(house: House) -> list[str]:
    return [text for text in house.texts(MANAGERS) if "the postmortem of" in text]


# ---------------------------------------------------------------- ratings


def test_who_took_part_and_did_not_rate_is_asked_once_more_and_then_let_be() -> None:
    async def story(house: House, office: Office) -> None:
        await office.press(IC, "rate:5")
        await _hours(office, 24.2)
        assert not any("I will not ask again" in text for text in _direct(house, IC))
        assert sum("I will not ask again" in text for text in _direct(house, LEAD)) == 1
        assert _direct(house, "U0ENGINEER") == []  # invited, and never seen
        await _hours(office, 25)
        assert sum("I will not ask again" in text for text in _direct(house, LEAD)) == 1
        assert (await house.incident()).rating_skipped == (LEAD,)
        assert (await house.types()).count("RATING_SKIPPED") == 1
        assert house.timers.schedules == {}

    _play(story)


def test_a_rating_given_in_the_direct_message_counts() -> None:
    """S5: the button works where the room is archived already."""

    async def story(house: House, office: Office) -> None:
        await _hours(office, 25)
        assert house.rooms[0].archived
        direct = house.slack.workspace.direct(LEAD)
        await office.people.click(LEAD, direct.id, direct.posts[-1].ts, "rate:3")
        await _hours(office, 25)
        incident = await house.incident()
        assert incident.ratings == {LEAD: 3}
        assert incident.rating_skipped == (IC,)

    _play(story)


def test_with_slack_down_they_are_asked_when_it_is_back() -> None:
    """S10, P-loud: a schedule that fired once does not come back by itself."""

    async def story(house: House, office: Office) -> None:
        await clock.sleep(23.9 * HOUR)
        house.faults["slack"].add(Kind.ERROR)
        await clock.sleep(1 * HOUR)
        house.faults["slack"].clear()
        await _hours(office, 1)
        assert sum("I will not ask again" in text for text in _direct(house, LEAD)) == 1
        await _hours(office, 48)
        assert set((await house.incident()).rating_skipped) == {IC, LEAD}
        assert house.timers.schedules == {}

    _play(story)


def test_a_question_whose_answer_from_slack_was_lost_is_not_asked_twice() -> None:
    """P-once: what was written to one person is read back, as in a room."""

    async def story(house: House, office: Office) -> None:
        await clock.sleep(23.9 * HOUR)
        house.faults["slack"].add(Kind.COMMIT_THEN_TIMEOUT)
        await clock.sleep(0.5 * HOUR)
        house.faults["slack"].clear()
        await _hours(office, 1)
        assert sum("I will not ask again" in text for text in _direct(house, LEAD)) == 1
        assert set((await house.incident()).rating_asked) == {IC, LEAD}

    _play(story)


# ---------------------------------------------------------------- the postmortem's SLA


def test_a_postmortem_that_nobody_did_is_told_to_the_commander_and_the_managers() -> None:
    """S5: a check that only logs checks nothing."""

    async def story(house: House, office: Office) -> None:
        await _hours(office, 47)
        assert _managers(house) == []
        await _hours(office, 1.2)
        [told] = _managers(house)
        assert "*not started*, 48 h after the resolution" in told
        assert any("is overdue" in text for text in _direct(house, IC))
        [fact] = [event for event in await house.trail() if event.type == "POSTMORTEM_OVERDUE"]
        assert fact.details == {"state": "not started", "told": [MANAGERS, IC]}

    _play(story, manager_channel=MANAGERS)


@pytest.mark.parametrize(("kind", "quiet"), [("started", False), ("completed", True), ("canceled", True)])
def test_who_has_done_it_hears_nothing(kind: str, quiet: bool) -> None:
    async def story(house: House, office: Office) -> None:
        issue = (await house.incident()).postmortem
        assert issue is not None
        house.linear.move(issue.id, kind)
        await _hours(office, 49)
        assert (_managers(house) == []) is quiet
        assert ("POSTMORTEM_REVIEWED" in await house.types()) is quiet
        assert house.timers.schedules == {}

    _play(story)


def test_with_linear_down_it_is_looked_at_later() -> None:
    """S1: that it could not be read does not mean that it is not done."""

    async def story(house: House, office: Office) -> None:
        issue = (await house.incident()).postmortem
        assert issue is not None
        house.linear.move(issue.id, "completed")
        await clock.sleep(47.5 * HOUR)
        house.faults["linear"].add(Kind.ERROR)
        await _hours(office, 5)
        assert not {"POSTMORTEM_REVIEWED", "POSTMORTEM_OVERDUE"} & set(await house.types())
        house.faults["linear"].clear()
        await _hours(office, 1)
        assert "POSTMORTEM_REVIEWED" in await house.types()
        assert _managers(house) == []

    _play(story)


def test_what_cannot_be_read_for_good_is_told_as_that() -> None:
    """S1, S5."""

    async def story(house: House, office: Office) -> None:
        house.linear.issues.clear()
        await _hours(office, 49)
        [told] = _managers(house)
        assert "*deleted*" in told

    _play(story)


def test_when_slack_will_not_tell_anybody_it_is_parked_and_not_forgotten() -> None:
    """S5, L6."""

    async def story(house: House, office: Office) -> None:
        await clock.sleep(47.9 * HOUR)
        house.faults["slack"].add(Kind.ERROR)
        await clock.sleep(3 * HOUR)
        assert (await house.incident()).postmortem_checked_at is None
        house.faults["slack"].clear()
        await _hours(office, 1)
        assert len(_managers(house)) == 1

    _play(story)


# ---------------------------------------------------------------- nothing stays behind


def test_a_drill_is_followed_up_by_nobody() -> None:
    """S9, S10."""

    async def story(house: House, office: Office) -> None:
        assert not [name for name in house.timers.schedules if "archive" not in name]
        await _hours(office, 50)
        assert house.timers.schedules == {}
        assert not {"RATING_FOLLOWED_UP", "POSTMORTEM_OVERDUE"} & set(await house.types())

    _play(story, drill=True)


def test_through_hours_without_linear_the_resolution_stands_and_the_postmortem_is_filed_once() -> None:
    """D9, P-loud: the draft is kept, everything else is done, and nobody has to come back for it."""

    async def whole() -> None:
        house = House(archive_delay=timedelta(hours=1))
        async with Office(house) as office:
            await office.fire()
            await office.quiet()
            house.faults["linear"].add(Kind.ERROR)
            await office.command(IC, "resolve")
            await clock.sleep(9 * HOUR)
            types = await house.types()
            assert {"INCIDENT_RESOLVED", "POSTMORTEM_WRITTEN", "RESOLUTION_ANNOUNCED", "RATING_ASKED"} <= set(types)
            assert house.linear.issues == {}
            assert [room.archived for room in house.rooms] == [False]
            post = house.rooms[0].post(house.rooms[0].pins[0])
            assert post is not None
            assert "is filed (by itself, after *resolve*): *overdue*" in str(post.blocks)
            house.faults["linear"].clear()
            await clock.sleep(9 * HOUR)
            assert len([issue for issue in house.linear.issues.values() if "Postmortem" in issue["title"]]) == 1
            assert [room.archived for room in house.rooms] == [True]
            assert (await house.types()).count("POSTMORTEM_WRITTEN") == 1

    run(whole())
