"""The Chat port's real adapter against a simulated Slack, over HTTP; and the simulated Slack's own manners."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import httpx
import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import clock
from app.domain.gesture import Gesture, Unheeded, parse
from app.domain.room import RoomNameTaken, Said
from app.effects.slack import Slack
from app.errors import Unknown, VendorRefused, VendorThrottled, VendorUnavailable
from app.messages import message as kit
from app.messages.message import Message
from app.signature import verify_slack
from app.sim import cast, slack_delivery, slack_people
from app.sim.faults import Faulty, Kind
from app.sim.slack import SlackSim, throttled
from app.sim.slack_people import NotPossible
from app.sim.slack_state import User
from tests.conftest import Serve

PRIMARY, LEAD, FORMER, BYSTANDER = "U0PRIMARY", "U0LEAD", "U0FORMER", "U0BYSTANDER"


class World:
    """One simulated Slack, served, and the adapter that talks to it."""

    def __init__(self, serve: Serve, sim: SlackSim | None = None) -> None:
        self.sim = sim or SlackSim()
        self.faults = Faulty(self.sim.app(), "slack", throttled=throttled)
        self.url = serve(self.faults)
        self.sim.workspace.url = self.url
        self.slack = Slack(f"{self.url}/api", cast.BOT_TOKEN)


@pytest.fixture
async def world(serve: Serve) -> AsyncIterator[World]:
    world = World(serve)
    yield world
    await world.slack.aclose()


async def _room(world: World, name: str = "incident-response-p1-20250101-a1") -> str:
    return (await world.slack.create_room(name)).id


# ---------------------------------------------------------------- rooms


async def test_a_room_is_private_and_remembers_what_it_was_made_for(world: World) -> None:
    """D1: a second delivery finds the room of the first, with its marker, and makes no other."""
    room = await world.slack.create_room("incident-response-p1-20250101-a1")
    await world.slack.mark_room(room.id, marker="inc-1", topic="x" * 400)

    with pytest.raises(RoomNameTaken):
        await world.slack.create_room(room.name)
    adopted = await world.slack.own_room(room.name)

    assert adopted is not None
    assert (adopted.id, adopted.name, adopted.marker) == (room.id, room.name, "inc-1")
    assert [one.private for one in world.sim.workspace.rooms()] == [True]
    assert len(world.sim.workspace.channels[room.id].topic) == 250


async def test_somebody_elses_room_of_that_name_is_not_ours(world: World) -> None:
    """D1: a name alone proves nothing; the app was even invited here."""
    theirs = world.sim.workspace.new_channel("incident-response-p1-20250101-a1", PRIMARY)
    theirs.members.add(cast.BOT_USER_ID)
    with pytest.raises(RoomNameTaken):
        await world.slack.create_room(theirs.name)
    assert await world.slack.own_room(theirs.name) is None


async def test_an_archived_room_keeps_its_name_but_is_not_adopted(world: World) -> None:
    room = await _room(world, "old-room")
    await world.slack.archive(room)
    await world.slack.archive(room)  # already archived is archived
    with pytest.raises(RoomNameTaken):
        await world.slack.create_room("old-room")
    assert await world.slack.own_room("old-room") is None
    with pytest.raises(VendorRefused, match=r"is_archived.*unarchive"):
        await world.slack.post(room, kit.say("too late"), effect_id="e1")


async def test_a_room_among_many_is_found_on_a_later_page(world: World) -> None:
    for number in range(450):
        world.sim.workspace.new_channel(f"room-{number}", cast.BOT_USER_ID)
    found = await world.slack.own_room("room-449")
    assert found is not None
    assert found.marker == ""


@pytest.mark.usefixtures("refused_on_purpose")
@pytest.mark.parametrize("name", ["Capital", "with space", "x" * 81, "---"])
async def test_a_bad_name_is_refused_in_slacks_word(world: World, name: str) -> None:
    with pytest.raises(VendorRefused, match="invalid_name"):
        await world.slack.create_room(name)


async def test_the_link_opens_the_room(world: World) -> None:
    room = await _room(world)
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(await world.slack.link(room))).json()["id"] == room


# ---------------------------------------------------------------- people


async def test_one_who_cannot_be_invited_does_not_keep_the_others_out(world: World) -> None:
    """T6: one batch; the wrong ids are named with their reason, and the rest are in the room."""
    room = await _room(world)
    invited = await world.slack.invite(room, [PRIMARY, "U0NOBODY", LEAD, FORMER, PRIMARY])
    assert invited.joined == (PRIMARY, LEAD)
    assert invited.failed == {"U0NOBODY": "user_not_found", FORMER: "cant_invite"}
    assert await world.slack.members(room) == {PRIMARY, LEAD}


async def test_inviting_again_changes_nothing(world: World) -> None:
    """D1: a repeated round of invitations is no failure."""
    room = await _room(world)
    await world.slack.invite(room, [PRIMARY])
    again = await world.slack.invite(room, [PRIMARY, LEAD])
    assert again.joined == (PRIMARY, LEAD)
    assert again.failed == {}


async def test_sixty_people_are_invited_in_batches(world: World) -> None:
    """T7: sixty people are two calls, not sixty."""
    ids = [f"U0MANY{number:02d}" for number in range(60)]
    for one in ids:
        world.sim.workspace.users[one] = User(one, one, f"{one.lower()}@example.com")
    world.sim.limits["conversations.invite"] = 2
    assert (await world.slack.invite(await _room(world), ids)).joined == tuple(ids)


async def test_an_address_leads_to_an_active_person_or_to_nobody(world: World) -> None:
    """P-people: who has left, and who is a bot, is nobody."""
    world.sim.workspace.users["U0ROBOT"] = User("U0ROBOT", "robot", "robot@example.com", is_bot=True)
    assert await world.slack.slack_id(" Primary@Example.com ") == PRIMARY
    assert await world.slack.slack_id("former@example.com") is None
    assert await world.slack.slack_id("robot@example.com") is None
    assert await world.slack.slack_id("nobody@example.com") is None


async def test_an_address_is_told_of_active_people_whom_slack_shows(world: World) -> None:
    assert await world.slack.email(PRIMARY) == "primary@example.com"
    assert await world.slack.email("U0FORMER") is None
    assert await world.slack.email("U0NOBODY") is None
    world.sim.workspace.scopes -= {"users:read.email"}
    assert await world.slack.email(PRIMARY) is None


async def test_who_is_in_a_user_group_is_asked_each_time(world: World) -> None:
    """G3."""
    group = world.sim.workspace.usergroups[cast.APPROVER_GROUP]
    assert await world.slack.group_members(cast.APPROVER_GROUP) == group == {*cast.APPROVERS}
    group.remove(LEAD)
    assert LEAD not in await world.slack.group_members(cast.APPROVER_GROUP)


async def test_a_user_group_that_is_not_known_or_not_shown_is_an_error_and_nobody(world: World) -> None:
    """G3, S2: no group is not an empty one."""
    with pytest.raises(VendorRefused, match="no_such_subteam"):
        await world.slack.group_members("S0GONE")
    world.sim.workspace.scopes.remove("usergroups:read")
    with pytest.raises(VendorRefused, match="usergroups:read"):
        await world.slack.group_members(cast.APPROVER_GROUP)


# ---------------------------------------------------------------- messages


async def test_a_message_is_found_by_its_effect_behind_many_others(world: World) -> None:
    """D1: a post whose step was not journaled is adopted, however much was said since."""
    room = await _room(world)
    await world.slack.invite(room, [PRIMARY])
    ts = await world.slack.post(room, kit.say("The header"), effect_id="inc-1:header")
    for number in range(450):
        world.sim.people.say(PRIMARY, room, f"chatter {number}")
    assert await world.slack.find(room, "inc-1:header") == ts
    assert await world.slack.find(room, "inc-1:checklist") is None


async def test_metadata_of_somebody_else_is_no_proof(world: World) -> None:
    room = await _room(world)
    ts = await world.slack.post(room, kit.say("ours"), effect_id="e1")
    post = world.sim.workspace.channels[room].post(ts)
    assert post is not None
    post.user = PRIMARY
    assert await world.slack.find(room, "e1") is None


async def test_a_message_is_updated_and_pinned_as_often_as_one_likes(world: World) -> None:
    room = await _room(world)
    ts = await world.slack.post(room, kit.say("first"), effect_id="e1")
    for _ in range(2):
        await world.slack.update(room, ts, Message(text="second"))
        await world.slack.pin(room, ts)
    channel = world.sim.workspace.channels[room]
    post = channel.posts[0]
    assert (post.text, post.blocks, channel.pins) == ("second", [], [ts])
    assert await world.slack.find(room, "e1") == ts  # an edit keeps the metadata


async def test_one_message_is_read_as_it_was_typed_and_has_an_address(world: World) -> None:
    room = await _room(world)
    await world.slack.invite(room, [PRIMARY])
    around = [world.sim.people.say(PRIMARY, room, text) for text in ("before", "the café is <back> & well", "after")]
    said = await world.slack.read(room, around[1])
    assert said == Said(author=PRIMARY, text="the café is <back> & well")
    assert await world.slack.read(room, "1700000000.000100") is None
    answer = world.sim.people.say(PRIMARY, room, "in a thread", thread=around[1])
    assert await world.slack.read(room, answer) == Said(author=PRIMARY, text="in a thread")
    address = await world.slack.permalink(room, around[1])
    assert address == f"{world.url}/archives/{room}/p{around[1].replace('.', '')}"
    await world.slack.archive(room)
    assert await world.slack.permalink(room, around[1]) == address
    with pytest.raises(VendorRefused, match="message_not_found"):
        await world.slack.permalink(room, "1700000000.000100")


async def test_a_lost_answer_is_unknown_and_the_post_is_not_sent_again(world: World) -> None:
    """D6: a POST is never sent twice; the read back settles it."""
    room = await _room(world)
    world.faults.add(Kind.COMMIT_THEN_TIMEOUT, times=1, seconds=0, match=r"chat.postMessage")
    with pytest.raises(Unknown):
        await world.slack.post(room, kit.say("once"), effect_id="e1")
    assert [post.text for post in world.sim.workspace.channels[room].posts] == ["once"]
    assert await world.slack.find(room, "e1") is not None


async def test_a_lost_answer_of_a_harmless_call_is_asked_for_again(world: World) -> None:
    room = await _room(world)
    ts = await world.slack.post(room, kit.say("first"), effect_id="e1")
    world.faults.add(Kind.COMMIT_THEN_TIMEOUT, times=1, seconds=0, match=r"pins.add")
    await world.slack.pin(room, ts)
    assert world.sim.workspace.channels[room].pins == [ts]


@pytest.mark.parametrize("code", ["internal_error", "fatal_error"])
async def test_part_of_it_may_have_succeeded(code: str) -> None:
    """D6: Slack says so of these two, in an answer of 200: unknown for a post, and just not done for a read."""
    answer = httpx.MockTransport(lambda _: httpx.Response(200, json={"ok": False, "error": code}))
    slack = Slack("https://slack.example/api", "xoxb-x", transport=answer)
    with pytest.raises(Unknown):
        await slack.post("C1", kit.say("hello"), effect_id="e1")
    with pytest.raises(VendorUnavailable):
        await slack.slack_id("a@example.com")


@pytest.mark.usefixtures("refused_on_purpose")
async def test_limits_are_slacks(world: World) -> None:
    """T5: a header of 151 characters or a 51st block loses the whole message, so Slack's refusal names the place."""
    room = await _room(world)
    await world.slack.post(room, Message(text="x", blocks=(kit.header("h" * 200),) * 50), effect_id="e1")
    long_header = {"type": "header", "text": {"type": "plain_text", "text": "h" * 151}}
    with pytest.raises(VendorRefused, match=r"invalid_blocks.*less than 151 characters.*/blocks/0/text/text"):
        await world.slack.post(room, Message(text="x", blocks=(long_header,)), effect_id="e2")
    with pytest.raises(VendorRefused, match="invalid_blocks"):
        await world.slack.post(room, Message(text="x", blocks=(kit.section("s"),) * 51), effect_id="e3")
    with pytest.raises(VendorRefused, match="msg_too_long"):
        await world.slack.post(room, Message(text="x" * 40_001), effect_id="e4")
    assert len(world.sim.workspace.channels[room].posts) == 1


