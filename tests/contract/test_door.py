"""The door to customers, against the simulated Statuspage: what passes, what does not, how often (P-gate, P-once)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app import clock
from app.domain.change import Change
from app.domain.component import Component, ComponentChange, ComponentStatus
from app.domain.draft import Draft, DraftState, PublicStatus, PublicText, sha256_of
from app.domain.incident import Incident, Status
from app.domain.policy import Policy
from app.domain.ticket import Ticket
from app.effects.statuspage_read import StatuspageRead
from app.errors import Refused, Retry
from app.gate import drafts
from app.gate._statuspage_write import AutoPublishNotPermittedError
from app.gate.door import CLAIM_S, Door, Outcome
from app.gate.rules import Approvers
from app.gate.settle import settle
from app.gate.target import PublishTarget
from app.ports import PublicPage
from app.sim import cast
from app.sim.faults import Faulty, Kind
from app.sim.memory_store import MemoryStore
from app.sim.statuspage import StatuspageSim
from app.sim.virtual_time import run
from tests.factories import IC, human, incident, stored, text

LASTS = timedelta(minutes=30)


class Gate:
    """A door with one incident behind it, the page before it, and somebody to click."""

    def __init__(self, *, four_eyes: bool = False) -> None:
        self.approvers = Approvers()
        self.store = MemoryStore()
        self.page = StatuspageSim()
        self.faulty = Faulty(self.page.app(), "statuspage")
        page = ("http://page/v1", cast.STATUSPAGE_KEY, cast.STATUSPAGE_PAGE)
        over = httpx.ASGITransport(self.faulty)
        self.read = StatuspageRead(*page, transport=over)
        self.door = Door(self.store, self.read, PublishTarget(*page, over), Policy(four_eyes=four_eyes))
        self.incident: Incident
        self.told: list[Draft] = []  # what was said to be on its way

    async def draft(
        self,
        body: str = "We are looking into it.",
        *,
        cause: str = "one",
        author: str = "system",
        public: PublicText | None = None,
    ) -> Draft:
        return await drafts.create(
            self.store, self.incident.id, cause, public or text(body), author=author, lasts=LASTS
        )

    async def approve(self, draft: Draft, *, by: str = IC, sha256: str | None = None) -> Outcome:
        seen = Ticket(incident=self.incident.id, draft=draft.id, sha256=sha256 or draft.sha256)
        return await self.door.publish(seen, human(by), self.approvers, on_its_way=self.told.append)

    async def events(self, kind: str) -> list[dict[str, Any]]:
        return [event.details for event in await self.store.trail(self.incident.id) if event.type == kind]

    @property
    def posts(self) -> list[str]:
        return [write.sha256 for write in self.page.writes]


Story = Callable[[Gate], Coroutine[Any, Any, None]]


def play(story: Story, *, four_eyes: bool = False, **facts: object) -> None:
    async def all_of_it() -> None:
        gate = Gate(four_eyes=four_eyes)
        gate.incident = await stored(gate.store, incident(**facts))  # type: ignore[arg-type]
        await story(gate)

    run(all_of_it())


def test_what_was_approved_is_what_was_sent_byte_for_byte() -> None:
    """G1, G2: one approval, one request, and the hash of its bytes is the hash that was approved."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        outcome = await gate.approve(draft)
        assert outcome.draft.state is DraftState.PUBLISHED
        assert outcome.incident.public is not None
        assert gate.posts == [draft.sha256]
        assert [told.sha256 for told in gate.told] == gate.posts
        [approved] = await gate.events("STATUSPAGE_DRAFT_APPROVED")
        [published] = await gate.events("STATUSPAGE_PUBLISHED")
        assert approved["sha256"] == published["sha256"] == draft.sha256

    play(story)


