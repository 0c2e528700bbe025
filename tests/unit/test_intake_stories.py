"""Which alerts are one incident, how bad it is, and when it is over: what people see of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from app import clock
from app.domain import declared
from app.domain.alert import AlertEvent, State
from app.domain.alert_group import AT_MOST
from app.domain.audit import verify
from app.domain.incident import Incident, Status
from app.domain.policy import RULES, Rule, Together
from app.domain.severity import Severity
from app.effects.slack import Slack
from app.errors import Refused, VendorRefused
from app.flows import intake
from app.messages.message import Message
from app.sim import cast, memory_queue
from app.sim.faults import Kind
from app.sim.slack_state import Channel
from app.sim.virtual_time import run
from tests.factories import IC
from tests.house import House
from tests.lives import Life
from tests.office import Office

FIRST = "I6HNZGUFG4K11"
QUIET = {"update_every": timedelta(hours=5)}


@pytest.fixture(autouse=True)
def _the_queue_looks_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_queue, "_LOOK_S", 2.0)


def _play(story: Callable[[House, Office], Awaitable[None]], *, fire: bool = True, **policy: Any) -> None:
    async def whole() -> None:
        house = House(**{"archive_delay": timedelta(hours=2), **policy})
        async with Office(house) as office:
            if fire:
                await office.fire()
                await office.settle()
                await office.command(IC, "status")
                await office.settle()
            await story(house, office)
        for incident in house.store.incidents.values():
            assert verify(await house.store.trail(incident.id)) == []
        assert house.queue.dead == []

    run(whole())


async def _end(office: Office, *groups: str, at: datetime | None = None) -> None:
    for group in groups or (FIRST,):
        await office.fire(group, event=AlertEvent.RESOLVED, at=at or clock.now())
    await office.settle()


async def _said(office: Office, words: str, by: str = IC) -> str:
    """What they are answered."""
    await office.command(by, words)
    await office.settle()
    return office.house.slack.workspace.whispers[-1].text


def _words(room: Channel) -> str:
    return " ".join(f"{post.text} {post.blocks}" for post in room.posts)


def _labels(service: str = cast.SERVICE, severity: str = "critical", **more: str) -> dict[str, str]:
    return {"service": service, "team": cast.TEAM, "severity": severity, **more}


# ---------------------------------------------------------------- together


def test_a_storm_of_a_hundred_alert_groups_on_five_services_is_five_rooms() -> None:
    """P-once: two processors, every lane beside the others, and no order among them."""

    async def story() -> None:
        house = House(archive_delay=timedelta(hours=2))
        async with Office(house, beside=Life()) as office:
            for number in range(100):
                await office.fire(f"G{number}", title=f"Alert {number}", labels=_labels(f"service-{number % 5}"))
            await office.settle()
            incidents = list(house.store.incidents.values())
            assert len(house.rooms) == len(incidents) == 5
            assert sorted(len(incident.alerts) for incident in incidents) == [20] * 5
            for number in range(100):
                incident = await house.incident(f"G{number}")
                assert incident.service == f"service-{number % 5}"
                assert incident.group(f"G{number}") is not None
            for incident in incidents:
                assert incident.status in (Status.ACTIVE, Status.ASSEMBLY_DEGRADED)
                assert len({group.number for group in incident.alerts}) == 20
                types = [event.type.value for event in await house.store.trail(incident.id)]
                assert types.count("ALERT_JOINED") == 19
                room = house.slack.workspace.channels[incident.channel_id or ""]
                assert "*Alerts* 20 (20 not over)" in str(room.posts[0].blocks)
                assert len([post for post in room.posts if ":heavy_plus_sign:" in post.text]) <= 4
            assert house.queue.dead == []

    run(story())


def test_an_alert_of_the_same_service_joins_and_the_room_hears_it_once() -> None:
    async def story(house: House, office: Office) -> None:
        await office.fire("G2", title="Checkout <!channel> is slow")
        await office.settle()
        await office.fire("G2", title="Checkout <!channel> is slow", at=(await house.incident("G2")).groups[1].at)
        await office.settle()
        assert len(house.rooms) == 1
        incident = await house.incident("G2")
        assert incident == await house.incident()
        [told] = [post.text for post in house.rooms[0].posts if "Another alert of this incident" in post.text]
        assert "*#2* Checkout &lt;!channel&gt; is slow (P1)" in told
        assert "<!channel>" not in _words(house.rooms[0])
        await office.command(IC, "status")
        await office.settle()
        assert "*#2* Checkout &lt;!channel&gt; is slow · firing since" in str(house.slack.workspace.whispers[-1].blocks)

    _play(story)


@pytest.mark.parametrize(
    ("together", "labels", "rooms"),
    [
        (Together.SERVICE, _labels("search"), 2),
        (Together.TEAM, _labels("search"), 1),
        (Together.NONE, _labels(), 2),
        (Together.SERVICE, {"severity": "critical"}, 2),  # nobody said what is broken: nothing to share
        (Together.SERVICE, _labels(drill="true"), 2),  # S9: a drill never meets the real thing
    ],
)
def test_what_alerts_must_share_is_the_policys(together: Together, labels: dict[str, str], rooms: int) -> None:
    async def story(house: House, office: Office) -> None:
        await office.fire("G2", labels=labels)
        await office.settle()
        assert len(house.rooms) == rooms

    _play(story, together=together)


def test_what_fires_much_later_is_an_incident_of_its_own_and_takes_the_next_ones() -> None:
    async def story(house: House, office: Office) -> None:
        await clock.sleep(61 * 60)
        await office.fire("G2")
        await office.settle()
        await office.fire("G3")
        await office.settle()
        assert len(house.rooms) == 2
        assert (await house.incident("G3")).id == (await house.incident("G2")).id != (await house.incident()).id

    _play(story)


def test_an_incident_that_is_full_takes_no_more() -> None:
    """P-bounded: its item stays within what DynamoDB takes."""

    async def story(house: House, office: Office) -> None:
        incident = await house.incident()
        group = incident.groups[0]
        full = tuple(group.model_copy(update={"id": f"X{n}", "number": n}) for n in range(1, AT_MOST + 1))
        house.store.incidents[incident.id] = incident.but(alerts=full, alert_count=AT_MOST)
        await office.fire("G2")
        await office.settle()
        assert (await house.incident("G2")).id != incident.id
        assert len(house.store.incidents[incident.id].model_dump_json()) < 200_000

    _play(story)


def test_a_p1_that_joins_what_was_only_tracked_gets_it_a_room() -> None:
    """P-loud."""

    async def story(house: House, office: Office) -> None:
        await office.fire("G1", title="Slow", labels=_labels(severity="warning"))
        await office.settle()
        assert house.rooms == []
        await office.fire("G2", title="Down", labels=_labels())
        await office.settle()
        incident = await house.incident("G1")
        assert (incident.severity, incident.title, incident.status) == (Severity.P1, "Down", Status.ACTIVE)
        assert len(house.rooms) == 1
        assert (await house.types("G1")).count("SEVERITY_CHANGED") == 1

    _play(story, fire=False)


def test_a_p1_that_joins_a_room_of_lower_severity_raises_it() -> None:
    async def story(house: House, office: Office) -> None:
        await office.fire("G1", labels=_labels(severity="warning"))
        await office.settle()
        await office.fire("G2", labels=_labels())
        await office.settle()
        assert (await house.incident("G1")).severity is Severity.P1
        assert house.rooms[0].topic.startswith("P1 ")
        assert "*Severity* P1" in str(house.rooms[0].posts[0].blocks)
        assert "This is a *P1* now, by an alert that joined" in _words(house.rooms[0])

    _play(story, fire=False, rules=dict.fromkeys(Severity, Rule(opens_room=True)))


# ---------------------------------------------------------------- severity


def test_severity_is_changed_live_and_what_shows_it_follows() -> None:
    async def story(house: House, office: Office) -> None:
        answer = await _said(office, "severity high only some customers", by="U0LEAD")
        incident = await house.incident()
        assert (incident.severity, incident.status) == (Severity.P2, Status.ACTIVE)
        assert "is a P2 now" in answer
        assert house.rooms[0].topic.startswith("P2 ")
        assert "*Severity* P2" in str(house.rooms[0].posts[0].blocks)
        assert "This is a *P2* now, says <@U0LEAD>" in _words(house.rooms[0])
        [nudge] = [one for name, one in house.timers.schedules.items() if "nudge" in name]
        assert nudge.interval == timedelta(hours=1)
        changed = next(event for event in await house.trail() if event.type == "SEVERITY_CHANGED")
        assert changed.actor == "slack:U0LEAD"
        assert changed.details["why"] == "only some customers"
        assert "already" in await _said(office, "severity P2")
        assert "P1, P2, P3, P4" in await _said(office, "severity dire")

    _play(story, rules={**RULES, Severity.P2: Rule(opens_room=False, update_every=timedelta(hours=1))})


def test_the_same_alert_once_more_does_not_undo_what_people_decided() -> None:
    async def story(house: House, office: Office) -> None:
        await _said(office, "severity P3")
        await office.fire(at=clock.now())  # OnCall escalates it
        await office.settle()
        assert (await house.incident()).severity is Severity.P3

    _play(story)


def test_an_incident_without_a_room_gets_one_when_somebody_raises_it_by_its_alert_group() -> None:
    async def story(house: House, office: Office) -> None:
        await office.fire("G2", labels=_labels("search", "warning"))
        await office.settle()
        await office.people.command("U0LEAD", cast.FALLBACK_CHANNEL, "severity P1 G2 customers call")
        await office.settle()
        incident = await house.incident("G2")
        assert (incident.severity, incident.status) == (Severity.P1, Status.ACTIVE)
        assert len(house.rooms) == 2
        await office.people.command("U0LEAD", cast.FALLBACK_CHANNEL, "severity P2 G2")
        await office.settle()
        assert f"use it there, in <#{incident.channel_id}>" in house.slack.workspace.whispers[-1].text
        await office.people.command("U0LEAD", cast.FALLBACK_CHANNEL, "severity P2")
        await office.settle()
        assert "name an alert group" in house.slack.workspace.whispers[-1].text

    _play(story)


# ---------------------------------------------------------------- declare


def test_whoever_declares_an_incident_has_a_room_command_and_a_word_about_it() -> None:
    """P-people: nobody is on call for what no alert opened, and the room says so."""

    async def story(house: House, office: Office) -> None:
        words = "declare “Checkout loses carts” --service storefront --severity high"
        await office.people.command("U0BYSTANDER", cast.FALLBACK_CHANNEL, words)
        await office.settle()
        [room], [incident] = house.rooms, house.store.incidents.values()
        assert (incident.title, incident.service, incident.severity) == (
            "Checkout loses carts", "storefront", Severity.P2,
        )  # fmt: skip
        assert "U0BYSTANDER" in room.members
        assert incident.ic == "U0BYSTANDER"
        direct = house.slack.workspace.direct("U0BYSTANDER").posts
        assert any(room.id in str(post.blocks) and "you declared" in post.text for post in direct)
        assert "on-call schedule: " in _words(room)
        first = (await house.store.trail(incident.id))[0]
        assert (first.actor, first.details["source"]) == ("slack:U0BYSTANDER", "declared")
        await office.fire("G2", labels=_labels("storefront"))
        await office.settle()
        assert (await house.incident("G2")).id == incident.id

    _play(story, fire=False)


@pytest.mark.parametrize(("said", "meant"), [("P3", Severity.P3), ("annoying", Severity.P3), ("Urgent", Severity.P1)])
def test_what_is_declared_is_as_bad_as_its_declarer_says_whatever_words_the_policy_has(said: str, meant: str) -> None:
    """P-loud: and stays so while its room is made."""

    async def story(house: House, office: Office) -> None:
        await office.people.command(IC, cast.FALLBACK_CHANNEL, f"declare Carts are lost --severity {said}")
        await office.settle()
        [incident] = house.store.incidents.values()
        assert (incident.severity, incident.groups[0].severity, incident.status) == (meant, meant, Status.ACTIVE)

    _play(story, fire=False, severity_labels=("impact",), severity_words={"urgent": "P1", "annoying": "P3"})


@pytest.mark.parametrize(("said", "way_out"), [("high", "`urgent`, `annoying`"), ("P2", "There are: P1, P3")])
def test_a_severity_that_the_policy_has_no_word_for_is_refused_with_those_it_has(said: str, way_out: str) -> None:
    async def story(house: House, office: Office) -> None:
        await office.people.command(IC, cast.FALLBACK_CHANNEL, f"declare Carts are lost --severity {said}")
        await office.settle()
        assert house.store.incidents == {}
        told = house.slack.workspace.whispers[-1].text
        assert way_out in told

    _play(story, fire=False, severity_labels=("impact",), severity_words={"urgent": "P1", "annoying": "P3"})


@pytest.mark.parametrize(
    ("words", "title", "service", "severity"),
    [
        ('"Carts are lost" --service checkout --severity P2', "Carts are lost", "checkout", "P2"),
        ("—service checkout “Carts are lost”", "Carts are lost", "checkout", None),
        ("Carts are -- lost", "Carts are -- lost", None, None),
        ('--service="two words" Carts', "Carts", "two words", None),
    ],
)
def test_what_people_type_is_read(words: str, title: str, service: str | None, severity: str | None) -> None:
    said = declared.read(words)
    assert (said.title, said.service, said.severity) == (title, service, severity)


@pytest.mark.parametrize("words", ["", '""', "--service checkout", "x --service", "x --team a", "x" * 201])
def test_what_cannot_be_read_is_refused_with_the_way_to_say_it(words: str) -> None:
    with pytest.raises(Refused, match=r"declare|Say the rest"):
        declared.read(words)


# ---------------------------------------------------------------- what OnCall says of them


def test_the_header_counts_what_goes_on_and_what_somebody_has_in_hand() -> None:
    """P-loud: also when only some of several alerts end."""

    async def story(house: House, office: Office) -> None:
        def header() -> str:
            return str(house.rooms[0].posts[0].blocks)

        for group in ("G2", "G3"):
            await office.fire(group)
        await office.settle()
        await _end(office, "G2")
        assert "*Alerts* 3 (2 not over):" in header()
        await office.fire("G3", event=AlertEvent.ACKNOWLEDGED)
        await office.settle()
        assert "*Alerts* 3 (2 not over, 1 of them acknowledged):" in header()
        await _end(office, "G3", FIRST)
        assert "*Alerts* 3 (0 not over):" in header()

    _play(story)


def test_an_acknowledged_alert_is_named_and_a_storm_of_them_is_counted() -> None:
    async def story(house: House, office: Office) -> None:
        await office.fire(title="Disk is full", event=AlertEvent.ACKNOWLEDGED)
        await office.settle()
        assert "OnCall: *#1* Checkout error rate above 5 % is acknowledged." in _words(house.rooms[0])
        storm = [f"G{number}" for number in range(2, 15)]
        for group in storm:
            await office.fire(group)
        await office.settle()
        for group in storm:
            await office.fire(group, event=AlertEvent.ACKNOWLEDGED)
        await office.settle()
        told = [post.text for post in house.rooms[0].posts if "is acknowledged" in post.text]
        assert [text.split("*")[1] for text in told] == ["#1", "#2", "#3", "#4"]
        assert "*Alerts* 14 (14 not over, 14 of them acknowledged):" in str(house.rooms[0].posts[0].blocks)

    _play(story)


# ---------------------------------------------------------------- split


def test_an_alert_is_taken_out_into_a_room_of_its_own() -> None:
    async def story(house: House, office: Office) -> None:
        await office.fire("G2", title="Disk is full")
        await office.settle()
        answer = await _said(office, "split 2")
        first, second = await house.incident(), await house.incident("G2")
        assert len(house.rooms) == 2
        assert f"is incident `{second.id}` now" in answer
        assert [group.id for group in first.groups] == [FIRST]
        assert (second.title, second.status, [group.id for group in second.groups]) == (
            "Disk is full", Status.ACTIVE, ["G2"],
        )  # fmt: skip
        assert "took *#2* Disk is full out of this incident" in _words(house.rooms[0])
        split_off = next(event for event in await house.trail() if event.type == "ALERT_SPLIT_OFF")
        assert (split_off.actor, (await house.trail("G2"))[0].actor) == (f"slack:{IC}", f"slack:{IC}")
        await office.fire("G3")
        await office.settle()
        assert (await house.incident("G3")).group("G3").number == 3  # type: ignore[union-attr]
        assert (await house.incident("G3")).id == first.id

    _play(story)


def test_what_cannot_be_split_off_is_refused() -> None:
    async def story(house: House, office: Office) -> None:
        assert "No other alert has joined" in await _said(office, "split 1")
        await office.fire("G2")
        await office.settle()
        assert "can be taken out: `2`" in await _said(office, "split 7")
        assert "about" in await _said(office, f"split {FIRST}")

    _play(story)


def test_an_alert_that_has_ended_gets_no_room_of_its_own() -> None:
    """P-loud: it would be over at once, and nobody would ask in it whether it is."""

    async def story(house: House, office: Office) -> None:
        await office.fire("G2")
        await office.fire("G2", event=AlertEvent.RESOLVED)
        await office.settle()
        assert "That alert has ended" in await _said(office, "split 2")
        assert len(house.rooms) == 1
        assert (await house.incident("G2")).id == (await house.incident()).id

    _play(story)


def test_an_alert_that_ends_while_it_is_taken_out_ends_in_its_own_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """D2: what the old incident heard last is the new one's to know."""
    taking_out = intake.take_out

    async def story(house: House, office: Office) -> None:
        async def slowly(*given: Any) -> Incident:
            await office.fire("G2", event=AlertEvent.RESOLVED)
            await office.until(lambda: [g for i in house.store.incidents.values() for g in i.groups if g.over])
            return await taking_out(*given)

        await office.fire("G2")
        await office.settle()
        monkeypatch.setattr(intake, "take_out", slowly)
        await _said(office, "split 2")
        await office.settle()
        second = await house.incident("G2")
        assert (second.alerts_over, second.resolve_at is not None) == (True, True)
        assert "Is it over?" in _words(house.rooms[-1])

    _play(story)


