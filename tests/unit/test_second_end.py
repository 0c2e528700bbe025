"""What ends, goes on and ends again: each end has its own question, its own words, and leaves no timer behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.domain.alert import AlertEvent
from app.domain.audit import verify
from app.domain.incident import Status
from app.flows import reopening
from app.queue.envelope import Envelope, decode
from app.sim import cast, memory_queue
from app.sim.slack_state import Channel
from app.sim.virtual_time import run
from tests.factories import IC
from tests.house import House
from tests.office import Office

FIRST = "I6HNZGUFG4K11"
TOGETHER = {"service": cast.SERVICE, "team": cast.TEAM}


@pytest.fixture(autouse=True)
def _the_queue_looks_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_queue, "_LOOK_S", 2.0)


class Case:
    def __init__(self, house: House, office: Office) -> None:
        self.house, self.office = house, office

    async def fire(self, group: str = FIRST, **facts: Any) -> None:
        await self.office.fire(group, **facts)
        await self.office.settle()

    async def end(self, group: str = FIRST) -> None:
        await self.fire(group, event=AlertEvent.RESOLVED)

    async def say(self, words: str, by: str = IC) -> None:
        await self.office.command(by, words)
        await self.office.settle()

    async def press(self, button: str, by: str = IC) -> None:
        await self.office.press(by, button)
        await self.office.settle()

    async def publish(self, words: str) -> None:
        await self.say(f"status draft {words}")
        await self.press("approve_statuspage")

    async def wait(self, **time: float) -> None:
        await clock.sleep(timedelta(**time).total_seconds())
        await self.office.settle()

    @property
    def room(self) -> Channel:
        return self.house.rooms[0]

    def said(self, words: str) -> int:
        return sum(words in f"{post.text} {post.blocks}" for post in self.room.posts)

    @property
    def kinds(self) -> set[str]:
        """Of the schedules that stand."""
        return {name.split("-")[2] for name in self.house.timers.schedules}

    async def status(self) -> Status:
        return (await self.house.incident()).status


def _play(story: Callable[[Case], Awaitable[None]], **policy: Any) -> None:
    async def whole() -> None:
        house = House(
            archive_delay=timedelta(hours=2), rating_follow_up=timedelta(hours=1), rating_skipped=timedelta(hours=2),
            postmortem_sla=timedelta(hours=2), **policy,
        )  # fmt: skip
        async with Office(house) as office:
            await story(Case(house, office))
        for incident in house.store.incidents.values():
            assert verify(await house.store.trail(incident.id)) == []
        assert house.queue.dead == []

    run(whole())


# ---------------------------------------------------------------- the question whether it is over


def test_when_customers_read_that_it_is_over_the_question_is_asked_again() -> None:
    """S7: an incident that an open public one held is not forgotten when that closes."""

    async def story(case: Case) -> None:
        await case.fire()
        await case.publish("Some payments fail.")
        await case.end()
        await case.wait(minutes=20)
        assert (case.said("I do not resolve this incident by myself"), case.said("*Is it over?*")) == (1, 1)
        await case.publish("resolved It is over.")
        assert await case.status() is Status.ACTIVE
        assert case.said("*Is it over?*") == 2
        await case.wait(minutes=16)
        assert await case.status() is Status.RESOLVED

    _play(story)


def test_kept_open_while_customers_read_of_it_it_stays_open_behind_that() -> None:
    async def story(case: Case) -> None:
        await case.fire()
        await case.publish("Some payments fail.")
        await case.end()
        await case.wait(minutes=20)
        await case.press("keep_open")
        await case.publish("resolved It is over.")
        await case.wait(minutes=40)
        assert await case.status() is Status.ACTIVE
        assert case.said("*Is it over?*") == 0  # answered, and asked no more

    _play(story)


def test_a_question_that_another_alert_took_back_is_asked_again_when_that_is_split_off() -> None:
    async def story(case: Case) -> None:
        await case.fire(labels=TOGETHER | {"severity": "critical"})
        await case.end()
        await case.fire("G2", labels=TOGETHER | {"severity": "critical"})
        assert "RESOLUTION_WITHDRAWN" in await case.house.types()
        await case.say("split 2")
        assert sum("*Is it over?*" in f"{post.text} {post.blocks}" for post in case.room.posts) == 2

    _play(story)


# ---------------------------------------------------------------- a second end


def test_a_second_end_says_and_does_all_that_the_first_did() -> None:
    """D9: what is done once for an end is done once for each of them."""

    async def story(case: Case) -> None:
        await case.fire()
        for ends in (1, 2, 3):
            await case.say("resolve")
            assert await case.status() is Status.RESOLVED
            types = await case.house.types()
            assert [types.count(one) for one in ("RESOLUTION_ANNOUNCED", "RATING_ASKED", "POSTMORTEM_CREATED")] == [
                ends
            ] * 3
            assert len(case.house.linear.issues) == ends
            assert case.kinds == {"archive", "rating", "sla"}
            if ends < 3:
                await case.fire()
                assert await case.status() is Status.ACTIVE
                assert "archive" not in case.kinds
        await case.wait(hours=6)
        assert case.room.archived
        assert case.kinds == set()

    _play(story)


def test_who_is_late_to_undo_the_first_end_does_not_undo_the_second() -> None:
    """S10, D11: a processor that stood still while its incident was resolved anew removes what is the first end's."""

    async def story(case: Case) -> None:
        await case.fire()
        await case.say("resolve")
        await case.fire()
        went_on = await case.house.incident()
        await case.say("resolve")
        house = case.house
        await reopening.follow(house.store, house.chat, house.timers, house.policy, went_on)
        assert {"archive", "rating", "sla"} <= case.kinds
        await case.wait(hours=6)
        assert case.room.archived
        assert case.kinds == set()

    _play(story)