def test_two_clicks_at_once_publish_once() -> None:
    """D5: the claim is taken before the POST."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        gate.faulty.add(Kind.LATENCY, seconds=1)
        both = await asyncio.gather(gate.approve(draft), gate.approve(draft), return_exceptions=True)
        assert len(gate.posts) == 1
        assert [type(one) for one in both].count(Retry) == 1  # the second waits for the first, and then
        later = await gate.approve(draft)
        assert (later.draft.state, later.now) == (DraftState.PUBLISHED, False)
        assert len(gate.posts) == 1

    play(story)


def test_an_old_button_publishes_nothing_and_shows_the_new_text() -> None:
    """G2: the text was edited after it was shown."""

    async def story(gate: Gate) -> None:
        old = await gate.draft("The old words.")
        seen = Ticket(incident=old.incident_id, draft=old.id, sha256=old.sha256)
        new = text("The new words.")
        await drafts.edit(gate.store, seen, "e", new, author="slack:U1", actor="slack:U1", lasts=LASTS)
        with pytest.raises(Refused, match=r"The new words\."):
            await gate.approve(old)
        assert gate.posts == []
        [refused] = await gate.events("STATUSPAGE_APPROVAL_REFUSED")
        assert refused["draft_id"] == old.id

    play(story)


def test_a_button_with_another_hash_publishes_nothing() -> None:
    """G1: not any approval of the incident, but this text's."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        with pytest.raises(Refused, match="changed"):
            await gate.approve(draft, sha256=sha256_of("other bytes"))
        assert gate.posts == []

    play(story)


@pytest.mark.parametrize("ic", [IC, None])
def test_only_the_commander_approves(ic: str | None) -> None:
    """G3: being in the room is not enough; and where nobody commands, nobody approves."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        with pytest.raises(Refused, match="Take command"):
            await gate.approve(draft, by="U0BYSTANDER")
        assert gate.posts == []
        [refused] = await gate.events("STATUSPAGE_APPROVAL_REFUSED")
        assert "approve" in refused["why"]

    play(story, ic=ic)


def test_with_four_eyes_the_writer_does_not_approve() -> None:
    """G3."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft(author=f"slack:{IC}")
        with pytest.raises(Refused, match="second person"):
            await gate.approve(draft)
        assert gate.posts == []

    play(story, four_eyes=True)


def test_a_member_of_the_group_approves_too_and_only_while_they_are_one() -> None:
    """G3."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        gate.approvers = Approvers(members=frozenset({"U0LEAD"}))
        with pytest.raises(Refused, match="approvers' group"):
            await gate.approve(draft, by="U0BYSTANDER")
        assert (await gate.approve(draft, by="U0LEAD")).draft.approved_by == "slack:U0LEAD"
        second = await gate.draft("More.", cause="2")
        gate.approvers = Approvers()
        with pytest.raises(Refused, match="Take command"):
            await gate.approve(second, by="U0LEAD")
        assert len(gate.posts) == 1

    play(story)


def test_while_nobody_knows_who_is_in_the_group_the_commander_alone_approves() -> None:
    """G3, S2: and whoever may not is told why."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        gate.approvers = Approvers(unknown="Slack did not answer")
        with pytest.raises(Refused, match="Slack did not answer"):
            await gate.approve(draft, by="U0LEAD")
        assert (await gate.approve(draft)).draft.state is DraftState.PUBLISHED

    play(story)


def test_with_four_eyes_a_member_of_the_group_approves_what_the_commander_wrote_and_not_their_own() -> None:
    """G3."""

    async def story(gate: Gate) -> None:
        gate.approvers = Approvers(members=frozenset({"U0LEAD"}))
        own = await gate.draft("Mine.", author="slack:U0LEAD")
        with pytest.raises(Refused, match="second person"):
            await gate.approve(own, by="U0LEAD")
        theirs = await gate.draft("The commander's.", cause="2", author=f"slack:{IC}")
        assert (await gate.approve(theirs, by="U0LEAD")).draft.state is DraftState.PUBLISHED

    play(story, four_eyes=True)


def test_a_text_that_is_too_old_is_refused_and_its_renewal_is_not() -> None:
    """G2: what was true when it was written may be so no more; somebody has to say that it is."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft(author="slack:U1")
        await clock.sleep(LASTS.total_seconds())
        with pytest.raises(Refused, match="Still true"):
            await gate.approve(draft)
        seen = Ticket(incident=draft.incident_id, draft=draft.id, sha256=draft.sha256)
        new = await drafts.edit(gate.store, seen, "r", draft.text, author="slack:U1", actor="slack:U2", lasts=LASTS)
        assert new.author == "slack:U1"
        with pytest.raises(Refused):
            await gate.approve(draft)
        assert (await gate.approve(new)).draft.state is DraftState.PUBLISHED
        assert gate.posts == [new.sha256]

    play(story)


def test_a_text_that_promises_what_is_past_does_not_pass() -> None:
    """P-gate: nobody could keep that promise, and nobody would be reminded of it."""

    async def story(gate: Gate) -> None:
        soon = clock.now() + timedelta(minutes=5)
        draft = await gate.draft(f"We look into it. Next update by {soon:%H:%M} UTC.")
        await clock.sleep(6 * 60)
        with pytest.raises(Refused, match="which is past"):
            await gate.approve(draft)
        assert gate.posts == []

    play(story)


def test_what_failed_long_ago_is_not_approved_anew_unread() -> None:
    """G2: FAILED may be approved again, but not for ever."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        gate.faulty.add(Kind.THROTTLE, times=1, seconds=60)
        assert (await gate.approve(draft)).draft.state is DraftState.FAILED
        await clock.sleep(LASTS.total_seconds())
        with pytest.raises(Refused, match="Still true"):
            await gate.approve(draft)
        assert gate.posts == []

    play(story)