# ---------------------------------------------------------------- the end


def test_when_its_last_alert_ends_the_commander_is_asked_and_after_a_while_it_is_over() -> None:
    async def story(house: House, office: Office) -> None:
        await office.fire("G2")
        await office.settle()
        await _end(office, "G2")
        assert "Is it over?" not in _words(house.rooms[0])
        assert (await house.incident()).group("G2").state is State.RESOLVED  # type: ignore[union-attr]
        await _end(office)
        assert (await house.incident()).status is Status.ACTIVE
        assert f"<@{IC}>: Every alert of this incident has ended. *Is it over?*" in _words(house.rooms[0])
        await clock.sleep(16 * 60)
        await office.settle()
        incident = await house.incident()
        assert (incident.status, incident.resolved_by) == (Status.RESOLVED, "system")
        assert (await house.types()).count("RESOLUTION_PROPOSED") == 1

    _play(story)


def test_the_commander_resolves_it_by_the_button() -> None:
    async def story(house: House, office: Office) -> None:
        await _end(office)
        await office.press("U0LEAD", "resolve_incident")
        await office.settle()
        assert (await house.incident()).status is Status.ACTIVE  # not theirs to say
        await office.press(IC, "resolve_incident")
        await office.settle()
        assert (await house.incident()).resolved_by == f"slack:{IC}"
        assert "resolve_incident" not in _words(house.rooms[0])

    _play(story)