async def test_a_whisper_and_a_direct_message_reach_one_person(world: World) -> None:
    """S3: somebody outside the room can be told."""
    room = await _room(world)
    await world.slack.direct(BYSTANDER, kit.say("you alone"), effect_id="e1")
    with pytest.raises(VendorRefused, match="user_not_in_channel"):
        await world.slack.whisper(room, BYSTANDER, kit.say("psst"))
    await world.slack.invite(room, [PRIMARY])
    await world.slack.whisper(room, PRIMARY, kit.say("psst"))
    assert [post.text for post in world.sim.workspace.direct(BYSTANDER).posts] == ["you alone"]
    assert [(one.user, one.text) for one in world.sim.workspace.whispers] == [(PRIMARY, "psst")]


async def test_what_was_written_to_one_person_is_found_again(world: World) -> None:
    """P-once: a conversation with one person is a channel like any other."""
    private = await world.slack.private(BYSTANDER)
    assert await world.slack.private(BYSTANDER) == private
    assert await world.slack.find(private, "e1") is None
    await world.slack.direct(BYSTANDER, kit.say("you alone"), effect_id="e1")
    assert await world.slack.find(private, "e1") == world.sim.workspace.direct(BYSTANDER).posts[0].ts


@pytest.mark.parametrize(("scope", "read"), [("im:write", False), ("im:history", True)])
async def test_to_find_it_two_scopes_are_needed(world: World, scope: str, read: bool) -> None:
    private = world.sim.workspace.direct(BYSTANDER).id
    world.sim.workspace.scopes.discard(scope)
    with pytest.raises(VendorRefused, match=f"missing_scope.*{scope}"):
        await (world.slack.find(private, "e1") if read else world.slack.private(BYSTANDER))