def test_whatever_is_published_behind_an_end_is_followed_by_a_question_of_its_own() -> None:
    """S7: also a text that says the same as the one before it; nobody leaves customers with it and closes the room."""

    async def story(case: Case) -> None:
        await case.fire()
        await case.publish("monitoring We watch it.")
        await case.say("resolve now")
        assert len(case.house.store.texts) == 2
        await case.publish("monitoring We still watch it.")
        newest = (await case.house.store.drafts((await case.house.incident()).id))[-1]
        assert (newest.text.status.value, newest.state.value) == ("resolved", "PENDING_APPROVAL")

    _play(story)


def test_after_it_goes_on_customers_read_of_it_on_the_same_public_incident() -> None:
    """S7: one public incident for one incident, also when that was resolved and is re-opened."""

    async def story(case: Case) -> None:
        await case.fire()
        await case.publish("Some payments fail.")
        await case.publish("resolved It is over.")
        await case.say("resolve")
        await case.fire()
        await case.publish("Some payments fail again.")
        [public] = case.house.page.incidents.values()
        assert public["status"] == "investigating"
        assert [write.method for write in case.house.page.writes] == ["POST", "PATCH", "PATCH"]
        await case.say("resolve")
        assert await case.status() is Status.ACTIVE  # customers read of it: asked first

    _play(story)


# ---------------------------------------------------------------- a gesture that comes again, later


def _queued(case: Case) -> Envelope:
    """The gesture that was just made."""
    return decode(case.house.queue.messages[-1].text)


async def _again(case: Case, gesture: Envelope) -> None:
    """As the queue delivers it once more when a processor died right after its work."""
    await case.house.queue.send(gesture.model_copy(update={"dedup_id": f"{gesture.dedup_id}2"}))
    await case.office.settle()


@pytest.mark.parametrize("button", [False, True])
def test_a_resolution_that_is_delivered_again_does_not_end_what_was_re_opened(button: bool) -> None:
    """D9: twice is once, also when its alert fired in between."""

    async def story(case: Case) -> None:
        await case.fire()
        if button:
            await case.end()
            await case.office.press(IC, "resolve_incident")
        else:
            await case.office.command(IC, "resolve")
        resolved = _queued(case)
        await case.office.settle()
        assert await case.status() is Status.RESOLVED
        await case.fire()
        await _again(case, resolved)
        assert await case.status() is Status.ACTIVE
        assert "goes on" in case.house.slack.workspace.whispers[-1].text
        await case.say("resolve")
        assert await case.status() is Status.RESOLVED

    _play(story)


def test_who_took_command_and_lost_it_does_not_get_it_back_by_a_second_delivery() -> None:
    """D9: the one who took it since keeps it."""

    async def story(case: Case) -> None:
        await case.fire()
        await case.office.press("U0LEAD", "take_command")
        took = _queued(case)
        await case.office.settle()
        await case.press("take_command", by="U0ENGINEER")
        await _again(case, took)
        assert (await case.house.incident()).ic == "U0ENGINEER"
        assert "commands it since" in case.house.slack.workspace.whispers[-1].text
        await case.press("take_command", by="U0LEAD")
        assert (await case.house.incident()).ic == "U0LEAD"

    _play(story)


# ---------------------------------------------------------------- nothing is left behind


async def _tracked(case: Case) -> None:
    await case.fire("G1", labels={"severity": "warning"})
    await case.end("G1")


async def _split(case: Case) -> None:
    await case.fire(labels=TOGETHER | {"severity": "critical"})
    await case.fire("G2", labels=TOGETHER | {"severity": "critical"})
    await case.say("split 2")
    await case.end()
    await case.end("G2")
    await case.wait(minutes=20)


async def _declared(case: Case) -> None:
    await case.office.people.command(IC, cast.FALLBACK_CHANNEL, "declare Payments fail --service checkout")
    await case.office.settle()
    await case.say("resolve")


async def _drilled(case: Case) -> None:
    await case.fire(labels=TOGETHER | {"severity": "critical", "drill": "true"})
    await case.say("resolve")


async def _promised(case: Case) -> None:
    await case.fire()
    await case.publish("--next 30m Some payments fail.")
    assert "promise" in case.kinds
    await case.say("resolve now")
    await case.press("approve_statuspage")


async def _unanswered(case: Case) -> None:
    await case.fire()
    await case.wait(minutes=20)  # nobody is here; a reminder was sent
    await case.say("resolve")


async def _reopened(case: Case) -> None:
    await case.fire()
    for _ in range(2):
        await case.end()
        await case.wait(minutes=16)
        await case.fire()
    await case.say("silence")
    await case.end()
    await case.wait(minutes=16)


@pytest.mark.parametrize("way", [_tracked, _split, _declared, _drilled, _promised, _unanswered, _reopened])
def test_no_timer_outlives_its_incident(way: Callable[[Case], Awaitable[None]]) -> None:
    """S10: whichever way an incident goes to its end."""

    async def story(case: Case) -> None:
        await way(case)
        assert {one.status for one in case.house.store.incidents.values()} == {Status.RESOLVED}
        assert case.kinds <= {"archive", "rating", "sla"}
        await case.wait(hours=6)
        assert case.house.timers.schedules == {}
        assert all(room.archived for room in case.house.rooms)

    _play(story)