def test_a_question_that_can_be_edited_no_more_is_answered_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """D8, P-loud: Slack held the edit back until the room was archived. Nothing is parked for that."""
    update = Slack.update

    async def archived_by_then(self: Slack, channel: str, ts: str, message: Message) -> None:
        if "resolved it" in message.text:
            raise VendorRefused("Slack", "chat.update", "is_archived")
        await update(self, channel, ts, message)

    monkeypatch.setattr(Slack, "update", archived_by_then)

    async def story(house: House, office: Office) -> None:
        await _end(office)
        await office.press(IC, "resolve_incident")
        await office.settle()
        assert (await house.incident()).resolved_by == f"slack:{IC}"
        assert any(one.text.startswith("Resolved.") for one in house.slack.workspace.whispers)

    _play(story)


def test_what_is_kept_open_stays_open_until_somebody_resolves_it() -> None:
    async def story(house: House, office: Office) -> None:
        await _end(office)
        await office.press(IC, "keep_open")
        await office.settle()
        assert not any("auto-resolve" in name for name in house.timers.schedules)
        await clock.sleep(60 * 60)
        assert (await house.incident()).status is Status.ACTIVE
        assert "keep_open" not in _words(house.rooms[0])
        assert "RESOLUTION_WITHDRAWN" in await house.types()

    _play(story)


