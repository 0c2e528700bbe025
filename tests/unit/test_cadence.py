"""Reminders that help: who speaks is left alone, who asks for quiet has it, and who keeps silent is looked after."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from app import clock
from app.domain.audit import AuditEvent
from app.domain.schedule import SCHEDULED_TIME
from app.domain.update import reads_like_update
from app.flows.timers import timer_message
from app.messages.postmortem_trail import said
from app.sim import cast, memory_queue
from app.sim.faults import Kind
from app.sim.virtual_time import run
from tests.factories import IC
from tests.house import FALLBACK, House
from tests.office import Office

SECONDARY, LEAD = "U0SECONDARY", "U0LEAD"
MINUTE = 60.0


@pytest.fixture(autouse=True)
def _the_queue_looks_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_queue, "_LOOK_S", 2.0)


def _play(story: Callable[[House, Office], Awaitable[None]], **policy: Any) -> None:
    """In a room that stands, with somebody who has command and knows it."""

    async def whole() -> None:
        house = House(**{"archive_delay": timedelta(hours=1), **policy})
        async with Office(house) as office:
            await office.fire()
            await office.quiet()
            await office.press(IC, "take_command")
            await office.quiet()
            await story(house, office)

    run(whole())


def _reminders(house: House, of: str = IC) -> list[str]:
    return [post.text for post in house.slack.workspace.direct(of).posts if "without an update" in post.text]


def _alarms(house: House, to: str) -> int:
    return sum("has not answered" in str(post.blocks) for post in house.slack.workspace.direct(to).posts)


async def _events(house: House, *types: str) -> list[AuditEvent]:
    return [event for event in await house.trail() if event.type.value in types]


async def _say(office: Office, user: str, words: str) -> str:
    ts = office.people.say(user, office.house.rooms[0].id, words)
    await office.settle()
    return ts


async def _do(office: Office, user: str, words: str) -> None:
    await office.command(user, words)
    await office.quiet()


async def _click(office: Office, button: str, user: str = IC) -> None:
    """In the newest direct message."""
    direct = office.house.slack.workspace.direct(user)
    await office.people.click(user, direct.id, direct.posts[-1].ts, button)
    await office.quiet()


# ---------------------------------------------------------------- updates


def test_an_update_is_in_the_room_and_on_the_record_and_puts_the_reminder_off() -> None:
    """T1"""

    async def story(house: House, office: Office) -> None:
        await clock.sleep(10 * MINUTE)
        await _do(office, LEAD, 'update "We rolled back <!channel> & the rate falls."')
        [event] = await _events(house, "STATUS_UPDATE")
        assert event.actor == f"slack:{LEAD}"
        assert event.details["text"] == "We rolled back <!channel> & the rate falls."
        shown = " ".join(house.texts(house.rooms[0].id))
        assert "We rolled back &lt;!channel&gt; &amp; the rate falls." in shown
        assert "<!channel>" not in shown
        assert (await house.incident()).last_update_at == event.at
        await clock.sleep(14 * MINUTE)
        assert _reminders(house) == []
        await clock.sleep(2 * MINUTE)
        assert len(_reminders(house)) == 1

    _play(story)


@pytest.mark.parametrize("words", ["update", 'update "  "', "update " + "x" * 2501])
def test_an_update_of_nothing_or_of_too_much_is_refused(words: str) -> None:
    async def story(house: House, office: Office) -> None:
        await _do(office, IC, words)
        assert await _events(house, "STATUS_UPDATE") == []
        assert office.unanswered() == []

    _play(story)


def test_what_the_commander_tells_the_room_is_an_update_if_it_reads_like_one() -> None:
    async def story(house: House, office: Office) -> None:
        await _say(office, LEAD, "We have identified the cause and are rolling back.")
        await _say(office, IC, "who has the dashboard?")
        assert await _events(house, "STATUS_UPDATE") == []
        ts = await _say(office, IC, "We have identified the cause and are rolling back.")
        [event] = await _events(house, "STATUS_UPDATE")
        assert (event.actor, event.details["ts"], event.details["how"]) == (f"slack:{IC}", ts, "message")

    _play(story)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Update: all quiet", True),
        ("We rolled back to 1.41 and the error rate falls", True),
        ("checkout is back to normal since 12:40", True),
        ("still looking into the payment provider's side", True),
        ("is the rollback done, and do customers see errors?", False),
        ("thanks!", False),
        ("fixed", False),
        ("can somebody get me the dashboard", False),
        ("", False),
        ("Customers in the EU are affected, everybody else can pay.", True),
        ("Error rates fell below one percent.", True),
        ("We rolled it back, the pods are restarting now", True),
        ("Have identified the query; it is fixed on staging.", True),
        ("Nothing new, still monitoring the rollout here.", True),
        ("*Update*: no news", True),
        ("Status update: who knows?", False),
        ("can anyone confirm that customers are affected", False),
        ("please confirm you are working on it", False),
        ("<@U0LEAD> fixed the link in the topic, is fixed now", False),
        ("maybe the root cause is the new release", False),
        ("I think customers are not affected by this", False),
        ("we should have rolled back an hour ago", False),
        ("I will be looking into it after lunch", False),
        ("> we are rolling back the release\nsaw this one", False),
        ("here are the logs I saw ```error rates are up, pods restarted```", False),
        ("the monitoring dashboard is in the channel bookmarks", False),
        ("the meeting with the customers is moved to three", False),
        ("the deployed version has a nice new logo", False),
        ("We are rolling back. Who has access to the console? Thanks.", False),
        ("fix the typo in the topic, confirmed by the team", False),
    ],
)
def test_the_rule_without_a_model(text: str, is_one: bool) -> None:
    assert reads_like_update(text) is is_one


# ---------------------------------------------------------------- snooze, silence, resume


@pytest.mark.parametrize("minutes", [15, 30, 60])
def test_who_snoozes_is_left_alone_for_as_long(minutes: int) -> None:
    async def story(house: House, office: Office) -> None:
        await clock.sleep(16 * MINUTE)
        await _click(office, f"snooze:{minutes}")
        [event] = await _events(house, "NUDGES_SNOOZED")
        assert (event.actor, event.details["minutes"]) == (f"slack:{IC}", minutes)
        await clock.sleep((minutes - 1) * MINUTE)
        assert len(_reminders(house)) == 1
        await clock.sleep(3 * MINUTE)
        assert len(_reminders(house)) == 2
        assert _alarms(house, SECONDARY) == 0

    _play(story)


def test_silence_lasts_until_somebody_resumes() -> None:
    """S2: and each answer follows what the scheduler did."""

    async def story(house: House, office: Office) -> None:
        await clock.sleep(16 * MINUTE)
        await _click(office, "silence_nudges")
        assert (await house.incident()).nudges_silenced
        await clock.sleep(120 * MINUTE)
        assert len(_reminders(house)) == 1
        assert _alarms(house, SECONDARY) == 0, "silence is an answer"
        await office.press(LEAD, "resume_nudges")
        await office.quiet()
        assert (await house.incident()).nudges_silenced, "only the commander may"
        await office.press(IC, "resume_nudges")
        await office.quiet()
        await clock.sleep(16 * MINUTE)
        assert len(_reminders(house)) == 2
        await _do(office, IC, "silence")
        await _do(office, IC, "resume")
        kinds = [event.type.value for event in await _events(house, "NUDGES_SILENCED", "NUDGES_RESUMED")]
        assert kinds == ["NUDGES_SILENCED", "NUDGES_RESUMED"] * 2
        assert office.unanswered() == []

    _play(story)


def test_nobody_hears_that_reminders_are_back_when_they_are_not() -> None:
    """S2"""

    async def story(house: House, office: Office) -> None:
        await _do(office, IC, "silence")
        name = next(name for name in house.timers.schedules if "nudge" in name)

        async def refuses(*_: object, **__: object) -> None:
            raise RuntimeError("the scheduler says no")

        house.timers.every = refuses  # type: ignore[method-assign]
        await office.command(IC, "resume")
        await clock.sleep(2)
        assert (await house.incident()).nudges_silenced
        assert not house.timers.schedules[name].enabled
        assert "resumed" not in " ".join(house.texts(house.rooms[0].id))

    _play(story)


def test_nobody_is_reminded_twice_within_five_minutes() -> None:
    """T1: whatever the scheduler fires."""

    async def story(house: House, office: Office) -> None:
        await clock.sleep(16 * MINUTE)
        incident = (await house.incident()).id
        for number in range(3):
            due = timer_message("nudge_due", incident)
            body = due.body.replace(SCHEDULED_TIME, f"late-{number}")
            await house.queue.send(due.model_copy(update={"dedup_id": f"late-{number}", "body": body}))
        await office.quiet()
        assert len(_reminders(house)) == 1

    _play(story)


# ---------------------------------------------------------------- nobody answers


def test_a_commander_who_keeps_silent_is_looked_after_once() -> None:
    async def story(house: House, office: Office) -> None:
        await clock.sleep(44 * MINUTE)
        assert _alarms(house, SECONDARY) == 0
        await clock.sleep(3 * MINUTE)
        assert _alarms(house, SECONDARY) == 1
        await clock.sleep(120 * MINUTE)
        assert _alarms(house, SECONDARY) == 1
        [event] = await _events(house, "NUDGE_ESCALATED")
        assert (event.details["told"], event.details["ic"]) == (SECONDARY, IC)
        await _say(office, IC, "here I am")
        await clock.sleep(50 * MINUTE)
        assert _alarms(house, SECONDARY) == 2, "another silence"

    _play(story)


def test_the_deputy_comes_before_the_next_on_call() -> None:
    async def story(house: House, office: Office) -> None:
        await _do(office, IC, f"role deputy <@{LEAD}>")
        await clock.sleep(47 * MINUTE)
        assert (_alarms(house, LEAD), _alarms(house, SECONDARY)) == (1, 0)

    _play(story)


def test_with_nobody_else_to_tell_the_room_is_told_of_a_silent_commander() -> None:
    """P-loud: and the log, as an error."""

    async def story() -> None:
        house = House(fallback_channel=None)
        house.oncall.schedules[0]["on_call_now"] = [cast.PEOPLE[0].oncall_id]
        del house.oncall.policies[1:]  # who is asked later
        async with Office(house) as office:
            await office.fire()
            await office.quiet()
            await office.press(IC, "take_command")
            with capture_logs() as lines:
                await clock.sleep(60 * MINUTE)
            assert [line["alarm"] for line in lines if line["event"] == "alarm_unheard"] == ["reminder_unanswered"]
            assert sum("has not answered for 30 min" in text for text in house.texts(house.rooms[0].id)) == 1
            assert (await _events(house, "NUDGE_ESCALATED"))[0].details["told"].startswith("nobody")

    run(story())


@pytest.mark.parametrize("sign", ["a word", "an update", "snooze"])
def test_any_sign_of_the_commander_is_an_answer(sign: str) -> None:
    async def story(house: House, office: Office) -> None:
        await clock.sleep(16 * MINUTE)
        match sign:
            case "a word":
                await _say(office, IC, "one moment")
            case "an update":
                await _do(office, IC, "update We are rolling back.")
            case "snooze":
                await _click(office, "snooze:15")
        await clock.sleep(43 * MINUTE)
        assert _alarms(house, SECONDARY) == 0
        assert await _events(house, "NUDGE_ESCALATED") == []

    _play(story)


def test_nothing_of_it_is_left_after_the_resolution() -> None:
    """T3, S10"""

    async def story(house: House, office: Office) -> None:
        await clock.sleep(16 * MINUTE)
        await _do(office, IC, "resolve")
        assert not [name for name in house.timers.schedules if "nudge" in name or "unanswered" in name]
        for words in ("resume", "silence", "update It is over and customers are happy."):
            await _do(office, IC, words)
        await clock.sleep(50 * MINUTE)
        assert len(_reminders(house)) == 1
        assert _alarms(house, SECONDARY) == 0
        assert await _events(house, "NUDGES_RESUMED", "NUDGES_SILENCED", "STATUS_UPDATE") == []

    _play(story)


# ---------------------------------------------------------------- what customers were promised


async def _promised(house: House, office: Office, minutes: int) -> None:
    at = clock.now() + timedelta(minutes=minutes)
    await office.command(IC, f"status draft We look into failing payments. Next update by {at:%H:%M} UTC.")
    await office.quiet()
    await office.press(IC, "approve_statuspage")
    await office.quiet()
    assert (await house.incident()).promised_update_at is not None


def test_a_promise_to_customers_is_counted_down_and_its_breaking_is_said() -> None:
    async def story(house: House, office: Office) -> None:
        await _promised(house, office, 30)
        await clock.sleep(20 * MINUTE)
        assert await _events(house, "PROMISE_REMINDED") == []
        await clock.sleep(7 * MINUTE)
        assert len(await _events(house, "PROMISE_REMINDED")) == 1
        assert "customers were promised" in str(house.slack.workspace.direct(IC).posts[-1].blocks)
        await clock.sleep(6 * MINUTE)
        assert len(await _events(house, "PROMISE_BROKEN")) == 1
        assert sum("and have none" in text for text in house.texts(house.rooms[0].id)) == 1
        assert not [name for name in house.timers.schedules if "promise" in name]

    _play(story)


@pytest.mark.parametrize("minutes", [20, 21, 24])
def test_a_reminder_carries_the_promise_that_is_due_a_moment_later(minutes: int) -> None:
    """T1: two messages to the same person within five minutes are one too many, whichever would come first."""

    async def story(house: House, office: Office) -> None:
        await _promised(house, office, minutes)
        before = len(house.slack.workspace.direct(IC).posts)
        await clock.sleep((minutes - 2) * MINUTE)
        told = [str(post.blocks) for post in house.slack.workspace.direct(IC).posts[before:]]
        assert len(told) == 1
        assert "customers were promised an update by" in told[0].lower()
        assert len(await _events(house, "PROMISE_REMINDED")) == 1
        await clock.sleep(4 * MINUTE)
        assert len(await _events(house, "PROMISE_BROKEN")) == 1

    _play(story)


def test_a_promise_that_was_kept_is_not_spoken_of() -> None:
    async def story(house: House, office: Office) -> None:
        await _promised(house, office, 30)
        await clock.sleep(10 * MINUTE)
        await _promised(house, office, 60)
        await clock.sleep(30 * MINUTE)
        assert await _events(house, "PROMISE_REMINDED", "PROMISE_BROKEN") == []
        await _do(office, IC, "resolve")

    _play(story)


# ---------------------------------------------------------------- the timeline


@pytest.mark.parametrize("way", ["pin", "pushpin"])
def test_a_marked_message_is_on_the_timeline_once_with_where_it_stands(way: str) -> None:
    async def story(house: House, office: Office) -> None:
        room = house.rooms[0].id
        ts = await _say(office, LEAD, "the certificate of pay.example.com expired, ask ops@example.com")
        for user in (SECONDARY, IC):
            if way == "pushpin":
                office.people.react(user, room, ts, "pushpin")
            elif user == IC:
                office.people.pin(user, room, ts)
            await office.settle()
        office.people.react(LEAD, room, ts, "tada")
        await office.settle()
        [event] = await _events(house, "TIMELINE_NOTE")
        assert (event.details["author"], event.details["ts"]) == (LEAD, ts)
        assert event.details["permalink"].endswith(f"/archives/{room}/p{ts.replace('.', '')}")
        assert "certificate" in event.details["text"]
        assert "ops@example.com" not in event.details["text"], "P-private"

    _play(story)


def test_our_own_pins_are_no_notes() -> None:
    async def story(house: House, office: Office) -> None:
        assert house.rooms[0].pins
        assert await _events(house, "TIMELINE_NOTE") == []

    _play(story)


def test_a_correction_stands_beside_what_it_corrects() -> None:
    """Nothing on the timeline is ever overwritten, also after the end."""

    async def story(house: House, office: Office) -> None:
        room = house.rooms[0]
        ts = await _say(office, LEAD, "the database failed over at 12:10")
        office.people.pin(LEAD, room.id, ts)
        await office.settle()
        post = room.post(ts)
        assert post is not None
        post.text = "the database failed over at 12:20"
        office.people.react(LEAD, room.id, ts, "pushpin")
        await office.settle()
        await _do(office, IC, "resolve")
        await _do(office, IC, 'note "12:20 is right: the replica says so"')
        texts = [event.details["text"] for event in await _events(house, "TIMELINE_NOTE")]
        assert texts == [
            "the database failed over at 12:10",
            "the database failed over at 12:20",
            "12:20 is right: the replica says so",
        ]
        assert office.unanswered() == []

    _play(story)


def test_a_message_on_the_timeline_that_gets_other_words_is_corrected_there() -> None:
    """T8: nobody has to mark it again; what is not on the timeline stays away from it."""

    async def story(house: House, office: Office) -> None:
        room = house.rooms[0].id
        update = await _say(office, IC, "We have identified the cause and are rolling back.")
        noted, other = await _say(office, LEAD, "it began at 12:10"), await _say(office, LEAD, "lunch?")
        office.people.pin(LEAD, room, noted)
        await office.settle()
        office.people.edit(IC, room, update, "We have identified the cause and rolled back.")
        office.people.edit(LEAD, room, noted, "it began at 12:20")
        office.people.edit(LEAD, room, other, "lunch at one?")
        await office.settle()
        events = await _events(house, "STATUS_UPDATE", "TIMELINE_NOTE")
        assert [(event.details["text"], event.details["how"], event.actor) for event in events[-4:]] == [
            ("We have identified the cause and are rolling back.", "message", f"slack:{IC}"),
            ("it began at 12:10", "pin", f"slack:{LEAD}"),
            ("We have identified the cause and rolled back.", "edit", f"slack:{IC}"),
            ("it began at 12:20", "edit", f"slack:{LEAD}"),
        ]
        incident = await house.incident()
        lines = said(incident, await house.trail(), "")
        assert sum("Correction by" in line for line in lines) == 2

    _play(story)


def test_an_answer_in_a_thread_is_kept_with_its_words() -> None:
    async def story(house: House, office: Office) -> None:
        room = house.rooms[0].id
        question = await _say(office, LEAD, "since when?")
        answer = office.people.say(IC, room, "since 12:10 & not before", thread=question)
        office.people.pin(LEAD, room, answer)
        await office.settle()
        [event] = await _events(house, "TIMELINE_NOTE")
        assert (event.details["author"], event.details["text"]) == (IC, "since 12:10 & not before")

    _play(story)


def test_what_slack_does_not_show_at_once_is_kept_when_it_does() -> None:
    """P-loud"""

    async def story(house: House, office: Office) -> None:
        ts = await _say(office, LEAD, "remember this")
        house.faults["slack"].add(Kind.ERROR, times=4, match="conversations.history")
        office.people.pin(LEAD, house.rooms[0].id, ts)
        await office.settle()
        await clock.sleep(5 * MINUTE)
        await office.quiet()
        assert [event.details["text"] for event in await _events(house, "TIMELINE_NOTE")] == ["remember this"]
        assert FALLBACK not in str(house.queue.dead)

    _play(story)
