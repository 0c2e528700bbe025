"""Who is there, who commands, and what happens when nobody does: as the people in the room see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from app import clock
from app.domain.audit import AuditEvent
from app.sim import cast
from app.sim.faults import Kind
from app.sim.slack_delivery import Gesture
from app.sim.slack_state import Post, User
from app.sim.virtual_time import run
from app.sim.workos import user as directory_user
from tests.factories import IC
from tests.house import FALLBACK, House
from tests.office import Office

SECONDARY, LEAD, ENGINEER, BYSTANDER = "U0SECONDARY", "U0LEAD", "U0ENGINEER", "U0BYSTANDER"


def _play(story: Callable[[House, Office], Awaitable[None]], *, attempts: int = 100, **policy: Any) -> None:
    async def whole() -> None:
        house = House(**{"archive_delay": timedelta(hours=1), **policy})
        async with Office(house, attempts=attempts) as office:
            await office.fire()
            await office.quiet()
            await story(house, office)

    run(whole())


async def _say(office: Office, user: str, words: str) -> str:
    """A command, and what its speaker was answered."""
    await office.command(user, words)
    await office.quiet()
    workspace = office.house.slack.workspace
    return next(whisper.text for whisper in reversed(workspace.whispers) if whisper.user == user)


async def _direct(office: Office, user: str, button: str) -> Gesture:
    """The newest button of that name in the app's conversation with this person."""
    room = office.house.slack.workspace.direct(user)
    post: Post = await office.until(lambda: next((p for p in reversed(room.posts) if button in str(p.blocks)), None))
    gesture = await office.people.click(user, room.id, post.ts, button)
    await office.quiet()
    return gesture


async def _leave(office: Office, user: str) -> None:
    office.people.leave(user, office.house.rooms[-1].id)
    await _soon(office)


async def _soon(office: Office) -> None:
    """What Slack tells of its own accord is on its way for a moment."""
    await clock.sleep(5)
    await office.quiet()


async def _ic(house: House) -> str | None:
    return (await house.incident()).ic


async def _events(house: House, kind: str) -> list[AuditEvent]:
    return [event for event in await house.trail() if event.type == kind]


def _told(house: House, user: str) -> str:
    return " ".join(house.texts(house.slack.workspace.direct(user).id))


def _room(house: House) -> str:
    return " ".join(house.texts(house.rooms[-1].id))


# ---------------------------------------------------------------- handoff


def test_command_goes_over_when_the_other_side_accepts_and_not_before() -> None:
    async def story(house: House, office: Office) -> None:
        await _say(office, IC, f"handoff <@{LEAD}|lead>")
        assert await _ic(house) == IC
        assert f"<@{IC}> offers command to <@{LEAD}>" in _room(house)
        assert "*Here*" in _told(house, LEAD)  # the capsule
        await _direct(office, LEAD, "accept_handoff")
        assert await _ic(house) == LEAD
        assert f"<@{LEAD}>" in house.texts(house.rooms[0].id)[0]  # the header
        assert f"<@{LEAD}> commands this incident now" in _room(house)
        accepted = [event.type.value for event in await house.trail() if event.actor == f"slack:{LEAD}"]
        assert accepted == ["HANDOFF_ACCEPTED", "IC_ASSIGNED"]

    _play(story)


def test_a_declined_handoff_leaves_command_where_it_is_and_is_told() -> None:
    async def story(house: House, office: Office) -> None:
        await _say(office, IC, f"handoff <@{LEAD}>")
        await _direct(office, LEAD, "decline_handoff")
        assert await _ic(house) == IC
        assert f"<@{LEAD}> declined. <@{IC}>: you command this incident still" in _room(house)
        await _direct(office, LEAD, "accept_handoff")
        assert await _ic(house) == IC
        assert "does not stand any more" in _told(house, LEAD) + str(house.slack.workspace.whispers)

    _play(story)