def test_a_resolution_that_is_taken_back_twice_without_a_time_is_taken_back_twice() -> None:
    """D2, L3: and each time once, however often OnCall sends it."""

    async def story(house: House, office: Office) -> None:
        def said() -> int:
            return sum("fires again. This incident goes on." in post.text for post in house.rooms[0].posts)

        for times in (1, 2):
            await _end(office)
            await clock.sleep(60)
            for _ in range(3):  # the third tries again in the next minute
                await office.fire(event=AlertEvent.UNRESOLVED, at=clock.now(), at_is_arrival=True)
                await office.settle()
                await clock.sleep(25)
            assert (await house.incident()).groups[0].state is State.FIRING
            assert said() == times
        assert (await house.types()).count("ALERT_UPDATED") == 4

    _play(story)


def test_an_answer_to_an_earlier_question_is_none_to_the_newest() -> None:
    """D2: a click that comes late, or once more, cancels no question that was asked after it."""

    async def story(house: House, office: Office) -> None:
        await _end(office)
        first = next(post for post in house.rooms[0].posts if "keep_open" in str(post.blocks))
        value = str(next(one["value"] for one in first.blocks[-1]["elements"] if one["action_id"] == "keep_open"))
        await office.press(IC, "keep_open")
        await office.settle()
        await clock.sleep(6 * 60)
        await office.fire()
        await office.settle()
        await _end(office)
        await office.people.click(IC, house.rooms[0].id, first.ts, "keep_open", stale_value=value)
        await office.settle()
        assert "ended again since" in house.slack.workspace.whispers[-1].text
        incident = await house.incident()
        assert incident.resolve_at is not None
        assert any("auto-resolve" in name for name in house.timers.schedules)
        await clock.sleep(16 * 60)
        await office.settle()
        assert (await house.incident()).status is Status.RESOLVED

    _play(story)