# ---------------------------------------------------------------- what Slack refuses


async def test_a_missing_scope_is_named(world: World) -> None:
    world.sim.workspace.scopes.discard("groups:write")
    with pytest.raises(VendorRefused, match=r"missing_scope.*groups:write.*reinstall") as caught:
        await _room(world)
    assert caught.value.code == "missing_scope"


async def test_a_wrong_token_names_the_setting(world: World) -> None:
    stranger = Slack(f"{world.url}/api", "xoxb-wrong")
    with pytest.raises(VendorRefused, match=r"invalid_auth.*SLACK_BOT_TOKEN"):
        await stranger.create_room("a-room")
    await stranger.aclose()


async def test_a_private_channel_without_us_does_not_exist_for_us(world: World) -> None:
    theirs = world.sim.workspace.new_channel("secret", PRIMARY)
    with pytest.raises(VendorRefused, match=r"channel_not_found.*/invite"):
        await world.slack.post(theirs.id, kit.say("hello"), effect_id="e1")
    with pytest.raises(VendorRefused, match=r"not_in_channel.*/invite"):
        await world.slack.post(cast.GENERAL_CHANNEL, kit.say("hello"), effect_id="e1")


async def test_slacks_retry_after_is_honoured(world: World) -> None:
    """T7: after a 429 the method is left alone; the next call does not even leave the house."""
    room = await _room(world)
    world.sim.limits["chat.postMessage"] = 1
    await world.slack.post(room, kit.say("first"), effect_id="e1")
    for effect_id in ("e2", "e3"):
        with pytest.raises(VendorThrottled) as caught:
            await world.slack.post(room, kit.say("more"), effect_id=effect_id)
        assert caught.value.retry_after > 4
        world.sim.limits.clear()  # Slack would take it now; we were told to wait, and wait
    assert len(world.sim.workspace.channels[room].posts) == 1