def test_a_later_offer_replaces_the_one_before_and_its_buttons_are_refused() -> None:
    """G2: a button is about the offer that it was shown with."""

    async def story(house: House, office: Office) -> None:
        await _say(office, IC, f"handoff <@{LEAD}>")
        await _say(office, IC, f"handoff <@{ENGINEER}>")
        await _direct(office, LEAD, "accept_handoff")
        assert await _ic(house) == IC
        await _direct(office, ENGINEER, "accept_handoff")
        assert await _ic(house) == ENGINEER
        assert len(await _events(house, "HANDOFF_CANCELLED")) == 1

    _play(story)


def test_an_offer_made_anew_to_the_same_person_is_accepted_with_its_own_button_alone() -> None:
    """G2."""

    async def story(house: House, office: Office) -> None:
        for _ in range(2):
            await _say(office, IC, f"handoff <@{LEAD}>")
        direct = house.slack.workspace.direct(LEAD)
        first, second = [post.ts for post in direct.posts if "accept_handoff" in str(post.blocks)]
        for ts, commander in ((first, IC), (second, LEAD)):
            await office.people.click(LEAD, direct.id, ts, "accept_handoff")
            await office.quiet()
            assert await _ic(house) == commander

    _play(story)


def test_who_takes_command_meanwhile_has_it_and_the_offer_is_void() -> None:
    async def story(house: House, office: Office) -> None:
        await _say(office, IC, f"handoff <@{LEAD}>")
        await office.press(ENGINEER, "take_command")
        await office.quiet()
        await _direct(office, LEAD, "accept_handoff")
        assert await _ic(house) == ENGINEER
        [void] = await _events(house, "HANDOFF_CANCELLED")
        assert void.details["to"] == LEAD

    _play(story)


@pytest.mark.parametrize(
    ("who", "words", "why"),
    [
        (LEAD, f"handoff <@{ENGINEER}>", "only the incident commander can hand it over"),
        (IC, "handoff", "Mention one person"),
        (IC, f"handoff <@{LEAD}> <@{ENGINEER}>", "Mention one person"),
        (IC, "handoff me", "name somebody else"),
        (IC, "handoff <@U0NOBODY>", "could not be invited"),
        (IC, "handoff <@U0FORMER>", "could not be invited"),
        (IC, f"handoff <@{cast.BOT_USER_ID}>", "could not be invited"),
    ],
)
def test_a_handoff_that_cannot_be_is_refused_with_the_reason(who: str, words: str, why: str) -> None:
    """P-people: somebody whom Slack does not know is nobody."""

    async def story(house: House, office: Office) -> None:
        assert why in await _say(office, who, words)
        assert await _events(house, "HANDOFF_OFFERED") == []
        assert await _ic(house) == IC

    _play(story)


def test_the_capsule_is_a_dozen_lines_at_most_whatever_is_in_the_alert() -> None:
    """T5: and pings nobody."""

    async def story(house: House, office: Office) -> None:
        await office.fire("G2", title="<!channel>\n" * 50, summary="line\n" * 500 + "<@U0LEAD>")
        await office.quiet()
        for words in (f"role deputy <@{LEAD}>", "status draft Card payments fail for some."):
            await office.command(IC, words)
            await office.quiet()
        await office.press(IC, "approve_statuspage")
        await office.quiet()
        await office.command(IC, "brief")
        await office.quiet()
        capsule = str(house.slack.workspace.whispers[-1].blocks[0]["text"]["text"])
        assert len(capsule.splitlines()) <= 12
        assert "<!channel>" not in capsule
        assert "Card payments fail for some." in capsule
        assert f"*Deputy* <@{LEAD}>" in capsule
        assert f"*Here* <@{IC}>" in capsule

    _play(story)


# ---------------------------------------------------------------- roles and guests


def test_a_role_is_given_shown_in_the_header_and_on_record() -> None:
    async def story(house: House, office: Office) -> None:
        await _say(office, LEAD, "role scribe me")
        await _say(office, IC, f"role comms <@{BYSTANDER}>")
        assert f"*Comms* <@{BYSTANDER}> · *Scribe* <@{LEAD}>" in house.texts(house.rooms[0].id)[0]
        assert BYSTANDER in house.rooms[0].members
        assert [event.details["role"] for event in await _events(house, "ROLE_ASSIGNED")] == ["scribe", "comms"]
        assert f"*Scribe* <@{LEAD}>" in await _say(office, IC, "role")

    _play(story)


