"""The end of an incident: resolved first, one postmortem, one announcement, and a room that closes (D9, S6, S7, T4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.actions import approve_statuspage, rate, reject_statuspage
from app.commands import resolve, silence, status, status_draft
from app.domain import ticket
from app.domain.audit import AuditType
from app.domain.draft import DraftState
from app.domain.gesture import Gesture
from app.domain.incident import Status
from app.domain.people import Human
from app.domain.sweep import Head
from app.domain.ticket import Rating
from app.effects.plain_writer import PlainWriter
from app.errors import Refused, Retry, VendorError, VendorUnavailable
from app.events import archive_due, nudge_due, wrap_up
from app.flows import nudges
from app.sim.faults import Kind
from app.sim.memory_vault import MemoryVault
from tests.factories import command, human
from tests.house import House, play


async def _wrap_up(house: House) -> None:
    body = wrap_up.Body(incident_id=(await house.incident()).id)
    await wrap_up.handle(body, house.resolution)


async def _resolve(house: House, who: str = "U0PRIMARY") -> None:
    """Also while customers still read that it goes on."""
    await resolve.handle(command("resolve now"), human(who), await house.incident(), house.store, house.queue)
    await _wrap_up(house)


async def _draft(house: House, words: str = "Some customers cannot pay.") -> Any:
    incident = await house.incident()
    gesture = command(f"status draft {words}", channel=incident.channel_id or "")
    await status_draft.handle(
        gesture, human(), incident, house.store, house.chat, house.read, PlainWriter(), house.policy, house.catalogue
    )
    return (await house.store.drafts(incident.id))[-1]


def _press(draft: Any) -> Gesture:
    return command("x").model_copy(update={"value": ticket.of(draft), "form": "action"})


async def _approve(house: House, draft: Any, who: Human) -> str:
    answer = await approve_statuspage.handle(
        _press(draft), who, house.store, house.read, house.target, house.chat, house.queue, house.timers, house.policy
    )
    return answer.text


def test_resolve_gives_one_postmortem_one_announcement_and_no_reminder() -> None:
    async def story(house: House) -> None:
        await house.fire()
        await _resolve(house)
        incident = await house.incident()
        assert (incident.status, incident.resolved_by) == (Status.RESOLVED, "slack:U0PRIMARY")
        [issue] = house.linear.issues.values()
        assert incident.postmortem is not None
        assert incident.postmortem.identifier in " ".join(house.texts(house.rooms[0].id))
        assert "War room created" in issue["description"]  # S6: its timeline is the audit trail
        assert [name for name in house.timers.schedules if "nudge" in name] == []

    play(story)


def test_a_vault_that_is_away_keeps_no_room_open_and_gets_the_head_later() -> None:
    """G7: it is tried again until the trail's head is out of reach, and nothing is left behind then."""

    async def story(house: House) -> None:
        await house.fire()
        await _resolve(house)
        incident = await house.incident()
        away = replace(house.archive, vault=Away())
        with pytest.raises(VendorUnavailable):
            await archive_due.handle(archive_due.Body(incident_id=incident.id), away)
        assert [room.archived for room in house.rooms] == [True]
        assert [name for name in house.timers.schedules if "archive" in name]
        assert house.vault.heads == {}
        await archive_due.handle(archive_due.Body(incident_id=incident.id), house.archive)
        [head] = [kept.head for kept in await house.vault.kept()]
        [last] = [event for event in await house.trail() if event.hash == head.hash]
        assert (last.type, last.seq) == (AuditType.WAR_ROOM_ARCHIVED, head.seq)
        assert [name for name in house.timers.schedules if "archive" in name] == []

    play(story)


class Away(MemoryVault):
    async def keep(self, incident_id: str, head: Head) -> None:
        raise VendorUnavailable("S3", "PutObject", f"no answer for {incident_id} {head.seq}")


def test_the_room_stays_for_as_long_as_it_is_told_to() -> None:
    """T4: there is time to rate, and to read up."""

    async def story(house: House) -> None:
        await house.fire()
        await _resolve(house)
        [archive] = [schedule for name, schedule in house.timers.schedules.items() if "archive" in name]
        assert archive.next >= clock.now() + house.policy.archive_delay - timedelta(minutes=1)

    play(story)


def test_the_pinned_checklist_follows_what_happens() -> None:
    """S5: it says what is so, not what was so when it was pinned."""

    async def story(house: House) -> None:
        await house.fire()
        [pinned] = house.rooms[0].pins

        def ticked(what: str) -> bool:
            post = house.rooms[0].post(pinned)
            assert post is not None
            return f":white_check_mark: {what}" in str(post.blocks)

        assert ticked("War room assembled")
        assert not ticked("A text for customers is drafted")
        draft = await _draft(house)
        assert ticked("A text for customers is drafted")
        assert not ticked("Customers are told")
        await _approve(house, draft, human())
        assert ticked("Customers are told")
        assert not ticked("The postmortem draft is filed")
        await _resolve(house)
        assert ticked("The postmortem draft is filed")

    play(story)