def test_a_text_that_says_resolved_and_leaves_a_component_broken_does_not_pass() -> None:
    """S7: Statuspage puts nothing back by itself."""
    down = ComponentChange(
        id="cmpcheckout0", name="Checkout", before="operational", after=ComponentStatus.PARTIAL_OUTAGE
    )
    up = down.model_copy(update={"before": "partial_outage", "after": ComponentStatus.OPERATIONAL})

    async def story(gate: Gate) -> None:
        first = await gate.draft(public=text().model_copy(update={"components": (down,)}))
        await gate.approve(first)
        assert gate.page.components["cmpcheckout0"]["status"] == "partial_outage"
        over = text("It is over.").model_copy(update={"status": PublicStatus.RESOLVED})
        bare = await gate.draft(cause="2", public=over)
        with pytest.raises(Refused, match="leaves Checkout at partial outage"):
            await gate.approve(bare)
        whole = await gate.draft(cause="3", public=over.model_copy(update={"components": (up,)}))
        await gate.approve(whole)
        assert gate.page.components["cmpcheckout0"]["status"] == "operational"
        [public] = gate.page.incidents.values()
        assert public["status"] == "resolved"

    play(story)


@pytest.mark.parametrize(
    "body",
    [
        "Impact: [describe impact]",
        "Write to ops@example.com",
        "<!channel> We are down.",
        "Next update by 14:30 CET.",  # nobody would be reminded of what customers wait for
    ],
)
def test_an_unfinished_or_indiscreet_text_does_not_pass(body: str) -> None:
    """G5, X5."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft(body)
        with pytest.raises(Refused, match=r"Edit"):
            await gate.approve(draft)
        assert gate.posts == []

    play(story)


def test_what_was_rejected_does_not_pass_by_an_older_button() -> None:
    """G8, P-audit: the button that approves is still in somebody's window; who pressed it is on record."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        await drafts.reject(gate.store, draft.incident_id, draft.id, actor="slack:U1")
        with pytest.raises(Refused, match="it was rejected"):
            await gate.approve(draft)
        assert (gate.posts, gate.told) == ([], [])
        [refused] = await gate.events("STATUSPAGE_APPROVAL_REFUSED")
        assert (refused["sha256"], "it was rejected" in refused["why"]) == (draft.sha256, True)

    play(story)


def test_a_drill_never_reaches_the_page() -> None:
    """S9: enforced here, not in a script."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        with pytest.raises(Refused, match="drill"):
            await gate.approve(draft)
        assert gate.posts == []

    play(story, drill=True)


def test_a_lost_answer_is_unknown_and_is_settled_by_reading() -> None:
    """D6, D7: it was published, the answer never came, and nobody sends it again."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        gate.faulty.add(Kind.COMMIT_THEN_TIMEOUT, times=1, match="POST")
        outcome = await gate.approve(draft)
        assert outcome.draft.state is DraftState.UNKNOWN
        again = await gate.approve(draft)
        assert (again.draft.state, again.now) == (DraftState.UNKNOWN, False)
        settled = await settle(gate.store, gate.read, gate.incident.id, draft.id)
        assert settled is not None
        assert settled.state is DraftState.PUBLISHED
        assert gate.posts == [draft.sha256]
        [published] = await gate.events("STATUSPAGE_PUBLISHED")
        assert published["found_by_reading"] is True
        now = await gate.store.incident(gate.incident.id)
        assert now is not None
        assert now.public is not None

    play(story)