@pytest.mark.parametrize("words", ["role deputy", "role king <@U0LEAD>", "role deputy <@U0NOBODY>", "role deputy me"])
def test_a_role_that_cannot_be_is_refused(words: str) -> None:
    async def story(house: House, office: Office) -> None:
        await _say(office, IC, words)
        assert (await house.incident()).roles == {}

    _play(story)


def test_an_invitation_names_whom_it_could_not_find_and_brings_the_others() -> None:
    """P-people, P-loud."""

    async def story(house: House, office: Office) -> None:
        words = f"invite <@{BYSTANDER}|bystander> <mailto:nobody@example.com|nobody@example.com> @nowhere <@{LEAD}>"
        answer = await _say(office, IC, words)
        assert f"invited: <@{BYSTANDER}>" in answer
        assert f"here already: <@{LEAD}>" in answer
        assert "nobody@example.com: Slack knows nobody" in answer
        assert "nowhere: nobody is on call for a team of that name" in answer
        [asked] = [event for event in await _events(house, "RESPONDER_INVITED") if event.actor == f"slack:{IC}"]
        assert (asked.details["slack_id"], asked.details["source"]) == (BYSTANDER, "request")
        assert len(await _events(house, "RESPONDER_NOT_INVITED")) == 2

    _play(story)


def test_a_team_is_who_is_on_call_for_it_now_and_its_group_in_the_directory() -> None:
    """S4: each source fails alone, and is said."""

    async def story(house: House, office: Office) -> None:
        for user in (SECONDARY, LEAD, ENGINEER):
            await _leave(office, user)
        house.faults["oncall"].add(Kind.ERROR)
        answer = await _say(office, IC, f"invite {cast.TEAM}")
        assert f"invited: <@{LEAD}>, <@{ENGINEER}>" in answer
        assert f"{cast.TEAM}, on-call schedule: " in answer
        [failed] = await _events(house, "DIRECTORY_LOOKUP_FAILED")
        assert (failed.actor, failed.details["source"]) == (f"slack:{IC}", "on-call schedule")
        house.faults["oncall"].clear()
        await clock.sleep(60)
        answer = await _say(office, IC, f"invite @{cast.TEAM}")
        assert f"invited: <@{SECONDARY}>" in answer

    _play(story)


def test_of_a_team_of_hundreds_as_many_are_invited_as_one_transaction_records() -> None:
    """P-audit, P-loud."""

    async def story(house: House, office: Office) -> None:
        await clock.sleep(6 * 60)  # what the directory said is kept for five minutes
        group = house.workos.groups[cast.WORKOS_GROUP]
        for number in range(200):
            group.append(directory_user(100 + number, "Engineer", f"engineer-{number}@example.com"))
            house.slack.workspace.users[f"U{number}"] = User(f"U{number}", "Engineer", f"engineer-{number}@example.com")
        answer = await _say(office, IC, f"invite {cast.TEAM}")
        assert "<@U20>" in answer
        assert "more: 30 at once are enough" in answer

    _play(story)


def test_a_team_with_blanks_in_its_name_is_asked_for_in_quotes() -> None:
    async def story(house: House, office: Office) -> None:
        await _leave(office, LEAD)
        house.directory._team_groups = {"Checkout Team": cast.WORKOS_GROUP}
        assert "a name with blanks goes in quotes" in await _say(office, IC, "invite Checkout Team")
        assert f"invited: <@{LEAD}>" in await _say(office, IC, "invite “Checkout Team”")

    _play(story)


# ---------------------------------------------------------------- nobody is here


def test_with_nobody_here_the_next_on_call_is_told_and_then_the_fallback_channel() -> None:
    async def story(house: House, office: Office) -> None:
        await clock.sleep(4 * 60)
        assert "nobody is here" in _told(house, SECONDARY)
        assert "nobody is here" not in " ".join(house.texts(FALLBACK))
        await clock.sleep(20 * 60)
        assert "nobody is here" in " ".join(house.texts(FALLBACK))
        steps = await _events(house, "NOBODY_HERE_ESCALATED")
        assert [step.details["told"] for step in steps] == [SECONDARY, FALLBACK]
        assert not [name for name in house.timers.schedules if "attendance" in name]

    _play(story)