async def test_we_stay_below_slacks_rates_ourselves(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """T7: tier 2 is 20 a minute; half of it may go at once, and the rest is spread out."""
    monkeypatch.setattr(clock, "monotonic", lambda: 1000.0)  # no time passes, so nothing is refilled
    for number in range(10):
        await _room(world, f"room-{number}")
    with pytest.raises(VendorThrottled):
        await _room(world, "room-10")
    assert len(list(world.sim.workspace.rooms())) == 10


async def test_who_comes_too_early_is_told_a_moment_of_their_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """T7: of forty alerts at once the last is told to come back when its turn is, not when the first one's is."""
    monkeypatch.setattr(clock, "monotonic", lambda: 1000.0)
    told = []
    for number in range(40):
        try:
            await _room(world, f"room-{number}")
        except VendorThrottled as error:
            told.append(error.retry_after)
    assert len(told) == 30
    gaps = [later - earlier for earlier, later in pairwise(told)]
    assert gaps == pytest.approx([6.0] * 29, abs=0.2), "ten a minute"


# ---------------------------------------------------------------- answers to gestures


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://slack.com.example/x",
        "https://example.com/?hooks.slack.com/x",
        "https://example.com#.slack.com/x",
        "https://user@hooks.slack.com:x@example.com/",
        "https://example.com\\@hooks.slack.com/x",
        "http://hooks.slack.com/plain",
        "https://hooks.slack.com:8443/x",
    ],
)
async def test_an_answer_goes_to_slack_or_nowhere(address: str) -> None:
    """A forged response_url must not make us call where the forger likes (SSRF)."""
    sent: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    slack = Slack("https://slack.com/api", "xoxb-x", transport=httpx.MockTransport(take))
    with pytest.raises(VendorRefused, match="foreign_address"):
        await slack.respond(address, kit.say("hello"))
    assert sent == []
    await slack.respond("https://hooks.slack.com/commands/T1/2/abc", kit.say("hello"))
    assert [request.headers.get("authorization") for request in sent] == [None]  # the token is not for hooks