class _Garbled(httpx.AsyncBaseTransport):
    """Statuspage does what it is asked to; what it says of it comes as ``words``."""

    def __init__(self, page: httpx.AsyncBaseTransport, words: str) -> None:
        self._page, self._words = page, words

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._page.handle_async_request(request)
        return httpx.Response(answer.status_code, text=self._words)


@pytest.mark.parametrize("words", ["<p>Thank you!</p>", "", "[]", "{}", '{"id": "abc"}', '{"id": 7, "status": []}'])
def test_an_answer_that_cannot_be_read_is_unknown_and_is_settled_by_reading(words: str) -> None:
    """D6, D7, P-audit: customers read the text. It is neither called failed nor sent again, and the trail says why."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        sound = gate.door._target
        gate.door._target = replace(sound, transport=_Garbled(httpx.ASGITransport(gate.faulty), words))
        assert (await gate.approve(draft)).draft.state is DraftState.UNKNOWN
        gate.door._target = sound
        [unknown] = await gate.events("STATUSPAGE_PUBLISH_UNKNOWN")
        assert (unknown["sha256"], "cannot be read" in unknown["why"]) == (draft.sha256, True)
        await gate.approve(draft)
        await settle(gate.store, gate.read, gate.incident.id, draft.id)
        assert gate.posts == [draft.sha256]
        [published] = await gate.events("STATUSPAGE_PUBLISHED")
        assert published["found_by_reading"] is True
        of = await gate.store.incident(gate.incident.id)
        assert of is not None
        assert of.public is not None
        assert [of.public.id] == [*gate.page.incidents]

    play(story)


def test_what_never_arrived_becomes_failed_and_may_be_approved_anew() -> None:
    """D7: only when no POST of that claim can still be on its way."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        gate.faulty.add(Kind.DROP_BEFORE, times=1, match="POST")
        assert (await gate.approve(draft)).draft.state is DraftState.UNKNOWN
        with pytest.raises(Retry):
            await settle(gate.store, gate.read, gate.incident.id, draft.id)
        await clock.sleep(60)
        settled = await settle(gate.store, gate.read, gate.incident.id, draft.id)
        assert settled is not None
        assert settled.state is DraftState.FAILED
        assert (await gate.approve(draft)).draft.state is DraftState.PUBLISHED
        assert gate.posts == [draft.sha256]

    play(story)


def test_a_post_that_landed_after_all_is_found_before_a_second_one() -> None:
    """D7: given up on, approved anew, and there it was."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        gate.faulty.add(Kind.COMMIT_THEN_TIMEOUT, times=1, match="POST")
        await gate.approve(draft)
        stale = gate.store.texts[gate.incident.id, draft.id]
        gate.store.texts[gate.incident.id, draft.id] = stale.model_copy(update={"state": DraftState.FAILED})
        assert (await gate.approve(draft)).draft.state is DraftState.PUBLISHED
        assert len(gate.posts) == 1

    play(story)


def test_a_processor_that_died_in_the_middle_is_not_repeated() -> None:
    """D7: approved and claimed, then nothing more was heard."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        gate.faulty.add(Kind.LATENCY, seconds=5)
        first = asyncio.create_task(gate.approve(draft))
        await asyncio.sleep(1)  # virtual
        first.cancel()
        with pytest.raises(Retry, match="right now"):
            await gate.approve(draft)
        await clock.sleep(31)
        outcome = await gate.approve(draft)
        assert outcome.draft.state is DraftState.UNKNOWN
        assert len(gate.posts) <= 1

    play(story)


def test_statuspage_saying_no_is_failed_with_its_reason() -> None:
    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        gate.faulty.add(Kind.THROTTLE, times=1, seconds=60)
        outcome = await gate.approve(draft)
        assert outcome.draft.state is DraftState.FAILED
        assert "rate limited" in outcome.why
        assert gate.posts == []

    play(story)


def test_updates_and_the_resolution_go_through_the_same_door_onto_one_public_incident() -> None:
    """G6, S7."""

    async def story(gate: Gate) -> None:
        for cause in ("first", "second", "third"):
            draft = await gate.draft(f"The {cause} words.", cause=cause)
            assert (await gate.approve(draft)).draft.state is DraftState.PUBLISHED
        assert len(gate.page.incidents) == 1
        assert [write.method for write in gate.page.writes] == ["POST", "PATCH", "PATCH"]

    play(story)