def test_somebody_here_but_nobody_in_command_is_an_alarm_two_minutes_later() -> None:
    async def story(house: House, office: Office) -> None:
        await _say(office, LEAD, "help")
        await clock.sleep(3.5 * 60)
        assert await _events(house, "NOBODY_HERE_ESCALATED") == []
        await clock.sleep(2.5 * 60)
        [step] = await _events(house, "NOBODY_HERE_ESCALATED")
        assert (step.details["told"], step.details["why"]) == (SECONDARY, "nobody took command")
        await _direct(office, SECONDARY, "take_command")
        assert await _ic(house) == SECONDARY
        await clock.sleep(20 * 60)
        assert len(await _events(house, "NOBODY_HERE_ESCALATED")) == 1

    _play(story)


def test_a_commander_who_gives_a_sign_of_life_ends_the_watch() -> None:
    async def story(house: House, office: Office) -> None:
        await clock.sleep(60)
        office.people.say(IC, house.rooms[0].id, "Looking.")
        await clock.sleep(30 * 60)
        assert await _events(house, "NOBODY_HERE_ESCALATED") == []
        [seen] = await _events(house, "RESPONDER_SEEN")
        assert seen.details["slack_id"] == IC

    _play(story)


def test_who_cannot_be_reached_is_no_reason_to_tell_nobody() -> None:
    """P-loud."""

    async def story(house: House, office: Office) -> None:
        house.faults["slack"].add(Kind.ERROR, match="chat.postMessage", times=6)
        await clock.sleep(30 * 60)
        told = [step.details["told"] for step in await _events(house, "NOBODY_HERE_ESCALATED")]
        assert FALLBACK in told
        assert not [name for name in house.timers.schedules if "attendance" in name]

    _play(story)


@pytest.mark.parametrize("fallback", [None, "C0NOWHERE"])
def test_with_nobody_left_to_tell_the_alarm_does_not_end_in_silence(fallback: str | None) -> None:
    """P-loud, S3: no fallback channel, or one that Slack does not know: the log, the trail and the room say so."""

    async def story(house: House, office: Office) -> None:
        with capture_logs() as lines:
            await clock.sleep(60 * 60)
        assert "nobody is here" in _told(house, SECONDARY)
        [end] = await _events(house, "NOBODY_LEFT_TO_TELL")
        assert end.details["why"] == "nobody is here"
        assert list(end.details["not_reached"]) == ([fallback] if fallback else [])
        loud = [line for line in lines if line["event"] == "alarm_unheard" and line["alarm"] == "nobody_commands"]
        assert [line["log_level"] for line in loud] == ["error"]
        said = [text for text in house.texts(house.rooms[0].id) if "*Nobody is here*, and nobody is left" in text]
        assert len(said) == 1
        assert ("SLACK_FALLBACK_CHANNEL" in _room(house)) is (fallback is None)
        assert not [name for name in house.timers.schedules if "attendance" in name]

    _play(story, fallback_channel=fallback, answer_within=timedelta(hours=9))


def test_an_alarm_that_ended_is_raised_anew_when_the_next_commander_leaves() -> None:
    async def story(house: House, office: Office) -> None:
        await clock.sleep(20 * 60)
        assert len(await _events(house, "NOBODY_LEFT_TO_TELL")) == 1
        await office.press(LEAD, "take_command")
        await office.quiet()
        await _leave(office, LEAD)
        await clock.sleep(20 * 60)
        assert len(await _events(house, "NOBODY_LEFT_TO_TELL")) == 2

    _play(story, fallback_channel=None)


# ---------------------------------------------------------------- the commander leaves


def test_the_deputy_who_is_here_takes_over_at_once() -> None:
    async def story(house: House, office: Office) -> None:
        await _say(office, IC, f"role deputy <@{LEAD}>")
        office.people.say(LEAD, house.rooms[0].id, "Here.")
        await _leave(office, IC)
        assert await _ic(house) == LEAD
        assert (await house.incident()).roles == {}
        assert await _events(house, "COMMAND_VACANT") == []
        assert f"<@{LEAD}> commands this incident now" in _room(house)

    _play(story)