def test_an_alert_that_fires_again_takes_the_question_back_and_a_later_end_asks_anew() -> None:
    async def story(house: House, office: Office) -> None:
        await _end(office)
        ended = (await house.incident()).groups[0].at
        await office.fire(event=AlertEvent.UNRESOLVED, at=ended)  # with the time of the end that it takes back
        await office.settle()
        await office.fire(event=AlertEvent.RESOLVED, at=ended)  # and that end once more, late
        await office.settle()
        assert (await house.incident()).groups[0].state is State.FIRING
        await clock.sleep(20 * 60)
        assert (await house.incident()).status is Status.ACTIVE
        assert "fires again. This incident goes on." in _words(house.rooms[0])
        await _end(office)
        await clock.sleep(16 * 60)
        await office.settle()
        assert (await house.incident()).status is Status.RESOLVED
        assert (await house.types()).count("RESOLUTION_PROPOSED") == 2

    _play(story)


def test_while_customers_read_that_it_goes_on_it_does_not_end_by_itself() -> None:
    """S7."""

    async def story(house: House, office: Office) -> None:
        await office.command(IC, "status draft We look into failing payments.")
        await office.settle()
        await office.press(IC, "approve_statuspage")
        await office.settle()
        await _end(office)
        await clock.sleep(20 * 60)
        await office.settle()
        assert (await house.incident()).status is Status.ACTIVE
        assert "I do not resolve this incident by myself" in _words(house.rooms[0])

    _play(story)


