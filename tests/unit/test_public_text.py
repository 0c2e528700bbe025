"""The public side of an incident in the hands of its people: components, states, approvers, ageing texts, promises."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.domain.alert import AlertEvent
from app.domain.catalogue import Catalogue, Service
from app.domain.draft import Draft, DraftState
from app.domain.incident import Incident, Status
from app.domain.schedule import schedule_name
from app.messages.room import slack_time
from app.sim import cast, memory_queue
from app.sim.faults import Kind
from app.sim.slack_state import Post, Whisper
from app.sim.virtual_time import run
from tests.factories import IC
from tests.house import House
from tests.office import Office

LEAD, ENGINEER = "U0LEAD", "U0ENGINEER"  # of the approvers' group, and not of it
DOWN = '--component "checkout"=partial_outage --component API=degraded-performance'


@pytest.fixture(autouse=True)
def _the_queue_looks_often_enough_for_an_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_queue, "_LOOK_S", 0.5)


class Case:
    def __init__(self, house: House, office: Office) -> None:
        self.house, self.office = house, office

    async def say(self, words: str, by: str = IC) -> None:
        await self.office.command(by, words)
        await self.office.quiet()

    async def press(self, button: str, by: str = IC) -> None:
        await self.office.press(by, button)
        await self.office.quiet()

    async def publish(self, words: str) -> None:
        await self.say(f"status draft {words}")
        await self.press("approve_statuspage")

    async def press_answer(self, button: str, by: str = IC) -> None:
        """A button of the newest private answer."""
        whisper = self.answer
        assert button in str(whisper.blocks)
        await self.office.people.click(by, whisper.channel, whisper.ts, button)
        await self.office.quiet()

    @property
    def answer(self) -> Whisper:
        return self.house.slack.workspace.whispers[-1]

    @property
    def drafts(self) -> list[Draft]:
        return list(self.house.store.texts.values())

    @property
    def states(self) -> list[str]:
        [public] = self.house.page.incidents.values()
        return [update["status"] for update in reversed(public["incident_updates"])]

    @property
    def components(self) -> dict[str, str]:
        return {one["name"]: one["status"] for one in self.house.page.components.values()}

    def card(self, draft: Draft) -> str:
        post: Post | None = self.house.rooms[0].post(draft.message_ts or "")
        assert post is not None
        return str(post.blocks)

    async def incident(self) -> Incident:
        return await self.house.incident()


def _play(story: Callable[[Case], Awaitable[None]], *parts: str, **policy: Any) -> None:
    """``parts``: the service's components, as the catalogue names them."""

    async def whole() -> None:
        house = House(**{"archive_delay": timedelta(days=1), **policy})
        house.catalogue = Catalogue(services=(Service(name=cast.SERVICE, components=parts),))
        async with Office(house) as office:
            await office.fire()
            await office.quiet()
            await story(Case(house, office))

    run(whole())


# ---------------------------------------------------------------- all states, with components


def test_one_public_incident_goes_through_all_four_states_and_its_components_come_back() -> None:
    """S7, G6: changed and restored by approved texts alone, on one public incident."""

    async def story(case: Case) -> None:
        await case.publish(f"{DOWN} Some payments fail.")
        assert case.components == {"Checkout": "partial_outage", "API": "degraded_performance"}
        await case.publish("identified We know why.")
        await case.publish("monitoring --component API=operational We watch the fix.")
        assert case.components == {"Checkout": "partial_outage", "API": "operational"}
        await case.say("status draft resolved It is over.")
        assert "*Checkout*: partial outage → operational" in case.card(case.drafts[-1])
        assert "API" not in case.card(case.drafts[-1])
        await case.press("approve_statuspage")
        assert case.states == ["investigating", "identified", "monitoring", "resolved"]
        assert case.components == {"Checkout": "operational", "API": "operational"}
        assert [write.method for write in case.house.page.writes] == ["POST", "PATCH", "PATCH", "PATCH"]
        assert {draft.sha256 for draft in case.drafts} == {write.sha256 for write in case.house.page.writes}

    _play(story)


def test_a_draft_without_a_state_proposes_the_one_that_follows() -> None:
    async def story(case: Case) -> None:
        for words in ("One.", "identified: Two.", "Three."):
            await case.publish(words)
        assert case.states == ["investigating", "identified", "identified"]
        assert [draft.text.body for draft in case.drafts] == ["One.", "Two.", "Three."]

    _play(story)


