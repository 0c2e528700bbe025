"""An alert becomes a room: once, with the right people, and saying what it could not do (P-once, P-people, P-loud)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from app import clock
from app.domain.change import Change
from app.domain.incident import Incident, Status
from app.domain.room import Invited
from app.errors import Retry, VendorError, VendorRefused, VendorThrottled
from app.flows import people, war_room
from app.flows.steps import LEASE_S, Done, begin
from app.ledger import Decision
from app.sim import cast
from app.sim.faults import Kind
from app.sim.memory_store import MemoryStore
from app.sim.slack_state import User
from app.sim.workos import user as directory_user
from tests.house import House, play

EVERYBODY = {"U0PRIMARY", "U0SECONDARY", "U0LEAD", "U0ENGINEER"}


def test_one_alert_one_room_with_everybody_in_it() -> None:
    async def story(house: House) -> None:
        await house.fire()
        [room] = house.rooms
        incident = await house.incident()
        assert (incident.status, incident.channel_id) == (Status.ACTIVE, room.id)
        assert set(room.members) >= EVERYBODY
        assert "U0FORMER" not in room.members  # has left: in the directory, and not active
        assert incident.ic == "U0PRIMARY"
        said = " ".join(house.texts(room.id))
        assert "7.1 %" in said
        assert "Checklist" in said
        assert len(room.pins) == 1
        assert (await house.types())[-1] == "WAR_ROOM_ASSEMBLED"

    play(story)


def test_a_second_delivery_changes_nothing() -> None:
    """D1."""

    async def story(house: House) -> None:
        await house.fire()
        before = (await house.incident(), [post.text for post in house.rooms[0].posts])
        await house.fire()
        assert (await house.incident(), [post.text for post in house.rooms[0].posts]) == before
        assert len(house.rooms) == 1

    play(story)


@pytest.mark.parametrize("call", range(1, 30))
def test_interrupted_at_any_slack_call_the_next_delivery_finishes_the_same_room(call: int) -> None:
    """D1, L5: the answer to one call is lost after the work was done, and the process starts anew."""

    async def story(house: House) -> None:
        faulty = house.faults["slack"]
        seen = 0
        strike = type(faulty)._strike

        def counted(fault: Any) -> bool:
            nonlocal seen
            seen += 1
            return seen == call and strike(faulty, fault)

        faulty._strike = counted  # type: ignore[method-assign]
        faulty.add(Kind.COMMIT_THEN_TIMEOUT, seconds=8)
        for _ in range(4):
            try:
                await house.fire()
                break
            except (Retry, VendorError):
                await clock.sleep(40)  # the consumer's delay; any lease has run out
                house.boot()
        [room] = house.rooms
        incident = await house.incident()
        assert incident.status in {Status.ACTIVE, Status.ASSEMBLY_DEGRADED}
        assert set(room.members) >= EVERYBODY
        effects = [post.metadata["event_payload"]["effect_id"] for post in room.posts if post.metadata]
        assert len(effects) == len(set(effects))

    play(story)


def test_the_on_call_schedule_failing_leaves_the_directory_standing_and_is_said_aloud() -> None:
    """S4: each source fails alone."""

    async def story(house: House) -> None:
        house.faults["oncall"].add(Kind.ERROR)
        await house.fire()
        [room] = house.rooms
        assert {"U0LEAD", "U0ENGINEER"} <= set(room.members)
        assert "on-call schedule" in " ".join(house.texts(room.id))
        assert "DIRECTORY_LOOKUP_FAILED" in await house.types()
        assert (await house.incident()).ic is None

    play(story)


def test_when_nobody_can_be_invited_somebody_outside_is_told() -> None:
    """S3: a warning in a room whose only member is the bot is read by nobody."""

    async def story(house: House) -> None:
        house.faults["oncall"].add(Kind.ERROR)
        house.faults["workos"].add(Kind.ERROR)
        await house.fire()
        assert any("nobody could be invited" in text for text in house.texts(cast.FALLBACK_CHANNEL))
        assert "NOBODY_INVITED_ESCALATED" in await house.types()
        assert (await house.incident()).status is Status.ASSEMBLY_DEGRADED

    play(story)


def test_when_nobody_can_be_invited_and_there_is_nobody_to_tell_the_log_says_so() -> None:
    """S3, P-loud: an error, which an alert watches."""

    async def story(house: House) -> None:
        house.faults["oncall"].add(Kind.ERROR)
        house.faults["workos"].add(Kind.ERROR)
        with capture_logs() as lines:
            await house.fire()
        [loud] = [line for line in lines if line["event"] == "alarm_unheard"]
        assert (loud["log_level"], loud["alarm"]) == ("error", "nobody_invited")

    play(story, fallback_channel=None)


def test_a_room_without_its_header_can_be_commanded_all_the_same() -> None:
    """S5, P-loud: Slack took everything but the first message, and no answer may name a button that is not there."""

    async def story(house: House) -> None:
        post, lost = house.chat.post, 0

        async def but_the_header(channel: str, message: Any, *, effect_id: str) -> str:
            nonlocal lost
            if effect_id.startswith("header:"):
                lost += 1
                raise VendorRefused("slack", "chat.postMessage", "restricted_action")
            return await post(channel, message, effect_id=effect_id)

        house.chat.post = but_the_header  # type: ignore[method-assign]
        for _ in range(2):
            with pytest.raises(Retry):
                await house.fire()
        await house.fire()
        assert lost == 3
        assert (await house.incident()).status is Status.ASSEMBLY_DEGRADED
        last = house.rooms[0].posts[-1]
        assert "post header" in last.text
        assert "take_command" in str(last.blocks)

    play(story)


def test_a_large_team_is_invited_in_batches_that_fit_one_transaction() -> None:
    """T7, P-audit: a hundred people are a hundred audit events, and DynamoDB takes a hundred actions at once."""

    async def story(house: House) -> None:
        group = house.workos.groups[cast.WORKOS_GROUP]
        for number in range(95):
            email = f"engineer-{number}@example.com"
            group.append(directory_user(100 + number, "Engineer", email))
            house.slack.workspace.users[f"U{number}"] = User(f"U{number}", f"Engineer {number}", email)
        await house.fire()
        assert len(set(house.rooms[0].members)) == 1 + len(EVERYBODY) + 95
        assert (await house.types()).count("RESPONDER_INVITED") == len(EVERYBODY) + 95
        assert (await house.types()).count("IC_ASSIGNED") == 1
        assert (await house.incident()).ic == "U0PRIMARY"

    play(story)


def test_a_team_that_no_room_can_hold_comes_in_part_and_the_room_hears_of_the_rest() -> None:
    """P-people, P-loud: a directory group of thousands is more than an item of DynamoDB holds. Whoever is on call comes
    first, and nobody is left out in silence."""

    async def story(house: House) -> None:
        group = house.workos.groups[cast.WORKOS_GROUP]
        for number in range(4_500):
            email = f"engineer-{number}@a-department-with-a-long-name.example.com"
            group.append(directory_user(100 + number, f"Engineer {number}", email))
            house.slack.workspace.users[f"U{number}"] = User(f"U{number}", f"Engineer {number}", email)
        await house.fire()
        incident = await house.incident()
        assert incident.status is Status.ACTIVE, incident.missing
        assert incident.ic == "U0PRIMARY"
        assert len(house.rooms[0].members) == 1 + people.INVITED_MAX
        left_out = len(EVERYBODY) + 4_500 - people.INVITED_MAX
        told = " ".join(house.texts(house.rooms[0].id))
        assert f"{left_out} more of the team are not invited" in told
        [resolved] = [event for event in await house.trail() if event.type == "RESPONDERS_RESOLVED"]
        assert resolved.details["left_out"] == left_out

    play(story)


def test_a_rate_limit_delays_a_step_and_does_not_cost_it() -> None:
    """T7: in a storm of alerts each room gets its checklist, later."""

    async def story(house: House) -> None:
        house.slack.limits["pins.add"] = 0
        for attempt in range(1, 7):
            with pytest.raises(VendorThrottled):
                await house.fire()
            assert (await house.incident()).attempts[war_room.FLOW] == attempt
            await clock.sleep(90)
        house.slack.limits.clear()
        await house.fire()
        assert (await house.incident()).status is Status.ACTIVE
        assert len(house.rooms[0].pins) == 1
        assert "STEP_FAILED" not in await house.types()

    play(story)


def test_a_slow_data_source_does_not_hold_the_room() -> None:
    """P-bounded."""

    async def story(house: House) -> None:
        house.sources.delay_s = 3600
        began = clock.wall()
        await house.fire()
        assert clock.wall() - began < 60
        assert "no answer within 8 s" in " ".join(house.texts(house.rooms[0].id))

    play(story)


def test_a_room_of_that_name_that_is_not_ours_is_not_taken() -> None:
    """P-once: adopted only if we made it."""

    async def story(house: House) -> None:
        await house.fire()
        name = house.rooms[0].name
        fresh = House()
        other = fresh.slack.workspace.new_channel(name, creator="U0BYSTANDER", private=True)
        await fresh.fire(at=(await house.incident()).alert.at)
        ours = [room for room in fresh.rooms if room.id != other.id]
        assert len(ours) == 1
        assert ours[0].name == f"{name}-1"
        assert other.posts == []

    play(story)


def test_who_stood_still_looks_before_acting() -> None:
    """D11: its lease ran out and another took the flow; that its next step is the first thing it does is no excuse."""

    async def story(house: House) -> None:
        await house.fire()
        incident = await house.incident()

        def begins(incident: Incident) -> Decision:
            return Decision(incident, [])

        async def act() -> Done:
            raise AssertionError("it acted, and another has the flow")

        still = await begin(house.store, incident.id, "any", begins)
        await clock.sleep(LEASE_S + 1)
        assert await begin(house.store, incident.id, "any", begins)
        assert still
        with pytest.raises(Retry, match="taken over"):
            await still.step("next", act)

    play(story)


def test_who_was_slow_and_alone_goes_on() -> None:
    async def story(house: House) -> None:
        await house.fire()
        flow = await begin(house.store, (await house.incident()).id, "any", lambda fresh: Decision(fresh, []))
        await clock.sleep(LEASE_S + 1)
        assert flow

        async def act() -> Done:
            return Done(result={"held": flow.incident.lease is not None and flow.incident.lease.until > clock.wall()})

        assert await flow.step("next", act) == {"held": True}

    play(story)


def test_a_second_processor_waits_while_the_first_works() -> None:
    """D11."""

    class Beside:
        """The same store, as another processor holds it."""

        def __init__(self, store: MemoryStore) -> None:
            self._store = store

        def __getattr__(self, name: str) -> Any:
            return getattr(self._store, name)

    class Interrupted(MemoryStore):
        """Tries the same alert once more in the middle of the first assembly."""

        tried: str = ""

        async def commit(self, change: Change) -> Incident:
            done = await super().commit(change)
            if change.lookups and change.lookups[0][0] == "CHANNEL" and not self.tried:
                self.tried = "yes"
                other, *_ = self.house.flows(Beside(self), self.house.timers)
                with pytest.raises(Retry, match="being worked"):
                    await other.assemble(done.id)
            return done

        house: House

    async def story(house: House) -> None:
        house.store.__class__ = Interrupted
        house.store.house = house  # type: ignore[attr-defined]
        await house.fire()
        assert house.store.tried == "yes"  # type: ignore[attr-defined]
        assert len(house.rooms) == 1

    play(story)


def test_the_first_reminder_is_one_interval_away() -> None:
    """T1."""

    async def story(house: House) -> None:
        await house.fire()
        [schedule] = (it for name, it in house.timers.schedules.items() if "nudge" in name)
        assert timedelta(minutes=14) < schedule.next - clock.now() <= timedelta(minutes=15)
        assert schedule.end > clock.now()

    play(story)


def test_below_p1_no_room_is_made() -> None:
    async def story(house: House) -> None:
        await house.fire(labels={"severity": "warning"})
        assert house.rooms == []
        assert (await house.incident()).status is Status.TRACKED

    play(story)


def test_an_alert_title_cannot_ping_or_break_the_room() -> None:
    """T5."""

    async def story(house: House) -> None:
        await house.fire(title="<!channel> <@U0LEAD> " + "x" * 400)
        said = " ".join(house.texts(house.rooms[0].id))
        header = house.slack.workspace.channels[house.rooms[0].id].posts[0].blocks[0]
        assert header["text"]["type"] == "plain_text"
        mrkdwn = said.replace(str(header), "")
        assert "<!channel>" not in mrkdwn
        assert "<@U0LEAD> xxx" not in mrkdwn

    play(story)


def test_a_refire_after_the_resolution_is_a_new_episode_with_a_new_room() -> None:
    """L3."""

    async def story(house: House) -> None:
        await house.fire()
        first = await house.incident()
        house.store.incidents[first.id] = first.to(Status.RESOLVED, resolved_at=clock.now(), resolved_by="system")
        await house.fire(at=first.alert.at)  # the old event once more
        assert (await house.incident()).id == first.id
        assert "STALE_EVENT_IGNORED" in await house.types()
        await clock.sleep(60 + house.policy.grace.total_seconds())
        await house.fire()
        second = await house.incident()
        assert (second.id != first.id, second.episode) == (True, 2)
        assert len(house.rooms) == 2

    play(story)


class _Later:
    """The people's clock, so much further on."""

    def __init__(self, inner: Any, by: timedelta) -> None:
        self._inner, self._by = inner, by

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def now(self) -> datetime:
        later: datetime = self._inner.now() + self._by
        return later