def _deleted_after(first: str, then: Callable[[Gate, Draft], Coroutine[Any, Any, None]]) -> None:
    """``first`` is published, somebody deletes it on Statuspage, and an update of it is approved."""

    async def story(gate: Gate) -> None:
        await gate.approve(await gate.draft(first))
        gate.page.incidents.clear()
        over = text("It is over.").model_copy(update={"status": PublicStatus.RESOLVED})
        failed = (await gate.approve(await gate.draft(cause="2", public=over))).draft
        assert failed.state is DraftState.FAILED
        await then(gate, failed)

    play(story)


def test_a_public_incident_that_was_deleted_is_on_record_and_nothing_is_left_to_close() -> None:
    """S7, P-audit: which one, what it said, and the update that failed by it; nobody waits for what it promised."""

    async def then(gate: Gate, failed: Draft) -> None:
        of, trail = await gate.store.incident(gate.incident.id), await gate.store.trail(gate.incident.id)
        assert of is not None
        assert of.public is not None
        assert (of.public.status, of.public_open, of.promised_update_at) == ("deleted", False, None)
        [published] = await gate.events("STATUSPAGE_PUBLISHED")
        last, gone = trail[-2:]
        assert (last.type, last.details["draft_id"]) == ("STATUSPAGE_PUBLISH_FAILED", failed.id)
        assert (gone.type, gone.actor) == ("PUBLIC_INCIDENT_GONE", "system")
        assert gone.details == {"statuspage_id": published["statuspage_id"], "was": "investigating"}
        with pytest.raises(Refused, match="nothing that could be resolved"):
            await gate.approve(failed)
        [refused] = await gate.events("STATUSPAGE_APPROVAL_REFUSED")
        assert (refused["draft_id"], "was deleted" in refused["why"]) == (failed.id, True)
        assert [(write.method, write.status) for write in gate.page.writes] == [("POST", 201), ("PATCH", 404)]

    _deleted_after("We look into it. Next update within 30 minutes.", then)


def test_a_page_that_is_not_known_is_no_deleted_incident() -> None:
    """S7, P-gate: with a wrong STATUSPAGE_PAGE_ID customers read on, on the right page; nothing of theirs is let go."""

    async def story(gate: Gate) -> None:
        await gate.approve(await gate.draft("We look into it. Next update within 30 minutes."))
        wrong = ("http://page/v1", cast.STATUSPAGE_KEY, "another")
        gate.door._target = replace(gate.door._target, page_id="another")
        gate.door._page = StatuspageRead(*wrong, transport=httpx.ASGITransport(gate.faulty))
        failed = (await gate.approve(await gate.draft("We know why.", cause="2"))).draft
        of = await gate.store.incident(gate.incident.id)
        assert of is not None
        assert (failed.state, of.public_open, of.promised_update_at is None) == (DraftState.FAILED, True, False)
        assert await gate.events("PUBLIC_INCIDENT_GONE") == []

    play(story)


def test_another_text_opens_a_public_incident_in_the_place_of_the_deleted_one() -> None:
    """S7, P-audit: by an approval of its own. That it cannot be opened deletes nothing a second time."""

    async def then(gate: Gate, _: Draft) -> None:
        known = await gate.draft("We know why.", cause="3")
        target, gate.door._target = gate.door._target, replace(gate.door._target, page_id="another")
        assert (await gate.approve(known)).draft.state is DraftState.FAILED
        gate.door._target = target
        assert (await gate.approve(known)).draft.state is DraftState.PUBLISHED
        assert [(write.method, write.status) for write in gate.page.writes[2:]] == [("POST", 404), ("POST", 201)]
        assert len(await gate.events("PUBLIC_INCIDENT_GONE")) == len(gate.page.incidents) == 1

    _deleted_after("We look into it.", then)


def test_a_page_that_is_not_there_is_no_deleted_incident() -> None:
    """P-audit: nothing was public yet, so nothing is said to be gone."""

    async def story(gate: Gate) -> None:
        gate.door._target = replace(gate.door._target, page_id="another")
        outcome = await gate.approve(await gate.draft())
        assert (outcome.draft.state, "404" in outcome.why) == (DraftState.FAILED, True)
        assert (outcome.incident.public, await gate.events("PUBLIC_INCIDENT_GONE")) == (None, [])

    play(story)