def test_components_are_picked_in_the_editor_from_the_pages_own_list() -> None:
    async def story(case: Case) -> None:
        await case.say("status draft --component API=major_outage Nothing works.")
        await case.press("edit_statuspage")
        modal = list(case.house.slack.workspace.modals.values())[-1]
        await case.office.people.submit(
            IC, modal.id, {"major_outage": [], "partial_outage": ["cmpcheckout0", "cmpapi000000"]}
        )
        await case.office.quiet()
        assert "*Checkout*: operational → partial outage" in case.card(case.drafts[-1])
        await case.press("approve_statuspage")
        assert case.components == {"Checkout": "partial_outage", "API": "partial_outage"}

    _play(story)


def test_a_page_that_does_not_list_its_components_keeps_nobody_from_writing() -> None:
    """P-loud: said in the editor and in the answer; the text can be edited and published all the same."""

    async def story(case: Case) -> None:
        case.house.faults["page"].add(Kind.LATENCY, seconds=30, match="components")
        await case.say(f"status draft {DOWN} Some payments fail.")
        assert "It changes no component: Statuspage" in case.answer.text
        await case.press("edit_statuspage")
        modal = list(case.house.slack.workspace.modals.values())[-1]
        assert "could not be read" in str(modal.view)
        await case.office.people.submit(IC, modal.id, {"body": "Some payments fail. We look into it."})
        await case.office.quiet()
        await case.press("approve_statuspage")
        assert case.states == ["investigating"]

    _play(story)


def test_what_the_editor_cannot_show_is_kept() -> None:
    """P-loud: an edit of the words while Statuspage is away does not take the components out of the text."""

    async def story(case: Case) -> None:
        await case.say(f"status draft {DOWN} Some payments fail.")
        await clock.sleep(61)  # what was read is no longer taken for true
        case.house.faults["page"].add(Kind.ERROR, match="components")
        await case.press("edit_statuspage")
        modal = list(case.house.slack.workspace.modals.values())[-1]
        assert "Those of this text stay: Checkout, API" in str(modal.view)
        await case.office.people.submit(IC, modal.id, {"body": "Some payments still fail."})
        await case.office.quiet()
        assert [one.name for one in case.drafts[-1].text.components] == ["Checkout", "API"]

    _play(story)


def test_a_component_that_the_page_has_no_more_can_be_edited_out() -> None:
    """S7: Statuspage refuses a text about it, so it may not keep every later text from customers either."""

    async def story(case: Case) -> None:
        await case.publish(f"{DOWN} Some payments fail.")
        del case.house.page.components["cmpapi000000"]
        await clock.sleep(61)  # what was read is no longer taken for true
        await case.say("status draft resolved It is over.")
        await case.press("approve_statuspage")
        assert case.drafts[-1].state is DraftState.FAILED
        await case.press("edit_statuspage")
        modal = list(case.house.slack.workspace.modals.values())[-1]
        await case.office.people.submit(IC, modal.id, {"body": "It is over."})
        await case.office.quiet()
        await case.press("approve_statuspage")
        assert case.states == ["investigating", "resolved"]
        assert case.components == {"Checkout": "operational"}

    _play(story)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ('--component "Chekout"=partial_outage Down.', "has no component Chekout; it has: Checkout, API"),
        ("--component API=sad Down.", "`degraded_performance`"),
        ("--komponent API=partial_outage Down.", "`--komponent` was not understood"),
    ],
)
def test_what_is_not_understood_is_no_draft(words: str, why: str) -> None:
    """P-loud: customers would read it."""

    async def story(case: Case) -> None:
        await case.say(f"status draft {words}")
        assert why in case.answer.text
        assert case.drafts == []

    _play(story)


def test_a_component_goes_back_into_the_maintenance_that_it_was_in() -> None:
    """S7, S2: customers would read that it works, in the middle of its maintenance."""

    async def story(case: Case) -> None:
        case.house.page.components["cmpapi000000"]["status"] = "under_maintenance"
        await case.publish(f"{DOWN} Some payments fail.")
        await case.publish("identified --component API=major_outage We know why.")
        await case.say("status draft resolved It is over.")
        assert "*API*: major outage → under maintenance" in case.card(case.drafts[-1])
        await case.press("approve_statuspage")
        assert case.components == {"Checkout": "operational", "API": "under_maintenance"}
        await case.publish("monitoring It may come back.")
        await case.say("status draft resolved It did not.")
        assert case.drafts[-1].text.components == ()

    _play(story)


