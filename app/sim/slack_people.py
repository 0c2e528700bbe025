"""What people do in a simulated Slack: command, click, submit, say, pin, react, add, leave. They can do what Slack's
client lets them do, and the app hears of it as far as it is subscribed and may."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from app import clock
from app.messages.message import escape
from app.sim import slack_payloads
from app.sim.slack_blocks import elements, view_complaints
from app.sim.slack_delivery import ACK_S, Courier, Gesture
from app.sim.slack_events import Events
from app.sim.slack_shapes import message_json
from app.sim.slack_state import Channel, Modal, Post, User, Workspace

Json = dict[str, Any]


class NotPossible(Exception):
    """Slack's client would not let this person do that."""


class People:
    """Every gesture returns when the app acknowledged it, or when Slack told the person that it did not."""

    def __init__(self, workspace: Workspace, courier: Courier) -> None:
        self.gestures: list[Gesture] = []
        self._workspace = workspace
        self._courier = courier
        self._under_way: set[asyncio.Task[None]] = set()
        workspace.tell = Events(workspace, courier).tell

    async def command(self, user: str, channel: str, text: str) -> Gesture:
        """``text``: what stands behind the slash command."""
        who, where = self._user(user), self._present(user, channel)
        trigger, url = self._workspace.new_trigger(user), self._workspace.new_response_url(user, channel)
        payload = slack_payloads.command(who, where, text, trigger_id=trigger, response_url=url)
        gesture = await self._hand_over(Gesture(clock.new_id(), "slash_commands", user, payload))
        if gesture.outcome == "acked" and isinstance(gesture.ack, dict):
            gesture.shown = str(gesture.ack.get("text", ""))
        return gesture

    async def click(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        value: str | None = None,
        stale_value: str | None = None,
    ) -> Gesture:
        """``value`` tells apart buttons of one action. ``stale_value``: a button that this person's client still shows
        although the message has changed since."""
        who, where = self._user(user), self._present(user, channel)
        blocks, message = self._shown(user, where, ts)
        if stale_value is not None:
            block_id, element = "stale", {"type": "button", "action_id": action_id, "value": stale_value}
        else:
            block_id, element = _pressable(blocks, action_id, value)
        payload = slack_payloads.click(
            who,
            where,
            ts=ts,
            message=message,
            element=element,
            block_id=block_id,
            action_ts=self._workspace.new_ts(),
            trigger_id=self._workspace.new_trigger(user),
            response_url=self._workspace.new_response_url(user, channel),
        )
        return await self._hand_over(Gesture(clock.new_id(), "interactive", user, payload))

    async def submit(self, user: str, view_id: str, values: Mapping[str, str | list[str]]) -> Gesture:
        """``values``: what is typed or chosen (of several: a list), by action_id; the rest stays as it was opened."""
        modal = self._workspace.modals.get(view_id)
        if modal is None or modal.user != user or modal.state != "open":
            raise NotPossible(f"{user} has no open modal {view_id}")
        filled = _filled(modal, values)
        trigger_id = self._workspace.new_trigger(user)
        payload = slack_payloads.submission(self._user(user), modal, filled, trigger_id=trigger_id)
        gesture = await self._hand_over(Gesture(clock.new_id(), "interactive", user, payload))
        if gesture.outcome == "acked":
            self._follow(modal, gesture.ack or {})
        return gesture

    def say(self, user: str, channel: str, text: str, *, thread: str | None = None) -> str:
        """Gives the message's ts. ``thread``: the ts of the message that it answers."""
        where = self._present(user, channel)
        if where.archived:
            raise NotPossible(f"{channel} is archived")
        post = Post(self._workspace.new_ts(), user, escape(text), thread=thread)
        where.posts.append(post)
        self._workspace.tell(slack_payloads.said(where, post))
        return post.ts

    def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        """Other words for what this person said."""
        where, post = self._message(user, channel, ts)
        if post.user != user:
            raise NotPossible(f"{user} did not say {ts}")
        post.before.append({"text": post.text, "blocks": post.blocks})
        post.text = escape(text)
        self._workspace.tell(slack_payloads.changed(where, post, self._workspace.new_ts()))

    def pin(self, user: str, channel: str, ts: str) -> None:
        where, _ = self._message(user, channel, ts)
        if ts in where.pins:
            raise NotPossible(f"{ts} is pinned already")
        where.pins.append(ts)
        self._workspace.tell(slack_payloads.pinned(where, ts, user))

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        """``name``: of the emoji, without colons."""
        where, post = self._message(user, channel, ts)
        if user in post.reactions.setdefault(name, []):
            raise NotPossible(f"{user} reacted with {name} already")
        post.reactions[name].append(user)
        self._workspace.tell(slack_payloads.reacted(where, post, user, name))

    def add(self, user: str, channel: str, guest: str) -> None:
        """Somebody in the channel adds somebody else; a private channel has no other way in."""
        where, who = self._present(user, channel), self._user(guest)
        if guest in where.members or where.archived:
            raise NotPossible(f"{guest} cannot be added to {channel}: there already, or it is archived")
        where.members.add(who.id)
        self._workspace.tell(slack_payloads.joined(where, guest, inviter=user))

    def leave(self, user: str, channel: str) -> None:
        where = self._present(user, channel)
        if user not in where.members or where.archived:
            raise NotPossible(f"{user} cannot leave {channel}")
        where.members.remove(user)
        self._workspace.tell(slack_payloads.left(where, user))

    async def settled(self) -> None:
        """Returns when no gesture is under way any more: each was acknowledged, or is lost."""
        await asyncio.gather(*self._under_way)

    # ------------------------------------------------------------ how

    async def _hand_over(self, gesture: Gesture) -> Gesture:
        """What is not acknowledged in time goes on being offered behind the person's back."""
        self.gestures.append(gesture)
        task = asyncio.create_task(self._courier.deliver(gesture))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.wait({task}, timeout=ACK_S)
        if gesture.outcome in {"pending", "lost"} and not gesture.shown:
            gesture.shown = "operation_timeout"
        return gesture

    def _follow(self, modal: Modal, ack: Json) -> None:
        """https://docs.slack.dev/surfaces/modals#handling_submissions"""
        modal.errors = {}
        match ack.get("response_action"):
            case "errors":
                modal.errors = dict(ack["errors"])
            case "update" | "push":
                view = ack["view"]
                if complaints := view_complaints(view):
                    modal.errors = {"": "; ".join(complaints)}
                    return
                self._workspace.with_ids(view["blocks"])
                modal.view, modal.hash = view, self._workspace.new_ts()
            case _:
                modal.state = "closed"

    def _user(self, user: str) -> User:
        found = self._workspace.users.get(user)
        if found is None or found.deleted or found.is_bot:
            raise NotPossible(f"nobody can act as {user}")
        return found

    def _present(self, user: str, channel: str) -> Channel:
        self._user(user)
        found = self._workspace.channels.get(channel)
        if found is None or (found.private and user not in found.members):
            raise NotPossible(f"{user} sees no channel {channel}")
        return found

    def _message(self, user: str, channel: str, ts: str) -> tuple[Channel, Post]:
        where = self._present(user, channel)
        post = where.post(ts)
        if post is None or where.archived:
            raise NotPossible(f"{user} sees no message {ts} in {channel}")
        return where, post

    def _shown(self, user: str, channel: Channel, ts: str) -> tuple[list[Json], Json | None]:
        """The blocks of what this person sees there, and the message if everybody sees it."""
        if post := channel.post(ts):
            return post.blocks, message_json(post, whole_metadata=True)
        for whisper in self._workspace.whispers:
            if (whisper.ts, whisper.channel, whisper.user) == (ts, channel.id, user):
                return whisper.blocks, None
        raise NotPossible(f"{user} sees no message {ts} in {channel.id}")


