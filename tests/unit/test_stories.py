"""What people meet at the edges: late words, late events, hostile texts, editors that do not open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.domain.alert import AlertEvent
from app.domain.change import Change
from app.domain.draft import BODY_MAX, DraftState
from app.domain.incident import Incident, Status
from app.errors import Unknown
from app.sim import memory_queue
from app.sim.faults import Kind
from app.sim.memory_store import MemoryStore
from app.sim.virtual_time import run
from tests.factories import IC
from tests.house import House
from tests.office import Office

# Buttons that do what a command does.
LIKE_COMMANDS = {"silence_nudges", "resume_nudges", "resolve_now", "resolve_incident"}
OF_TWO_ROOMS = {"declare", "split"}  # another room comes of them: they have stories of their own
# Nothing that changes anything: the trail is of what was done, and these only look.
READS = {"help", "status", "checklist", "brief", "edit_statuspage"}


@pytest.fixture(autouse=True)
def _the_queue_looks_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_queue, "_LOOK_S", 2.0)


def _play(story: Callable[[House, Office], Awaitable[None]], **policy: Any) -> None:
    async def whole() -> None:
        house = House(**{"archive_delay": timedelta(hours=1), **policy})
        async with Office(house) as office:
            await office.fire()
            await office.quiet()
            await story(house, office)

    run(whole())


def _drafts(house: House) -> list[DraftState]:
    return [draft.state for draft in house.store.texts.values()]


async def _draft(office: Office, words: str = "We look into failing payments.", by: str = IC) -> None:
    await office.command(by, f"status draft {words}")
    await office.quiet()


async def _press(office: Office, button: str, by: str = IC) -> None:
    await office.press(by, button)
    await office.quiet()


def test_a_text_published_after_the_resolution_is_followed_by_the_question_for_the_last_word() -> None:
    """S7: it was pending, or UNKNOWN, when the incident was resolved, and opened the public incident behind it."""

    async def story(house: House, office: Office) -> None:
        await _draft(office)
        house.faults["page"].add(Kind.COMMIT_THEN_TIMEOUT, times=1, match="POST")
        await office.press(IC, "approve_statuspage")
        await office.command(IC, "resolve")
        await office.quiet()
        assert _drafts(house) == [DraftState.PUBLISHED, DraftState.PENDING_APPROVAL]
        await _press(office, "approve_statuspage")
        [public] = house.page.incidents.values()
        assert public["status"] == "resolved"

    _play(story)


def test_a_resolution_told_to_nobody_is_told_when_slack_is_back() -> None:
    """S7, P-loud: that Linear and the schedules are done does not mean that the room knows."""

    async def story(house: House, office: Office) -> None:
        await _draft(office)
        await _press(office, "approve_statuspage")
        house.faults["slack"].add(Kind.ERROR, match="chat.postMessage")
        await office.command(IC, "resolve now")
        await office.until(lambda: any("wrap-up" in name for name in house.timers.schedules))
        house.faults["slack"].clear()
        await clock.sleep(15 * 60)
        await office.quiet()
        said = " ".join(house.texts(house.rooms[0].id))
        assert "*Resolved* by" in said
        assert _drafts(house) == [DraftState.PUBLISHED, DraftState.PENDING_APPROVAL]

    _play(story)


def test_the_room_stays_until_the_link_to_the_postmortem_was_in_it() -> None:
    """T4."""

    async def story(house: House, office: Office) -> None:
        house.faults["linear"].add(Kind.ERROR)
        await office.command(IC, "resolve")
        await clock.sleep(3 * 3600)
        assert [room.archived for room in house.rooms] == [False]
        assert "the postmortem is not filed yet" in " ".join(house.texts(house.rooms[0].id))
        house.faults["linear"].clear()
        await clock.sleep(8 * 3600)
        assert [room.archived for room in house.rooms] == [True]
        await clock.sleep(40 * 3600)
        assert house.timers.schedules == {}

    _play(story)


def test_a_failed_last_word_keeps_the_room() -> None:
    """S7: it may be approved anew, and an archived room has no buttons."""

    async def story(house: House, office: Office) -> None:
        await _draft(office)
        house.faults["page"].add(Kind.THROTTLE, seconds=1, match="POST")
        await _press(office, "approve_statuspage")
        await office.command(IC, "resolve now")
        await clock.sleep(2 * 3600)
        assert _drafts(house) == [DraftState.FAILED]
        assert not house.rooms[0].archived

    _play(story)


def test_an_editor_that_slack_did_not_open_is_told_at_once_and_the_next_click_opens() -> None:
    """L7: a click is worth nothing after three seconds, and the next one must not wait behind it."""

    async def story(house: House, office: Office) -> None:
        await _draft(office)
        house.faults["slack"].add(Kind.DROP_BEFORE, times=1, match="views.open")
        await _press(office, "edit_statuspage")
        assert "Press *Edit* again" in house.slack.workspace.whispers[-1].text
        before = clock.wall()
        await _press(office, "edit_statuspage")
        assert len(house.slack.workspace.modals) == 1
        assert clock.wall() - before < 5

    _play(story)


@pytest.mark.parametrize("nasty", ["<!channel> & <@U0LEAD>", "x\n>y\n" * 300, "&" * BODY_MAX, "\u202e\u200bعطل 🔥"])
def test_what_is_approved_was_shown_whole_and_pings_nobody(nasty: str) -> None:
    """G2, T5: nobody approves a text of which they saw only the beginning."""

    async def story(house: House, office: Office) -> None:
        await _draft(office, "x")
        await _press(office, "edit_statuspage")
        await office.people.submit(IC, list(house.slack.workspace.modals)[-1], {"body": nasty})
        await office.quiet()
        draft = list(house.store.texts.values())[-1]
        assert draft.text.body == nasty.strip()
        post = house.rooms[0].post(draft.message_ts or "")
        assert post is not None
        quoted = "".join(block["text"]["text"][1:] for block in post.blocks[2:-2] if block["type"] == "section")
        shown = quoted.replace("\n>", "\n").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        assert draft.text.body in shown
        assert "<!channel>" not in str(post.blocks)

    _play(story)


def test_a_text_too_long_to_be_shown_is_refused_with_the_limit() -> None:
    async def story(house: House, office: Office) -> None:
        await _draft(office, "x" * (BODY_MAX + 1))
        assert "3,000 at most" in house.slack.workspace.whispers[-1].text
        assert _drafts(house) == []

    _play(story)


def test_an_edit_into_nothing_is_refused() -> None:
    """G5: blanks are no text."""

    async def story(house: House, office: Office) -> None:
        await _draft(office)
        await _press(office, "edit_statuspage")
        await office.people.submit(IC, list(house.slack.workspace.modals)[-1], {"body": "  \n "})
        await office.quiet()
        assert _drafts(house) == [DraftState.PENDING_APPROVAL]
        assert "The text was not saved" in " ".join(house.texts(house.slack.workspace.direct(IC).id))

    _play(story)


def test_while_nobody_commands_the_room_is_reminded() -> None:
    """P-loud, T1: there is nobody to tell in private, and silence would look like peace."""

    async def story(house: House, office: Office) -> None:
        [incident] = house.store.incidents.values()
        house.store.incidents[incident.id] = incident.but(ic=None)
        await clock.sleep(16 * 60)
        await office.quiet()
        assert "Nobody commands this incident" in house.texts(house.rooms[0].id)[-1]
        await _press(office, "take_command", by="U0LEAD")
        assert "<@U0LEAD>" in house.texts(house.rooms[0].id)[0]  # the header, not the reminder, follows

    _play(story)


def test_who_takes_command_after_the_resolution_is_shown_to_the_room_too() -> None:
    """P-loud: the last word to customers may still be theirs to approve."""

    async def story(house: House, office: Office) -> None:
        await office.command(IC, "resolve")
        await office.quiet()
        await _press(office, "take_command", by="U0LEAD")
        texts = house.texts(house.rooms[0].id)
        assert "<@U0LEAD>" in texts[0]
        assert "<@U0LEAD> commands this incident now" in texts[-1]

    _play(story)


def test_an_alert_that_got_worse_gets_its_room() -> None:
    """P-loud: it was worth no room when it came first."""

    async def story(house: House, office: Office) -> None:
        await office.fire("G2", labels={"severity": "warning"})
        await office.quiet()
        assert len(house.rooms) == 1
        await clock.sleep(60)
        await office.fire("G2", labels={"severity": "critical"})
        await office.quiet()
        assert len(house.rooms) == 2
        assert (await house.incident("G2")).severity == "P1"

    _play(story)


@pytest.mark.parametrize("event", [AlertEvent.RESOLVED, AlertEvent.ACKNOWLEDGED])
def test_what_is_older_than_the_incident_changes_nothing_and_is_recorded(event: AlertEvent) -> None:
    """D2."""

    async def story(house: House, office: Office) -> None:
        await office.fire(event=event, at=clock.now() - timedelta(hours=1))
        await office.quiet()
        assert (await house.incident()).status is Status.ACTIVE
        assert (await house.types())[-1] == "STALE_EVENT_IGNORED"

    _play(story)


def test_everything_that_is_done_in_a_room_is_in_its_incidents_trail_under_the_persons_name() -> None:
    """T8: and what leaves no trace has done nothing."""

    async def story(house: House, office: Office) -> None:
        done: dict[str, Callable[[], Awaitable[None]]] = {
            "status_draft": lambda: _draft(office, by="U0LEAD"),
            "decline_handoff": lambda: _offered(house, office, "decline_handoff"),
            "accept_handoff": lambda: _offered(house, office, "accept_handoff"),
            "handoff": lambda: _said(office, f"handoff <@{IC}>"),
            "role": lambda: _said(office, f"role deputy <@{IC}>"),
            "invite": lambda: _said(office, "invite bystander@example.com"),
            "take_command": lambda: _taken_back(office),
            "reject_statuspage": lambda: _press(office, "reject_statuspage", "U0LEAD"),
            "edited_statuspage": lambda: _edited(house, office),
            "renew_statuspage": lambda: _renewed(office),
            "approve_statuspage": lambda: _press(office, "approve_statuspage", "U0LEAD"),
            "last_word_first": lambda: _asked_first(house, office),
            "snooze": lambda: _snoozed(house, office),
            "silence": lambda: _said(office, "silence"),
            "resume": lambda: _said(office, "resume"),
            "update": lambda: _said(office, 'update "We rolled back."'),
            "note": lambda: _said(office, 'note "The replica was late."'),
            "tick": lambda: _press(office, "tick:impact", "U0LEAD"),
            "task": lambda: _said(office, "task call the bank"),
            "task_done": lambda: _press(office, "task_done", "U0LEAD"),
            "mitigated": lambda: _said(office, "mitigated"),
            "severity": lambda: _said(office, "severity P2 it calms down"),
            "keep_open": lambda: _kept_open(office),
            "resolve": lambda: _said(office, "resolve now"),
            "rate": lambda: _press(office, "rate:5", "U0LEAD"),
        }
        assert office.gestures == READS | done.keys() | LIKE_COMMANDS | OF_TWO_ROOMS
        for name, do in done.items():
            before = len(await house.trail())
            await do()
            new = (await house.trail())[before:]
            assert "slack:U0LEAD" in {event.actor for event in new}, name

    _play(story)


async def _kept_open(office: Office) -> None:
    await office.fire(event=AlertEvent.RESOLVED, at=clock.now())
    await _press(office, "keep_open", "U0LEAD")


async def _approved(house: House, office: Office, texts: int) -> None:
    """Who reads that it was not published presses again."""
    while _drafts(house).count(DraftState.PUBLISHED) < texts:
        await _press(office, "approve_statuspage", "U0LEAD")


async def _said(office: Office, words: str) -> None:
    await office.command("U0LEAD", words)
    await office.quiet()


async def _offered(house: House, office: Office, answer: str) -> None:
    """The commander offers command, and the lead answers in the direct message."""
    await office.command(IC, "handoff <@U0LEAD>")
    await office.quiet()
    direct = house.slack.workspace.direct("U0LEAD")
    await office.people.click("U0LEAD", direct.id, direct.posts[-1].ts, answer)
    await office.quiet()


async def _taken_back(office: Office) -> None:
    for user in (IC, "U0LEAD"):
        await _press(office, "take_command", user)


async def _renewed(office: Office) -> None:
    await clock.sleep(31 * 60)
    for button in ("approve_statuspage", "renew_statuspage"):  # refused, and then offered
        await _press(office, button, "U0LEAD")


async def _asked_first(house: House, office: Office) -> None:
    await _said(office, "resolve")
    asked = house.slack.workspace.whispers[-1]
    await office.people.click("U0LEAD", asked.channel, asked.ts, "last_word_first")
    await office.quiet()


async def _snoozed(house: House, office: Office) -> None:
    await clock.sleep(16 * 60)
    direct = house.slack.workspace.direct("U0LEAD")
    await office.people.click("U0LEAD", direct.id, direct.posts[-1].ts, "snooze:15")
    await office.quiet()


async def _edited(house: House, office: Office) -> None:
    await _draft(office)
    await _press(office, "edit_statuspage", "U0LEAD")
    await office.people.submit("U0LEAD", list(house.slack.workspace.modals)[-1], {"body": "Better words."})
    await office.quiet()


@pytest.mark.parametrize("nth", range(1, 60, 3))
def test_a_store_that_commits_and_does_not_answer_is_asked_again(nth: int) -> None:
    """D1, D7, P-audit: every commit of the ceremony in turn; nothing is done or recorded twice."""

    class Silent(MemoryStore):
        commits = 0

        async def commit(self, change: Change) -> Incident:
            done = await super().commit(change)
            type(self).commits += 1
            if self.commits == nth:
                raise Unknown("DynamoDB", "TransactWriteItems", "TimeoutError")
            return done

    async def story() -> None:
        house = House(archive_delay=timedelta(hours=1))
        house.store.__class__ = Silent
        async with Office(house) as office:
            await office.fire()
            await office.quiet()
            await _press(office, "take_command", "U0LEAD")
            await _draft(office, by="U0LEAD")
            await _approved(house, office, 1)
            await _said(office, "resolve now")
            await _approved(house, office, 2)
            await clock.sleep(3 * 3600)
            await office.quiet()
            types = await house.types()
            assert len(house.page.writes) == types.count("STATUSPAGE_PUBLISHED") == 2
            assert types.count("RESPONDER_INVITED") == 4
            assert [room.archived for room in house.rooms] == [True]
            effects = [post.metadata["event_payload"]["effect_id"] for post in house.rooms[0].posts if post.metadata]
            assert len(effects) == len(set(effects))
            assert office.unanswered() == []
            assert house.queue.dead == []

    run(story())