@pytest.mark.parametrize("deputy", [None, LEAD])
def test_without_a_deputy_who_is_here_command_is_vacant_and_that_is_an_alarm(deputy: str | None) -> None:
    async def story(house: House, office: Office) -> None:
        await _say(office, IC, f"role deputy <@{deputy}>" if deputy else "status")
        await _leave(office, IC)
        assert await _ic(house) is None
        assert "nobody commands" in _room(house)
        assert "nobody yet" in house.texts(house.rooms[0].id)[0]
        assert "the incident commander left the room" in _told(house, SECONDARY)
        [vacant] = await _events(house, "COMMAND_VACANT")
        assert vacant.details["before"] == IC
        await office.press(ENGINEER, "take_command")
        await office.quiet()
        await clock.sleep(20 * 60)
        assert len(await _events(house, "NOBODY_HERE_ESCALATED")) == 1

    _play(story)


def test_a_word_of_slack_that_comes_late_changes_nothing() -> None:
    """D2: they left and came back before we heard that they had left."""

    async def story(house: House, office: Office) -> None:
        await _say(office, IC, "status")
        room = house.rooms[0].id
        office.people.leave(IC, room)
        office.people.add(LEAD, room, IC)
        await _soon(office)
        assert await _ic(house) == IC
        assert await _events(house, "COMMAND_VACANT") == []

    _play(story)


def test_a_commander_whose_leaving_slack_told_nobody_is_missed_all_the_same() -> None:
    """P-loud: an event of Slack's may be lost."""

    async def story(house: House, office: Office) -> None:
        house.rooms[0].members.remove(IC)
        await clock.sleep(4 * 60)
        assert await _ic(house) is None
        assert len(await _events(house, "COMMAND_VACANT")) == 1
        assert "the incident commander left the room" in _told(house, SECONDARY)

    _play(story)


def test_while_slack_is_away_nobody_is_told_and_afterwards_somebody_is() -> None:
    """P-loud: whoever looks after the room comes back, however long Slack does not answer."""

    async def story(house: House, office: Office) -> None:
        house.faults["slack"].add(Kind.ERROR)
        await clock.sleep(30 * 60)
        house.faults["slack"].clear()
        await clock.sleep(10 * 60)
        assert "nobody is here" in _told(house, SECONDARY)

    _play(story, attempts=6)


def test_a_commander_who_was_here_and_left_unheard_is_missed_with_the_next_reminder() -> None:
    """P-loud: nobody watches a room any more whose commander was there, so whoever would be reminded is looked for."""

    async def story(house: House, office: Office) -> None:
        await _say(office, IC, "status")
        await clock.sleep(6 * 60)
        house.rooms[0].members.remove(IC)
        await clock.sleep(10 * 60)
        assert await _ic(house) is None
        assert "the incident commander left the room" in _told(house, SECONDARY)
        assert "NUDGE_SENT" in await house.types()
        assert "nobody commands" in _room(house)

    _play(story)


def test_an_incident_that_opens_again_waits_for_people_anew() -> None:
    """L3: whoever was here then need not be here now."""

    async def story(house: House, office: Office) -> None:
        await _say(office, IC, "resolve")
        await clock.sleep(5 * 60)
        await office.fire()
        await office.quiet()
        assert (await house.incident()).open
        await clock.sleep(5 * 60)
        assert "nobody is here" in _told(house, SECONDARY)
        office.people.say(IC, house.rooms[0].id, "Again?")
        await clock.sleep(20 * 60)
        assert len(await _events(house, "NOBODY_HERE_ESCALATED")) == 1

    _play(story)


def test_nobody_is_missed_after_the_end() -> None:
    """S10: and no schedule is left behind."""

    async def story(house: House, office: Office) -> None:
        await _say(office, IC, "resolve")
        await _leave(office, IC)
        await clock.sleep(30 * 60)
        assert await _ic(house) == IC
        assert await _events(house, "COMMAND_VACANT") == []
        assert await _events(house, "NOBODY_HERE_ESCALATED") == []
        assert not [name for name in house.timers.schedules if "attendance" in name]

    _play(story)