def test_a_group_that_fires_again_when_its_old_incident_has_half_expired_gets_a_new_one() -> None:
    """L3: Grafana Alerting names a group by its rule, year after year. What points from the group to its incident
    expires a year after the beginning, the incident a year after its end: in between its id is not free."""

    async def story(house: House) -> None:
        await house.fire()
        first = await house.incident()
        clock.install(_Later(clock.installed(), timedelta(days=5)))
        over = first.to(Status.RESOLVED, resolved_at=clock.now(), resolved_by="system")
        await house.store.commit(Change(over, [], clock.now()))
        clock.install(_Later(clock.installed(), timedelta(days=363)))
        assert await house.store.incident_of_alert(first.alert.alert_group) is None
        assert await house.store.incident(first.id) is not None
        again = clock.now()
        await house.fire(at=again)
        second = await house.incident()
        assert second.id != first.id
        assert second.status is Status.ACTIVE
        assert (await house.trail())[0].type == "ALERT_RECEIVED"
        await house.fire(at=again)  # delivered once more
        assert (await house.incident()).id == second.id
        assert len(house.rooms) == 2

    play(story)


def test_what_fired_before_the_resolution_opens_nothing() -> None:
    """D2: an event that was long on its way."""

    async def story(house: House) -> None:
        await house.fire()
        first = await house.incident()
        await clock.sleep(60)
        house.store.incidents[first.id] = first.to(Status.RESOLVED, resolved_at=clock.now(), resolved_by="system")
        await house.fire(at=first.alert.at)
        assert (await house.incident()).id == first.id
        assert len(house.rooms) == 1

    play(story)