def test_a_text_that_says_resolved_may_leave_a_component_as_the_page_had_it_before() -> None:
    """S2: another incident of the page's may be behind it. By itself nothing but *operational* is proposed."""

    async def story(case: Case) -> None:
        case.house.page.components["cmpapi000000"]["status"] = "degraded_performance"
        await case.publish("--component API=major_outage Some payments fail.")
        await case.say("status draft resolved It is over.")
        assert "*API*: major outage → operational" in case.card(case.drafts[-1])
        await case.say("status draft resolved --component API=partial_outage It is over.")
        await case.press("approve_statuspage")
        assert "leaves API at partial outage" in case.answer.text
        await case.publish("resolved --component API=degraded_performance It is over.")
        assert case.components["API"] == "degraded_performance"

    _play(story)


def test_a_text_that_says_resolved_breaks_nothing() -> None:
    """S7: neither by what it names itself, nor by what is proposed for a first text."""

    async def story(case: Case) -> None:
        await case.say("status draft resolved --component API=major_outage It is over.")
        await case.press("approve_statuspage")
        assert "leaves API at major outage" in case.answer.text
        await case.say("resolve")
        await case.say("status draft It is over.")
        assert case.drafts[-1].text.components == ()

    _play(story, "Checkout", "Gone")


def test_a_first_text_proposes_the_components_of_the_service() -> None:
    """P-loud: shown and editable; what the catalogue names and the page has not is said."""

    async def story(case: Case) -> None:
        await case.say("status draft Some payments fail.")
        assert "*Checkout*: operational → degraded performance" in case.card(case.drafts[-1])
        assert "Not on the status page: Gone" in case.answer.text
        await case.press("approve_statuspage")
        await case.say("status draft It goes on.")
        assert case.drafts[-1].text.components == ()

    _play(story, "Checkout", "Gone")


def test_customers_read_what_was_typed_and_not_what_slack_made_of_it() -> None:
    async def story(case: Case) -> None:
        await case.say(
            'status draft "Q&amp;A is “slow”: <@U0LEAD|lead> looks, see <https://status.example|status.example>."'
        )
        assert case.drafts[-1].text.body == "Q&A is “slow”: @lead looks, see status.example."
        await case.say("note see <https://runbook.example/a|the runbook>, <#C0X|ops> says")
        assert "see the runbook (https://runbook.example/a), #ops says" in str(case.house.rooms[0].posts[-1].blocks)

    _play(story)


def test_a_hostile_name_of_a_component_pings_nobody() -> None:
    """T5: what the page calls it stands in the card and in refusals as text."""

    async def story(case: Case) -> None:
        case.house.page.components["cmpapi000000"]["name"] = "<!channel> <https://evil.example|API>"
        await case.say("status draft Down.")
        await case.press("edit_statuspage")
        modal = list(case.house.slack.workspace.modals.values())[-1]
        await case.office.people.submit(IC, modal.id, {"partial_outage": ["cmpapi000000"]})
        await case.office.quiet()
        await case.press("approve_statuspage")
        await case.say("status draft resolved Over.")
        await case.press("edit_statuspage")
        modal = list(case.house.slack.workspace.modals.values())[-1]
        down = {"operational": [], "partial_outage": ["cmpapi000000"]}
        await case.office.people.submit(IC, modal.id, down)
        await case.office.quiet()
        await case.press("approve_statuspage")
        assert "leaves &lt;!channel&gt;" in case.answer.text
        said = [*case.house.texts(case.house.rooms[0].id), *(one.text for one in case.house.slack.workspace.whispers)]
        assert not any("<!channel>" in one or "<https://evil" in one for one in said)

    _play(story)


# ---------------------------------------------------------------- who may, and for how long


def test_members_of_the_group_approve_and_others_do_not() -> None:
    """G3: the group is asked of Slack at each click."""

    async def story(case: Case) -> None:
        await case.say("status draft Some payments fail.")
        await case.press("approve_statuspage", by=ENGINEER)
        assert "or a member of the approvers' group" in case.answer.text
        await case.press("approve_statuspage", by=LEAD)
        assert [draft.approved_by for draft in case.drafts] == [f"slack:{LEAD}"]
        case.house.slack.workspace.usergroups[cast.APPROVER_GROUP].remove(LEAD)
        await case.say("status draft More.")
        await case.press("approve_statuspage", by=LEAD)
        assert case.states == ["investigating"]

    _play(story, approver_group=cast.APPROVER_GROUP)


def test_a_group_that_cannot_be_read_leaves_the_commander() -> None:
    """G3, P-loud."""

    async def story(case: Case) -> None:
        case.house.faults["slack"].add(Kind.ERROR, match="usergroups.users.list")
        await case.say("status draft Some payments fail.")
        await case.press("approve_statuspage", by=LEAD)
        assert "who else may is not known now" in case.answer.text
        await case.press("approve_statuspage")
        assert case.states == ["investigating"]

    _play(story, approver_group=cast.APPROVER_GROUP)