def test_a_lost_update_is_settled_by_reading_too() -> None:
    """D7, G6: a PATCH that was answered by nobody is looked up like a POST, and moves the same public incident."""

    async def story(gate: Gate) -> None:
        await gate.approve(await gate.draft("First.", cause="1"))
        found = text("We know why.").model_copy(update={"status": PublicStatus.IDENTIFIED})
        second = await gate.draft(cause="2", public=found)
        gate.faulty.add(Kind.COMMIT_THEN_TIMEOUT, times=1, match="PATCH")
        assert (await gate.approve(second)).draft.state is DraftState.UNKNOWN
        await settle(gate.store, gate.read, gate.incident.id, second.id)
        now = await gate.store.incident(gate.incident.id)
        assert now is not None
        assert now.public is not None
        assert (now.public.status, len(gate.page.incidents), len(gate.posts)) == ("identified", 1, 2)

    play(story)


def test_what_a_text_promises_is_kept_with_its_publication_and_gone_with_the_next() -> None:
    """P-audit: counted from when customers read it, also when that is learned later."""

    async def story(gate: Gate) -> None:
        gate.faulty.add(Kind.COMMIT_THEN_TIMEOUT, times=1, match="POST")
        first = (await gate.approve(await gate.draft("We look into it. Next update within 30 minutes."))).draft
        await clock.sleep(300)
        await settle(gate.store, gate.read, gate.incident.id, first.id)
        now = await gate.store.incident(gate.incident.id)
        assert now is not None
        assert first.approved_at is not None
        assert now.promised_update_at == first.approved_at + timedelta(minutes=30)
        [promised] = await gate.events("UPDATE_PROMISED")
        assert promised["at"] == now.promised_update_at.isoformat()
        told = await gate.approve(await gate.draft("It goes on.", cause="2"))
        assert told.incident.promised_update_at is None

    play(story)


def test_no_second_text_passes_while_the_first_ones_outcome_is_unknown() -> None:
    """S7: two at once could open two public incidents."""

    async def story(gate: Gate) -> None:
        first = await gate.draft("First.", cause="1")
        gate.faulty.add(Kind.COMMIT_THEN_TIMEOUT, times=1, match="POST")
        await gate.approve(first)
        second = await gate.draft("Second.", cause="2")
        with pytest.raises(Refused, match="on its way"):
            await gate.approve(second)
        await settle(gate.store, gate.read, gate.incident.id, first.id)
        await gate.approve(second)
        assert len(gate.page.incidents) == 1

    play(story)


def test_the_approval_is_read_back_before_anything_is_sent() -> None:
    """P-gate: a store that lost the approval, or holds another text, stops the publish."""

    class Forgetful(MemoryStore):
        async def commit(self, change: Change) -> Incident:
            done = await super().commit(change)
            for write in change.drafts:
                if write.draft.state is DraftState.APPROVED:
                    tampered = {"wire": write.draft.wire.replace("looking", "not looking")}
                    self.texts[done.id, write.draft.id] = write.draft.model_copy(update=tampered)
            return done

    async def story(gate: Gate) -> None:
        gate.store.__class__ = Forgetful
        draft = await gate.draft()
        with pytest.raises(AutoPublishNotPermittedError):
            await gate.approve(draft)
        assert gate.posts == []

    play(story)