def test_what_has_no_room_is_over_with_its_alert() -> None:
    async def story(house: House, office: Office) -> None:
        await office.fire("G1", labels=_labels(severity="warning"))
        await office.settle()
        await _end(office, "G1")
        assert (await house.incident("G1")).status is Status.RESOLVED

    _play(story, fire=False)


@pytest.mark.parametrize("change", [AlertEvent.ACKNOWLEDGED, AlertEvent.SILENCED])
def test_what_oncall_says_of_an_alert_is_shown(change: AlertEvent) -> None:
    async def story(house: House, office: Office) -> None:
        at = clock.now()
        await office.fire(event=change, at=at)
        await office.settle()
        assert (await house.incident()).groups[0].state == change.value
        undone = {AlertEvent.ACKNOWLEDGED: AlertEvent.UNACKNOWLEDGED, AlertEvent.SILENCED: AlertEvent.UNSILENCED}
        await office.fire(event=undone[change], at=at)
        await office.settle()
        assert (await house.incident()).groups[0].state is State.FIRING

    _play(story)


# ---------------------------------------------------------------- again


def test_what_fires_again_inside_the_grace_window_is_the_same_incident_in_the_same_room() -> None:
    """L3."""

    async def story(house: House, office: Office) -> None:
        first = await house.incident()
        await office.command(IC, "resolve")
        await office.settle()
        assert not any("nudge" in name for name in house.timers.schedules)
        await clock.sleep(5 * 60)
        await office.fire()
        await office.settle()
        again = await house.incident()
        assert (again.id, again.status, again.resolved_at) == (first.id, Status.ACTIVE, None)
        assert len(house.rooms) == 1
        assert any("nudge" in name for name in house.timers.schedules)
        assert not any("archive" in name for name in house.timers.schedules)
        assert "it fires again" in _words(house.rooms[0])
        assert (await house.types()).count("INCIDENT_REOPENED") == 1
        await clock.sleep(3 * 3600)
        assert not house.rooms[0].archived
        await office.command(IC, "resolve")
        await office.settle()
        said = [post.text for post in house.rooms[0].posts]
        assert len([text for text in said if "*Resolved* by" in text]) == 2
        assert len(house.linear.issues) == 2
        await clock.sleep(3 * 3600)
        assert house.rooms[0].archived

    _play(story)