def test_resolving_twice_is_once() -> None:
    """D9."""

    async def story(house: House) -> None:
        await house.fire()
        await _resolve(house)
        said = house.texts(house.rooms[0].id)
        answer = await resolve.handle(
            command("resolve"), human("U0LEAD"), await house.incident(), house.store, house.queue
        )
        await _wrap_up(house)
        assert "was resolved" in answer.text
        assert len(house.linear.issues) == 1
        assert house.texts(house.rooms[0].id) == said
        assert (await house.types()).count("INCIDENT_RESOLVED") == 1

    play(story)


def test_only_the_commander_resolves_and_others_are_told_kindly() -> None:
    async def story(house: House) -> None:
        await house.fire()
        with pytest.raises(Refused, match="Take command"):
            await resolve.handle(command("resolve"), human("U0LEAD"), await house.incident(), house.store, house.queue)
        assert (await house.incident()).status is Status.ACTIVE
        assert "COMMAND_REFUSED" in await house.types()

    play(story)


def test_with_linear_down_the_resolution_stands_and_the_filing_is_tried_until_it_works() -> None:
    async def story(house: House) -> None:
        await house.fire()
        house.faults["linear"].add(Kind.ERROR)
        with pytest.raises(Retry):
            await _resolve(house)
        assert (await house.incident()).status is Status.RESOLVED
        assert any("not filed yet" in text for text in house.texts(house.rooms[0].id))
        for _ in range(2):
            await clock.sleep(40)
            try:
                await _wrap_up(house)
            except Retry:
                continue
        assert any("wrap-up" in name for name in house.timers.schedules)  # it comes back by itself
        house.faults["linear"].clear()
        await clock.sleep(60)
        await _wrap_up(house)
        assert len(house.linear.issues) == 1
        assert any("The postmortem draft is filed" in text for text in house.texts(house.rooms[0].id))

    play(story)


def test_an_issue_whose_creation_was_not_answered_is_not_created_twice() -> None:
    """D9."""

    async def story(house: House) -> None:
        await house.fire()
        house.faults["linear"].add(Kind.COMMIT_THEN_TIMEOUT, times=1)
        try:
            await _resolve(house)
        except (Retry, VendorError):
            await clock.sleep(40)
            house.boot()
            await _wrap_up(house)
        assert len(house.linear.issues) == 1
        assert (await house.incident()).postmortem is not None

    play(story)


def test_a_late_alert_does_not_bring_a_resolved_incident_back() -> None:
    """D2."""

    async def story(house: House) -> None:
        await house.fire()
        at = (await house.incident()).alert.at
        await _resolve(house)
        await house.fire(at=at)
        assert (await house.incident()).status is Status.RESOLVED

    play(story)


def test_an_open_public_incident_asks_for_its_last_word_and_keeps_the_room_until_it_is_decided() -> None:
    """S7, T4."""

    async def story(house: House) -> None:
        await house.fire()
        await _approve(house, await _draft(house), human())
        await clock.sleep(1)
        await _resolve(house)
        incident = await house.incident()
        last = (await house.store.drafts(incident.id))[-1]
        assert (last.state, last.text.status.value) == (DraftState.PENDING_APPROVAL, "resolved")
        await clock.sleep(25 * 3600)
        await house.archive.close(incident.id)
        assert [room.archived for room in house.rooms] == [False]
        await reject_statuspage.handle(_press(last), human(), house.store, house.chat)
        await house.archive.close(incident.id)
        assert [room.archived for room in house.rooms] == [True]
        assert {name.split("-")[2] for name in house.timers.schedules} == {"rating", "sla"}  # need no room
        assert len(house.page.incidents) == 1

    play(story)


def test_the_last_word_once_approved_closes_the_public_incident() -> None:
    """S7: the page does not stay at "investigating" for ever."""

    async def story(house: House) -> None:
        await house.fire()
        await _approve(house, await _draft(house), human())
        await clock.sleep(1)
        await _resolve(house)
        last = (await house.store.drafts((await house.incident()).id))[-1]
        await _approve(house, last, human())
        [public] = house.page.incidents.values()
        assert public["status"] == "resolved"

    play(story)


def test_the_room_is_told_and_the_person_answered_when_the_outcome_is_unknown() -> None:
    """D7, D8."""

    async def story(house: House) -> None:
        await house.fire()
        draft = await _draft(house)
        house.faults["page"].add(Kind.COMMIT_THEN_TIMEOUT, times=1, match="POST")
        answer = await _approve(house, draft, human())
        assert "has not answered" in answer
        assert any("UNKNOWN" in text for text in house.texts(house.rooms[0].id))
        assert any("settle_publish" in message.text for message in house.queue.messages)

    play(story)


def test_while_statuspage_takes_its_time_the_room_sees_the_text_as_approved() -> None:
    """P-loud: customers may be reading it already; the card does not say that nothing is published."""

    async def story(house: House) -> None:
        await house.fire()
        draft = await _draft(house)
        house.faults["page"].add(Kind.LATENCY, seconds=5, match="POST")
        await _approve(house, draft, human())
        card = house.rooms[0].post(draft.message_ts)
        assert card is not None
        said = [str(version["blocks"]) for version in card.before] + [str(card.blocks)]
        assert ["on its way to Statuspage" in one for one in said] == [False, True, False]
        assert "PUBLISHED" in said[-1]

    play(story)