def _pressable(blocks: list[Json], action_id: str, value: str | None) -> tuple[str, Json]:
    for block in blocks:
        for element in elements(block):
            if element["action_id"] == action_id and value in {None, element.get("value")}:
                return block["block_id"], element
    raise NotPossible(f"the message has no button {action_id}" + (f" with value {value}" if value else ""))


def _filled(modal: Modal, values: Mapping[str, str | list[str]]) -> Json:
    """``state.values``: by block, then by action."""
    inputs = [block for block in modal.view["blocks"] if block["type"] == "input"]
    unknown = values.keys() - {block["element"]["action_id"] for block in inputs}
    if unknown:
        raise NotPossible(f"the modal has no input {', '.join(sorted(unknown))}")
    filled: Json = {}
    for block in inputs:
        action_id = block["element"]["action_id"]
        state = _state(block["element"], values.get(action_id))
        if not block.get("optional") and not (state.get("value") or state.get("selected_option")):
            raise NotPossible(f"{action_id} must be filled in")
        filled[block["block_id"]] = {action_id: state}
    return filled


def _state(element: Json, given: str | list[str] | None) -> Json:
    kind, action_id = element["type"], element["action_id"]
    if kind == "multi_static_select":
        return {"type": kind, "selected_options": _picked(element, given)}
    if kind == "plain_text_input":
        text = element.get("initial_value") if given is None else given
        if len(text or "") > element.get("max_length", 3000):
            raise NotPossible(f"{action_id} holds {element.get('max_length', 3000)} characters at most")
        return {"type": kind, "value": text or None}
    if given is None:
        return {"type": kind, "selected_option": element.get("initial_option")}
    option = next((one for one in element["options"] if one["value"] == given), None)
    if option is None:
        raise NotPossible(f"{action_id} has no option {given}")
    return {"type": kind, "selected_option": option}


def _picked(element: Json, given: str | list[str] | None) -> list[Json]:
    if given is None:
        return list(element.get("initial_options", []))
    options = {one["value"]: one for one in element["options"]}
    if strange := [one for one in given if one not in options]:
        raise NotPossible(f"{element['action_id']} has no option {', '.join(strange)}")
    return [options[one] for one in given]