class _Meanwhile:
    """A page that is looked at, and then much happens before the answer is here."""

    def __init__(self, page: PublicPage, happens: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._page, self._happens = page, happens

    async def find(self, draft_id: str) -> dict[str, Any] | None:
        found = await self._page.find(draft_id)
        await self._happens()
        return found

    async def components(self) -> list[Component]:
        return await self._page.components()


def test_a_look_at_an_earlier_post_settles_no_later_one() -> None:
    """D7, D11: found by the model of the gate. What is UNKNOWN again is so by a POST that this look was not for."""

    async def story(gate: Gate) -> None:
        gate.faulty.add(Kind.ERROR, match="POST")
        draft = (await gate.approve(await gate.draft())).draft
        assert draft.state is DraftState.UNKNOWN
        await clock.sleep(60)

        async def settled_and_sent_again() -> None:
            assert (await settle(gate.store, gate.read, draft.incident_id, draft.id)) is not None
            gate.faulty.clear()
            gate.faulty.add(Kind.COMMIT_THEN_TIMEOUT, match="POST", seconds=60)
            assert (await gate.approve(draft)).draft.state is DraftState.UNKNOWN

        late = await settle(gate.store, _Meanwhile(gate.read, settled_and_sent_again), draft.incident_id, draft.id)
        assert late is not None
        assert late.state is DraftState.UNKNOWN

    play(story)


def test_what_lands_while_we_look_is_not_called_missing() -> None:
    """D7, S2: found by the model of the gate. A look proves something only if it began when the time was over."""

    async def story(gate: Gate) -> None:
        gate.faulty.add(Kind.ERROR, match="POST")
        draft = (await gate.approve(await gate.draft())).draft
        with pytest.raises(Retry):
            await settle(gate.store, _Meanwhile(gate.read, lambda: clock.sleep(60)), draft.incident_id, draft.id)

    play(story)


def test_what_was_written_is_read_back_before_it_is_sent() -> None:
    """G1, D11, P-gate: approved, and a moment later no longer ours: nothing is sent."""

    class Taken(MemoryStore):
        reads = 0

        async def draft(self, incident_id: str, draft_id: str) -> Draft | None:
            self.reads += 1
            if self.reads == 2:  # the first look at it was right behind the approval
                ours = self.texts[incident_id, draft_id]
                self.texts[incident_id, draft_id] = ours.model_copy(update={"claim": "another's"})
            return await super().draft(incident_id, draft_id)

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        gate.store.__class__ = Taken
        gate.store.reads = 0  # type: ignore[attr-defined]
        with pytest.raises(Retry, match="not what is stored"):
            await gate.approve(draft)
        assert gate.posts == []

    play(story)


@pytest.mark.parametrize(("read", "why"), [(1, "no longer exists"), (2, "not what is stored")])
def test_a_text_that_is_gone_when_it_is_read_back_is_not_sent(read: int, why: str) -> None:
    """G1: what the store does not give back was not approved, whatever it said when it was written."""

    class Lost(MemoryStore):
        reads = 0

        async def draft(self, incident_id: str, draft_id: str) -> Draft | None:
            self.reads += 1
            return None if self.reads == read else await super().draft(incident_id, draft_id)

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        gate.store.__class__ = Lost
        gate.store.reads = 0  # type: ignore[attr-defined]
        with pytest.raises((Refused, Retry), match=why):
            await gate.approve(draft)
        assert (gate.posts, gate.told) == ([], [])

    play(story)


def test_a_button_of_another_incidents_text_publishes_nothing() -> None:
    """G1: the approval of one incident opens no door of another; the try is on record."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        elsewhere = await stored(gate.store, incident("IELSEWHERE", channel_id="C0OTHER"))
        seen = Ticket(incident=elsewhere.id, draft=draft.id, sha256=draft.sha256)
        with pytest.raises(Refused, match="no decision of this incident"):
            await gate.door.publish(seen, human(), gate.approvers, on_its_way=gate.told.append)
        assert gate.posts == []
        assert (await gate.store.trail(elsewhere.id))[-1].type == "STATUSPAGE_APPROVAL_REFUSED"

    play(story)


def test_a_text_whose_bytes_were_changed_in_the_store_is_not_approved() -> None:
    """G1, P-audit: whoever can write to the table cannot put words into a commander's mouth."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        forged = draft.model_copy(update={"wire": draft.wire.replace("looking", "not looking")})
        gate.store.texts[draft.incident_id, draft.id] = forged
        with pytest.raises(Refused, match="does not match its fingerprint"):
            await gate.approve(draft)
        assert gate.posts == []
        assert len(await gate.events("STATUSPAGE_APPROVAL_REFUSED")) == 1

    play(story)


def test_what_failed_is_sent_again_only_when_the_page_can_be_looked_at() -> None:
    """D7: an earlier request may have landed after all; who cannot look does not send."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        gate.faulty.add(Kind.THROTTLE, times=1, seconds=60)
        assert (await gate.approve(draft)).draft.state is DraftState.FAILED
        gate.faulty.add(Kind.ERROR, match="GET")
        outcome = await gate.approve(draft)
        assert (outcome.draft.state, outcome.why.startswith("not sent, since ")) == (DraftState.FAILED, True)
        assert (gate.posts, len(gate.told)) == ([], 1)  # the one that failed at first
        gate.faulty.clear()
        assert (await gate.approve(draft)).draft.state is DraftState.PUBLISHED

    play(story)


def test_who_stood_still_between_the_approval_and_the_request_sends_nothing() -> None:
    """D7, D11: whoever took over may have settled it already, and a request of this claim could land behind that."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()
        gate.faulty.add(Kind.THROTTLE, times=1, seconds=60)
        await gate.approve(draft)
        gate.door._page = _Meanwhile(gate.read, lambda: clock.sleep(CLAIM_S / 2 + 1))
        outcome = await gate.approve(draft)
        assert (outcome.draft.state, "too slow" in outcome.why) == (DraftState.FAILED, True)
        assert (gate.posts, len(gate.told)) == ([], 1)  # the one that failed at first

    play(story)


def test_what_another_processor_settled_meanwhile_is_not_settled_anew() -> None:
    """D7, D11: the answer is here, and somebody else has written UNKNOWN: the look at the page decides, once."""

    async def story(gate: Gate) -> None:
        draft = await gate.draft()

        def taken_over(on_its_way: Draft) -> None:
            lost = on_its_way.model_copy(update={"state": DraftState.UNKNOWN})
            gate.store.texts[draft.incident_id, draft.id] = lost

        seen = Ticket(incident=draft.incident_id, draft=draft.id, sha256=draft.sha256)
        outcome = await gate.door.publish(seen, human(), gate.approvers, on_its_way=taken_over)
        assert (outcome.draft.state, await gate.events("STATUSPAGE_PUBLISHED")) == (DraftState.UNKNOWN, [])
        await settle(gate.store, gate.read, draft.incident_id, draft.id)
        assert len(await gate.events("STATUSPAGE_PUBLISHED")) == len(gate.posts) == 1

    play(story)


def test_a_click_that_finds_the_text_claimed_anew_waits_for_that() -> None:
    """D5, D7: UNKNOWN when it looked; settled, approved anew and on its way when it looked again."""

    class Anew(MemoryStore):
        async def draft(self, incident_id: str, draft_id: str) -> Draft | None:
            theirs = {"state": DraftState.APPROVED, "claim": "another's"}
            self.texts[incident_id, draft_id] = self.texts[incident_id, draft_id].model_copy(update=theirs)
            return await super().draft(incident_id, draft_id)

    async def story(gate: Gate) -> None:
        gate.faulty.add(Kind.COMMIT_THEN_TIMEOUT, times=1, match="POST")
        draft = (await gate.approve(await gate.draft())).draft
        gate.store.__class__ = Anew
        with pytest.raises(Retry, match="another click"):
            await gate.approve(draft)
        assert len(gate.posts) == 1

    play(story)


def test_a_look_at_what_is_settled_or_was_never_there_changes_nothing() -> None:
    """D2, D7: a timer that comes late, or twice."""

    async def story(gate: Gate) -> None:
        draft = (await gate.approve(await gate.draft())).draft
        before = await gate.store.trail(draft.incident_id)
        assert await settle(gate.store, gate.read, draft.incident_id, draft.id) == draft
        assert await settle(gate.store, gate.read, draft.incident_id, "no-such-draft") is None
        assert await gate.store.trail(draft.incident_id) == before

    play(story)


@pytest.mark.parametrize(
    ("status", "of", "after_s"),
    [
        pytest.param(PublicStatus.RESOLVED, Status.ACTIVE, 0.0, id="it says that it is over"),
        pytest.param(PublicStatus.MONITORING, Status.RESOLVED, 0.0, id="the incident is over"),
        pytest.param(PublicStatus.MONITORING, Status.ACTIVE, 3600.0, id="the time is past"),
    ],
)
def test_nobody_is_held_to_a_promise_that_is_over_when_its_publication_is_learned(
    status: PublicStatus, of: Status, after_s: float
) -> None:
    """T1: of a resolved text no update follows; and what was promised for a time that is past cannot be kept."""

    async def story(gate: Gate) -> None:
        gate.faulty.add(Kind.COMMIT_THEN_TIMEOUT, times=1, match="POST")
        words = text("Next update within 30 minutes.").model_copy(update={"status": status})
        draft = (await gate.approve(await gate.draft(public=words))).draft
        await clock.sleep(after_s)
        settled = await settle(gate.store, gate.read, draft.incident_id, draft.id)
        assert settled is not None
        assert settled.state is DraftState.PUBLISHED
        now = await gate.store.incident(draft.incident_id)
        assert now is not None
        assert (now.promised_update_at, await gate.events("UPDATE_PROMISED")) == (None, [])

    play(story, status=of)