def test_four_eyes_are_the_writers_and_an_approvers() -> None:
    """G3: whoever renews a text has not written it, and whoever wrote it has not become another."""

    async def story(case: Case) -> None:
        await case.say("status draft Some payments fail.")
        await case.press("approve_statuspage")
        assert "a second person approves" in case.answer.text
        await clock.sleep(31 * 60)
        await case.press("approve_statuspage")
        await case.press("renew_statuspage", by=LEAD)
        await case.press("approve_statuspage")
        assert "a second person approves" in case.answer.text
        await case.press("approve_statuspage", by=LEAD)
        assert case.states == ["investigating"]

    _play(story, approver_group=cast.APPROVER_GROUP, four_eyes=True)


def test_a_text_grown_old_is_confirmed_before_it_is_approved() -> None:
    """G2: the click is refused with the reason, the card offers *Still true*, and what is published is the renewal."""

    async def story(case: Case) -> None:
        await case.say("status draft Some payments fail.")
        await clock.sleep(31 * 60)
        await case.press("approve_statuspage")
        assert "too old to be approved unread" in case.answer.text
        assert case.house.page.writes == []
        assert "approve_statuspage" not in case.card(case.drafts[0])
        await case.press("renew_statuspage", by=ENGINEER)
        old, new = case.drafts
        assert (old.state, new.state) == (DraftState.SUPERSEDED, DraftState.PENDING_APPROVAL)
        assert (new.text, new.author) == (old.text, old.author)
        assert new.sha256 != old.sha256
        await case.press("approve_statuspage")
        assert case.states == ["investigating"]
        assert case.house.page.writes[0].sha256 == new.sha256

    _play(story)


# ---------------------------------------------------------------- the last word


def test_resolve_asks_first_while_customers_read_that_it_goes_on() -> None:
    """S7."""

    async def story(case: Case) -> None:
        await case.publish("Some payments fail.")
        await case.say("resolve")
        assert (await case.incident()).status is Status.ACTIVE
        await case.press_answer("last_word_first")
        assert case.drafts[-1].text.status == "resolved"
        await case.say("resolve")
        await case.press_answer("last_word_first")  # asked again: it waits there already
        assert len(case.drafts) == 2
        await case.press("approve_statuspage")
        assert "`/incident-response resolve` says so here, too" in case.answer.text
        await case.say("resolve")
        assert (await case.incident()).status is Status.RESOLVED
        assert case.states == ["investigating", "resolved"]
        assert len(case.drafts) == 2

    _play(story)


def test_resolved_at_once_the_last_word_is_asked_for_behind_it() -> None:
    """S7."""

    async def story(case: Case) -> None:
        await case.publish(f"{DOWN} Some payments fail.")
        await case.say("resolve")
        await case.press_answer("resolve_now")
        assert (await case.incident()).status is Status.RESOLVED
        await case.press("approve_statuspage")
        assert case.states == ["investigating", "resolved"]
        assert set(case.components.values()) == {"operational"}

    _play(story)


def test_only_the_commander_ends_it_by_these_buttons() -> None:
    """G3: the answer was for one person; a button's value is nobody's proof."""

    async def story(case: Case) -> None:
        await case.publish("Some payments fail.")
        await case.say("resolve")
        await case.press("take_command", by=LEAD)
        for button in ("resolve_now", "last_word_first"):
            asked = next(one for one in case.house.slack.workspace.whispers if button in str(one.blocks))
            await case.office.people.click(IC, asked.channel, asked.ts, button)
            await case.office.quiet()
            assert f"<@{LEAD}> commands this incident" in case.answer.text
        assert (await case.incident()).status is Status.ACTIVE
        assert len(case.drafts) == 1

    _play(story)


# ---------------------------------------------------------------- deleted on Statuspage


def test_a_public_incident_that_was_deleted_holds_nothing_any_more() -> None:
    """S7, P-audit, P-loud: it is on record, it is said, and the incident and its room come to their end."""

    async def story(case: Case) -> None:
        await case.publish("Some payments fail. Next update within 45 minutes.")
        case.house.page.incidents.clear()
        await case.say("status draft resolved It is over.")
        await case.press("approve_statuspage")
        assert "was deleted on Statuspage" in case.answer.text
        assert "somebody deleted the public incident" in str(case.house.texts(case.house.rooms[0].id))
        [event] = [one for one in await case.house.trail() if one.type == "PUBLIC_INCIDENT_GONE"]
        assert event.details["was"] == "investigating"
        incident = await case.incident()
        assert (incident.public_open, incident.promised_update_at) == (False, None)
        await case.press("approve_statuspage")
        assert "nothing that could be resolved" in case.answer.text
        await case.say("resolve")
        assert (await case.incident()).status is Status.RESOLVED
        await clock.sleep(3 * 3600)
        assert (await case.incident()).archived_at is not None
        assert case.house.page.incidents == {}

    _play(story, archive_delay=timedelta(hours=1))