async def test_the_same_origin_prefix_is_not_enough(world: World) -> None:
    with pytest.raises(VendorRefused, match="foreign_address"):
        await world.slack.respond(f"{world.url}.example.com/x", kit.say("hello"))


async def test_an_answer_is_private_and_can_be_given_five_times(world: World) -> None:
    room = await _room(world)
    address = world.sim.workspace.new_response_url(PRIMARY, room)
    for number in range(5):
        await world.slack.respond(address, kit.say(f"answer {number}"))
    with pytest.raises(VendorRefused, match="5 times"):
        await world.slack.respond(address, kit.say("one more"))
    assert [(one.user, one.via) for one in world.sim.workspace.whispers] == [(PRIMARY, "response_url")] * 5
    assert world.sim.workspace.channels[room].posts == []


def _modal() -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "edit_statuspage",
        "title": {"type": "plain_text", "text": "Edit"},
        "submit": {"type": "plain_text", "text": "Save"},
        "private_metadata": "draft-1",
        "blocks": [
            {
                "type": "input",
                "label": {"type": "plain_text", "text": "Text"},
                "element": {"type": "plain_text_input", "action_id": "body", "initial_value": "old words"},
            }
        ],
    }


@pytest.mark.usefixtures("refused_on_purpose")
async def test_a_modal_opens_once_per_trigger(world: World) -> None:
    trigger_id = world.sim.workspace.new_trigger(PRIMARY)
    await world.slack.open_modal(trigger_id, _modal())
    with pytest.raises(VendorRefused, match=r"exchanged_trigger_id.*press the button again"):
        await world.slack.open_modal(trigger_id, _modal())
    old = world.sim.workspace.new_trigger(PRIMARY)
    world.sim.workspace.triggers[old].issued_at -= 4
    with pytest.raises(VendorRefused, match="expired_trigger_id"):
        await world.slack.open_modal(old, _modal())
    bad = {**_modal(), "title": {"type": "plain_text", "text": "x" * 25}}
    with pytest.raises(VendorRefused, match="less than 25 characters"):
        await world.slack.open_modal(world.sim.workspace.new_trigger(PRIMARY), bad)
    assert [modal.user for modal in world.sim.workspace.modals.values()] == [PRIMARY]