def test_what_slack_escaped_is_published_as_it_was_typed() -> None:
    async def story(house: House) -> None:
        await house.fire()
        draft = await _draft(house, "Cards &amp; vouchers fail for orders &gt; 100.")
        assert draft.text.body == "Cards & vouchers fail for orders > 100."

    play(story)


def test_the_card_of_a_drill_says_that_it_cannot_be_published() -> None:
    """S9."""

    async def story(house: House) -> None:
        await house.fire(labels={"severity": "critical", "drill": "true"})
        draft = await _draft(house)
        card = house.rooms[0].post(draft.message_ts)
        assert card is not None
        assert "this is a drill" in str(card.blocks)

    play(story)


def test_slack_failing_after_a_good_publish_is_told_as_what_it_is() -> None:
    """D8: published is published, whatever Slack does afterwards."""

    async def story(house: House) -> None:
        await house.fire()
        draft = await _draft(house)
        house.faults["slack"].add(Kind.ERROR)
        answer = await _approve(house, draft, human())
        assert answer.startswith("Published.")
        assert "could not be told" in answer
        assert len(house.page.writes) == 1

    play(story)


def test_silencing_says_what_the_scheduler_did() -> None:
    """S2: nobody is told that reminders are off when they are not."""

    async def story(house: House) -> None:
        await house.fire()
        house_timers = house.timers.schedules
        incident = await house.incident()
        with pytest.raises(Refused, match="Take command"):
            await silence.handle(command("silence"), human("U0LEAD"), incident, house.store, house.timers, house.chat)
        await silence.handle(command("silence"), human(), incident, house.store, house.timers, house.chat)
        assert not any(schedule.enabled for name, schedule in house_timers.items() if "nudge" in name)
        assert (await house.types()).count("NUDGES_SILENCED") == 1

    play(story)


def test_silencing_what_is_not_scheduled_is_refused() -> None:
    """S2."""

    async def story(house: House) -> None:
        await house.fire()
        house.timers.schedules.clear()
        with pytest.raises(Refused, match="no reminders"):
            await silence.handle(
                command("silence"), human(), await house.incident(), house.store, house.timers, house.chat
            )
        assert not (await house.incident()).nudges_silenced

    play(story)


def test_a_reminder_reaches_the_commander_alone_and_none_after_the_end() -> None:
    """T1, T3."""

    async def story(house: House) -> None:
        await house.fire()
        room = house.texts(house.rooms[0].id)
        await clock.sleep(16 * 60)
        for message in house.timers.due():
            await nudge_due.handle(
                nudge_due.Body.model_validate_json(message.body),
                house.store,
                house.timers,
                house.chat,
                house.policy,
            )
        direct = house.slack.workspace.direct("U0PRIMARY")
        assert len(direct.posts) == 1
        assert house.texts(house.rooms[0].id) == room
        incident = await house.incident()
        await _resolve(house)
        name = next(iter([s for s in house.timers.schedules if "nudge" in s]), None)
        assert name is None
        await clock.sleep(16 * 60)
        await nudges.remind(house.store, house.timers, house.chat, house.policy, await house.incident(), "late")
        assert len(direct.posts) == 1
        assert incident.ic == "U0PRIMARY"

    play(story)


def test_publishing_sets_the_reminder_anew() -> None:
    """T1."""

    async def story(house: House) -> None:
        await house.fire()
        await clock.sleep(10 * 60)
        await _approve(house, await _draft(house), human())
        [schedule] = [one for name, one in house.timers.schedules.items() if "nudge" in name]
        assert schedule.next - clock.now() > timedelta(minutes=14)

    play(story)


def test_a_rating_counts_once_per_person_and_may_change() -> None:
    async def story(house: House) -> None:
        await house.fire()
        await _resolve(house)
        incident = await house.incident()
        for stars in (5, 5, 4):
            value = Rating(incident=incident.id, stars=stars).model_dump_json()
            await rate.handle(command("x").model_copy(update={"value": value}), human(), house.store)
        assert (await house.incident()).ratings == {"U0PRIMARY": 4}
        assert (await house.types()).count("RATING_GIVEN") == 2

    play(story)


def test_status_says_what_is_so() -> None:
    async def story(house: House) -> None:
        await house.fire()
        said = str(await status.handle(await house.incident(), house.store, house.timers))
        assert "U0PRIMARY" in said
        assert "nothing published" in said
        assert "*Reminders* on" in said

    play(story)


def test_a_drill_files_nothing_in_linear() -> None:
    """S9."""

    async def story(house: House) -> None:
        await house.fire(labels={"severity": "critical", "drill": "true"})
        await _resolve(house)
        assert house.linear.issues == {}
        assert any("this was a drill" in text for text in house.texts(house.rooms[0].id))

    play(story)