def test_it_is_not_reopened_while_its_end_is_being_worked() -> None:
    """D11: else what comes with the end would undo what comes with the beginning, and be told behind it."""

    async def story(house: House, office: Office) -> None:
        house.faults["linear"].add(Kind.LATENCY, seconds=4)
        await office.command(IC, "resolve")
        await office.until(lambda: _one(house).lease and _one(house).status is Status.RESOLVED)
        await office.fire()
        await office.settle()
        assert (await house.incident()).status is Status.ACTIVE
        assert any("nudge" in name for name in house.timers.schedules)
        types = await house.types()
        assert types.index("INCIDENT_REOPENED") > max(map(types.index, ("RESOLUTION_ANNOUNCED", "ARCHIVE_SCHEDULED")))

    _play(story)


def _one(house: House) -> Incident:
    [incident] = house.store.incidents.values()
    return incident


def test_after_the_grace_window_it_is_a_new_episode() -> None:
    async def story(house: House, office: Office) -> None:
        first = await house.incident()
        await office.command(IC, "resolve")
        await office.settle()
        await clock.sleep(11 * 60)
        await office.fire()
        await office.settle()
        second = await house.incident()
        assert (second.id != first.id, second.episode, len(house.rooms)) == (True, 2, 2)

    _play(story)


def test_an_alert_that_was_in_another_incident_before_gets_an_episode_that_is_not_taken() -> None:
    """P-once: it had its own, then joined another's, then fires alone again."""

    async def story(house: House, office: Office) -> None:
        await office.fire("G2", labels=_labels("search"))
        await office.settle()
        await office.command("U0PRIMARY", "resolve")  # in the room of G2, the newest
        await office.settle()
        await clock.sleep(20 * 60)
        await office.fire("G2", labels=_labels())  # of the other service now: joins the first incident
        await office.settle()
        assert (await house.incident("G2")).id == (await house.incident()).id
        await office.people.command(IC, house.rooms[0].id, "resolve")
        await office.settle()
        await clock.sleep(20 * 60)
        await office.fire("G2", labels=_labels())
        await office.settle()
        assert len(house.store.incidents) == 3
        assert (await house.incident("G2")).episode == 3

    _play(story)