# ---------------------------------------------------------------- the simulated Slack's own manners


@pytest.mark.usefixtures("refused_on_purpose")
async def test_reads_that_take_no_json_do_not_see_it(world: World) -> None:
    room = await _room(world)
    async with httpx.AsyncClient(trust_env=False, headers={"Authorization": f"Bearer {cast.BOT_TOKEN}"}) as http:
        as_json = (await http.post(f"{world.url}/api/conversations.members", json={"channel": room})).json()
        as_form = (await http.post(f"{world.url}/api/conversations.members", data={"channel": room})).json()
    assert (as_json["ok"], as_json["error"]) == (False, "invalid_arguments")
    assert as_form["members"] == [cast.BOT_USER_ID]


class _Listener:
    """slack_sdk's own Socket Mode client, which notes what comes and acknowledges it if told so."""

    def __init__(self, url: str, *, acknowledges: bool = True, ack: dict[str, Any] | None = None) -> None:
        self.got: asyncio.Queue[SocketModeRequest] = asyncio.Queue()
        self._acknowledges, self._ack = acknowledges, ack
        self.client = SocketModeClient(cast.APP_TOKEN, web_client=AsyncWebClient(base_url=f"{url}/api/"))
        self.client.socket_mode_request_listeners.append(self._note)

    async def _note(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        self.got.put_nowait(request)
        if self._acknowledges:
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, self._ack))

    async def __aenter__(self) -> _Listener:
        await self.client.connect()  # type: ignore[no-untyped-call]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()  # type: ignore[no-untyped-call]


async def test_a_command_comes_over_the_websocket(world: World) -> None:
    room = await _room(world)
    await world.slack.invite(room, [PRIMARY])
    async with _Listener(world.url) as listener:
        gesture = await world.sim.people.command(PRIMARY, room, "status draft it is slow")
        request = await listener.got.get()
    assert (request.type, gesture.outcome, gesture.shown) == ("slash_commands", "acked", "")
    assert request.payload["user_id"] == PRIMARY
    await world.slack.respond(request.payload["response_url"], kit.say("here you are"))
    assert [(one.user, one.text) for one in world.sim.workspace.whispers] == [(PRIMARY, "here you are")]


async def test_what_a_dead_listener_did_not_acknowledge_goes_to_the_next(world: World) -> None:
    """L7: a gesture survives a restart of the listener; the person is told if that took too long."""
    room = await _room(world)
    await world.slack.invite(room, [PRIMARY])
    async with _Listener(world.url, acknowledges=False) as dying:
        under_way = asyncio.create_task(world.sim.people.command(PRIMARY, room, "status"))
        first = await dying.got.get()
    async with _Listener(world.url) as next_one:
        second = await next_one.got.get()
        gesture = await under_way
    assert first.envelope_id == second.envelope_id == gesture.id
    assert gesture.attempts >= 2


async def test_a_listener_that_is_told_to_go_comes_back(world: World) -> None:
    """Slack asks for a new connection every few hours; each address opens one connection, once."""
    async with _Listener(world.url) as listener:
        world.sim.socket.disconnect("refresh_requested")
        await world.sim.people.command(PRIMARY, cast.FALLBACK_CHANNEL, "help")
        assert (await listener.got.get()).payload["text"] == "help"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with aiohttp.ClientSession() as http, http.ws_connect(listener.client.wss_uri or ""):
                pass