def test_a_room_of_ours_is_adopted_though_nobody_remembers_it() -> None:
    """D1, P-once: the name was taken, and it was we who took it."""

    async def story(house: House) -> None:
        await house.fire()
        [room] = house.rooms
        house.store = type(house.store)()  # all that is left of it is in Slack
        house.boot()
        await house.fire(at=clock.now())
        assert [one.id for one in house.rooms] == [room.id]
        assert "WAR_ROOM_ADOPTED" in await house.types()

    play(story)


def test_the_assembly_is_measured_from_the_alerts_own_time() -> None:
    """S8: what was lost before we heard of it was lost all the same."""

    async def story(house: House) -> None:
        await house.fire(at=clock.now() - timedelta(minutes=5))
        assert (await house.trail())[-1].details["seconds_from_alert"] >= 300

    play(story)


def test_a_team_is_invited_at_once() -> None:
    """T6: one call, not one for each person."""

    async def story(house: House) -> None:
        calls: list[int] = []
        invite = house.chat.invite

        async def counted(channel: str, slack_ids: Sequence[str]) -> Invited:
            calls.append(len(slack_ids))
            return await invite(channel, slack_ids)

        house.chat.invite = counted  # type: ignore[method-assign]
        await house.fire()
        assert calls == [len(EVERYBODY)]

    play(story)