def test_in_the_place_of_a_deleted_one_another_text_opens_a_new_public_incident() -> None:
    async def story(case: Case) -> None:
        await case.publish("Some payments fail.")
        case.house.page.incidents.clear()
        await case.publish("identified We know why.")
        assert case.house.page.incidents == {}
        await case.press("approve_statuspage")
        assert case.states == ["identified"]
        await case.publish("resolved It is over.")
        assert case.states == ["identified", "resolved"]
        assert (await case.house.types()).count("PUBLIC_INCIDENT_GONE") == 1

    _play(story)


def test_an_end_that_a_deleted_public_incident_held_is_asked_about_again() -> None:
    async def story(case: Case) -> None:
        await case.publish("Some payments fail.")
        await case.office.fire(event=AlertEvent.RESOLVED)
        await clock.sleep(20 * 60)
        assert (await case.incident()).resolve_at is None
        case.house.page.incidents.clear()
        await case.publish("resolved It is over.")
        await case.office.settle()
        assert (await case.incident()).resolve_at is not None

    _play(story)


# ---------------------------------------------------------------- promises


def test_a_promised_update_is_shown_kept_and_taken_back() -> None:
    """P-audit, S10: as it was understood, on the card, in the status, as a schedule; gone with the next text."""

    async def story(case: Case) -> None:
        name = schedule_name("promise", (await case.incident()).id)
        await case.say("status draft --next 30 Some payments fail.")
        promised = clock.now() + timedelta(minutes=30)
        assert case.drafts[-1].text.body == f"Some payments fail. Next update by {promised:%H:%M} UTC."
        assert f"the next update by *{promised:%H:%M} UTC*" in case.card(case.drafts[-1])
        assert name not in case.house.timers.schedules
        await case.press("approve_statuspage")
        at = (await case.incident()).promised_update_at
        assert at == promised.replace(second=0, microsecond=0)
        assert name in case.house.timers.schedules
        await case.say("status")
        assert "Promised to customers" in str(case.answer.blocks)
        assert "UPDATE_PROMISED" in await case.house.types()
        await case.publish("It goes on.")
        assert (await case.incident()).promised_update_at is None
        assert name not in case.house.timers.schedules

    _play(story)


def test_a_promise_ends_with_the_incident() -> None:
    """T1, S10: nobody is reminded of what is over."""

    async def story(case: Case) -> None:
        await case.publish("Some payments fail. Next update within 45 minutes.")
        assert (await case.incident()).promised_update_at
        await case.say("resolve now")
        assert (await case.incident()).promised_update_at is None
        assert schedule_name("promise", (await case.incident()).id) not in case.house.timers.schedules

    _play(story)


@pytest.mark.parametrize("button", [True, False])
def test_a_promise_that_the_resolution_drops_is_on_record_and_said(button: bool) -> None:
    """P-audit, P-loud: to whoever drops it, before and after, and to the room."""

    async def story(case: Case) -> None:
        await case.publish("Some payments fail. Next update within 45 minutes.")
        at = (await case.incident()).promised_update_at
        assert at
        said = f"promised an update by {slack_time(at)}"
        if button:
            await case.say("resolve")
            assert said in case.answer.text
            await case.press_answer("resolve_now")
        else:
            await case.say("resolve now")
        assert said in case.answer.text
        [event] = [one for one in await case.house.trail() if one.type == "PROMISE_DROPPED"]
        assert (event.actor, event.details) == (f"slack:{IC}", {"promised": at.isoformat()})
        announced = [text for text in case.house.texts(case.house.rooms[0].id) if "*Resolved* by" in text]
        assert said in announced[0]

    _play(story)


def test_a_promise_that_was_kept_is_not_dropped() -> None:
    async def story(case: Case) -> None:
        await case.publish("Some payments fail. Next update within 45 minutes.")
        await case.publish("We are still at it.")
        await case.say("resolve now")
        assert "PROMISE_DROPPED" not in await case.house.types()
        assert "promised an update" not in case.answer.text

    _play(story)


def test_a_text_without_words_promises_no_time() -> None:
    async def story(case: Case) -> None:
        for state in ("investigating", "identified", "monitoring", "resolved"):
            await case.publish(state)
        assert "UPDATE_PROMISED" not in await case.house.types()

    _play(story)