async def test_a_gesture_that_nobody_takes_is_recorded_as_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """L7: with no listener at all the person is told by Slack, and the loss can be seen."""
    monkeypatch.setattr(slack_people, "ACK_S", 0.01)
    monkeypatch.setattr(slack_delivery, "KEEP_S", 0.05)
    room = await _room(world)
    await world.slack.invite(room, [PRIMARY])
    gesture = await world.sim.people.command(PRIMARY, room, "status")
    assert (gesture.shown, gesture.attempts) == ("operation_timeout", 0)
    await world.sim.people.settled()
    assert gesture.outcome == "lost"


async def test_a_click_and_a_modal_go_the_whole_way(world: World) -> None:
    room = await _room(world)
    await world.slack.invite(room, [PRIMARY])
    buttons = kit.actions(kit.button("edit_statuspage", "Edit", "draft-1"))
    ts = await world.slack.post(room, Message(text="Draft", blocks=(buttons,)), effect_id="e1")
    async with _Listener(world.url) as listener:
        await world.sim.people.click(PRIMARY, room, ts, "edit_statuspage")
        clicked = (await listener.got.get()).payload
        assert (clicked["actions"][0]["value"], clicked["message"]["ts"]) == ("draft-1", ts)
        await world.slack.open_modal(clicked["trigger_id"], _modal())
        (view_id,) = world.sim.workspace.modals
        await world.sim.people.submit(PRIMARY, view_id, {"body": "new words"})
        view = (await listener.got.get()).payload["view"]
    (inputs,) = view["state"]["values"].values()
    assert inputs == {"body": {"type": "plain_text_input", "value": "new words"}}
    assert (view["private_metadata"], world.sim.workspace.modals[view_id].state) == ("draft-1", "closed")


async def test_an_acknowledgement_with_errors_keeps_the_modal_open(world: World) -> None:
    await world.slack.open_modal(world.sim.workspace.new_trigger(PRIMARY), _modal())
    (modal,) = world.sim.workspace.modals.values()
    block_id = modal.view["blocks"][0]["block_id"]
    ack = {"response_action": "errors", "errors": {block_id: "too vague"}}
    async with _Listener(world.url, ack=ack):
        await world.sim.people.submit(PRIMARY, modal.id, {})
    assert (modal.state, modal.errors) == ("open", {block_id: "too vague"})


async def test_people_can_only_do_what_they_see(world: World) -> None:
    """G2: an outdated button is pressed only where a test says so."""
    room = await _room(world)
    ts = await world.slack.post(room, kit.say("no buttons"), effect_id="e1")
    with pytest.raises(NotPossible, match="sees no channel"):
        await world.sim.people.click(BYSTANDER, room, ts, "approve_statuspage")
    await world.slack.invite(room, [BYSTANDER])
    with pytest.raises(NotPossible, match="no button approve_statuspage"):
        await world.sim.people.click(BYSTANDER, room, ts, "approve_statuspage")
    async with _Listener(world.url) as listener:
        await world.sim.people.click(BYSTANDER, room, ts, "approve_statuspage", stale_value="draft-0")
        assert (await listener.got.get()).payload["actions"][0]["value"] == "draft-0"