def test_the_flow_is_named_in_the_journal() -> None:
    async def story(house: House) -> None:
        await house.fire()
        steps = await house.store.steps((await house.incident()).id, war_room.FLOW)
        names = {"create_channel", "resolve_responders", "invite_responders", "post_context", "pin_checklist"}
        assert names | {"schedule_nudge"} <= set(steps)

    play(story)


class _Halved(httpx.AsyncBaseTransport):
    """Every name that a vendor answers with ends in half a character, as of a phone's emoji that was cut."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        body = re.sub(
            rb'("(?:first_name|last_name|username|name|real_name)":\s*"[^"]*)"', rb'\1\\ud83d"', await answer.aread()
        )
        return httpx.Response(answer.status_code, headers={"content-type": "application/json"}, content=body)


@pytest.mark.parametrize("vendor", ["workos", "oncall"])
def test_half_a_character_in_a_name_keeps_nobody_out(vendor: str) -> None:
    """P-people: the name can be said and stored, and the room stands."""

    async def story(house: House) -> None:
        around = iter(house.faults)
        house.boot(lambda inner: _Halved(inner) if next(around) == vendor else inner)
        await house.fire()
        incident = await house.incident()
        assert incident.status is Status.ACTIVE
        assert set(house.rooms[0].members) >= EVERYBODY
        for event in await house.store.trail(incident.id):
            event.model_dump_json().encode()

    play(story)