async def test_over_http_a_gesture_is_signed_and_reads_like_slacks(serve: Serve) -> None:
    """G10: the raw bytes carry Slack's signature, and the gesture that we read from them is the person's."""
    got: list[tuple[bytes, str, str]] = []

    async def events(scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        signature = request.headers["x-slack-signature"]
        got.append((await request.body(), request.headers["x-slack-request-timestamp"], signature))
        answer: Response = JSONResponse({"text": "working on it"})
        await answer(scope, receive, send)

    world = World(serve, SlackSim(transport="http", events_url=f"{serve(events)}/slack/events"))
    room = await _room(world)
    await world.slack.invite(room, [PRIMARY])
    buttons = kit.actions(kit.button("approve_statuspage", "Approve", "draft-1"))
    ts = await world.slack.post(room, Message(text="Draft", blocks=(buttons,)), effect_id="e1")
    commanded = await world.sim.people.command(PRIMARY, room, "resolve now")
    await world.sim.people.click(PRIMARY, room, ts, "approve_statuspage")
    await world.slack.aclose()

    assert commanded.shown == "working on it"
    for body, timestamp, signature in got:
        assert verify_slack(cast.SIGNING_SECRET, timestamp, body, signature, now=clock.wall())
    forms = [body for body, _, _ in got if not body.startswith(b"{")]  # the rest are events
    command, click = (parse(body.decode()) for body in forms)
    assert (command.form, command.name, command.text, command.channel_id) == ("command", "resolve", "now", room)
    assert (click.form, click.name, click.value, click.message_ts) == ("action", "approve_statuspage", "draft-1", ts)
    assert json.loads(parse_qs(forms[1].decode())["payload"][0])["container"]["is_ephemeral"] is False


async def test_the_app_hears_of_what_people_do_in_its_rooms(world: World) -> None:
    """And of its own deeds, marked as such; of nothing that it has no scope for."""
    heard: list[Gesture] = []

    def drain(listener: _Listener) -> None:
        while not listener.got.empty():
            with suppress(Unheeded):
                heard.append(parse(json.dumps(listener.got.get_nowait().payload)))

    room = await _room(world)
    async with _Listener(world.url) as listener:
        await world.sim.people.command(BYSTANDER, cast.FALLBACK_CHANNEL, "help")  # acknowledged: somebody listens
        await listener.got.get()
        await world.slack.invite(room, [PRIMARY])
        ts = await world.slack.post(room, Message(text="ours"), effect_id="e1")
        await world.slack.pin(room, ts)
        async with httpx.AsyncClient(trust_env=False, base_url=f"{world.url}/people") as http:
            said = (await http.post("/say", json={"user": PRIMARY, "channel": room, "text": "it is back"})).json()["ts"]
            await http.post("/pin", json={"user": PRIMARY, "channel": room, "ts": said})
            await http.post("/react", json={"user": PRIMARY, "channel": room, "ts": said, "name": "pushpin"})
            await http.post("/add", json={"user": PRIMARY, "channel": room, "guest": BYSTANDER})
            world.sim.workspace.scopes.discard("groups:history")
            await http.post("/say", json={"user": PRIMARY, "channel": room, "text": "nobody is told"})
            await http.post("/leave", json={"user": BYSTANDER, "channel": room})
        while len(heard) < 6:
            drain(listener)
            await asyncio.sleep(0.01)
    assert {(one.name, one.user_id, one.text, one.value, one.message_ts) for one in heard} == {
        ("member_joined_channel", PRIMARY, "", "", None),
        ("message", PRIMARY, "it is back", "", said),
        ("pin_added", PRIMARY, "", said, said),
        ("reaction_added", PRIMARY, "", "pushpin", said),
        ("member_joined_channel", BYSTANDER, "", "", None),
        ("member_left_channel", BYSTANDER, "", "", None),
    }
    assert {one.channel_id for one in heard} == {room}


async def test_people_act_over_http_and_everything_can_be_looked_at(world: World) -> None:
    room = await _room(world)
    await world.slack.invite(room, [PRIMARY])
    async with httpx.AsyncClient(trust_env=False, base_url=f"{world.url}/people") as http, _Listener(world.url):
        said = await http.post("/say", json={"user": PRIMARY, "channel": room, "text": "hello"})
        done = await http.post("/command", json={"user": PRIMARY, "channel": room, "text": "help"})
        absent = await http.post("/say", json={"user": BYSTANDER, "channel": room, "text": "hello"})
        wrong = await http.post("/command", json={"user": PRIMARY})
        state = (await http.get("/state")).json()
    assert (said.status_code, done.json()["outcome"]) == (200, "acked")
    assert (absent.status_code, wrong.status_code) == (409, 422)
    (shown,) = [channel for channel in state["channels"] if channel["id"] == room]
    assert [post["text"] for post in shown["posts"]] == ["hello"]
    assert shown["members"] == [cast.BOT_USER_ID, PRIMARY]
    assert [gesture["form"] for gesture in state["gestures"]] == ["slash_commands"]
