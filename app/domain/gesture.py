"""What a person did in Slack, read from Slack's raw payload. Pure.

Three forms are addressed to us (https://docs.slack.dev/interactivity): a slash command, a button, a submitted modal.
The fourth is what people do among themselves and Slack tells (https://docs.slack.dev/apis/events-api): an event.
``raw`` is the body as Slack signed it, in HTTP mode and in Socket Mode alike: form-encoded, or JSON for an event.
"""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict

from app import json_text
from app.domain.slack_text import called, typed
from app.errors import Park

COMMAND = "/incident-response"
EVENTS = frozenset({"member_joined_channel", "member_left_channel", "message", "pin_added", "reaction_added"})
# What people say, too: with a file, in a thread and in the channel at once, as /me. Every other subtype but an edit is
# a deletion, or Slack's own note.
_SAID = frozenset({"file_share", "thread_broadcast", "me_message"})
_CHANGED = "message_changed"
COMING_AND_GOING = frozenset({"member_joined_channel", "member_left_channel"})  # an invitation does it, too


class Gesture(BaseModel):
    model_config = ConfigDict(frozen=True)

    raw: str
    form: Literal["command", "action", "modal", "event"]
    name: str  # subcommand, action_id, the modal's callback_id, or the event's type: the file that handles it
    user_id: str
    team_id: str
    channel_id: str | None = None
    text: str = ""  # what stood behind the subcommand, or the message's words
    value: str = ""  # the button's value, the modal's private_metadata, the reaction's name, or the pinned ts
    fields: dict[str, str] = {}  # a modal's inputs, by action_id
    choices: dict[str, dict[str, str]] = {}  # of its lists, what was picked: by action_id, each value with its label
    trigger_id: str | None = None  # opens a modal; lives 3 s
    response_url: str | None = None  # answers privately; 5 uses within 30 min
    message_ts: str | None = None  # the message that held the button, or that the event is about
    edited: bool = False  # the message stood there before, with other words
    key: str = ""  # what makes the same gesture the same: for the queue's deduplication

    @property
    def words(self) -> str:
        """The text to be read by people: nobody in it is a Slack id, if Slack said what they are called."""
        return called(self.text)


class Unheeded(Park):
    """An event that asks for nothing: it is none of ``EVENTS``, or no person is behind it. To be taken and dropped."""


def parse(raw: str) -> Gesture:
    """Raises ``Park``: a payload of unknown form stays unknown however often it is read."""
    try:
        if raw.startswith("{"):
            return _event(raw, json_text.read(raw))
        form = {key: values[0] for key, values in parse_qs(raw, keep_blank_values=True).items()}
        if "payload" not in form:
            return _command(raw, form)
        payload = json_text.read(form["payload"])
        if payload["type"] == "block_actions":
            return _action(raw, payload)
        if payload["type"] == "view_submission":
            return _modal(raw, payload)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise Park(f"not a Slack gesture: {type(error).__name__}: {error}") from error
    raise Park(f"a Slack payload of type {payload['type']!r}, which nothing here handles")


def _command(raw: str, form: dict[str, str]) -> Gesture:
    name, text = _first_word(typed(form["text"]))
    name = name.lower() or "help"
    if name == "status":
        word, rest = _first_word(text)
        if word.lower() == "draft":
            name, text = "status_draft", rest
    return Gesture(
        raw=raw,
        form="command",
        name=name,
        user_id=form["user_id"],
        team_id=form.get("team_id", ""),
        channel_id=form["channel_id"],
        text=text,
        trigger_id=form.get("trigger_id"),
        response_url=form.get("response_url"),
        key=form.get("trigger_id") or raw,
    )


def _first_word(text: str) -> tuple[str, str]:
    """People type a new line, a tab or a hard blank behind it as well."""
    word, *rest = text.split(maxsplit=1) or [""]
    return word, rest[0].strip() if rest else ""


def _action(raw: str, payload: dict[str, Any]) -> Gesture:
    action = payload["actions"][0]
    container = payload.get("container", {})
    channel = payload.get("channel", {}).get("id") or container.get("channel_id")
    return Gesture(
        raw=raw,
        form="action",
        # Several buttons of one kind in one message need distinct action_ids: ``rate:3`` is handled by ``rate``.
        name=action["action_id"].partition(":")[0],
        user_id=payload["user"]["id"],
        team_id=payload.get("team", {}).get("id", "") or payload["user"].get("team_id", ""),
        channel_id=channel,
        value=action.get("value", ""),
        trigger_id=payload.get("trigger_id"),
        response_url=payload.get("response_url"),
        message_ts=payload.get("message", {}).get("ts") or container.get("message_ts"),
        key="|".join((payload["user"]["id"], action["action_id"], action.get("block_id", ""), action["action_ts"])),
    )


def _modal(raw: str, payload: dict[str, Any]) -> Gesture:
    view = payload["view"]
    fields: dict[str, str] = {}
    choices: dict[str, dict[str, str]] = {}
    for inputs in view.get("state", {}).get("values", {}).values():
        for action_id, state in inputs.items():
            if "selected_options" in state:
                choices[action_id] = {one["value"]: one["text"]["text"] for one in state["selected_options"]}
                continue
            option = state.get("selected_option") or {}
            fields[action_id] = state.get("value") or option.get("value") or ""
    return Gesture(
        raw=raw,
        form="modal",
        name=view["callback_id"],
        user_id=payload["user"]["id"],
        team_id=payload.get("team", {}).get("id", "") or payload["user"].get("team_id", ""),
        value=view.get("private_metadata", ""),
        fields=fields,
        choices=choices,
        trigger_id=payload.get("trigger_id"),
        key="|".join((payload["user"]["id"], view["id"], view.get("hash", ""))),
    )


def _event(raw: str, payload: dict[str, Any]) -> Gesture:
    if payload["type"] != "event_callback":
        raise Park(f"a Slack payload of type {payload['type']!r}, which nothing here handles")
    told = payload["event"]
    event = _as_it_reads_now(told) if told.get("subtype") == _CHANGED else told
    _heed(event, payload)
    item = event.get("item") or {}
    about = item.get("ts") or (item.get("message") or {}).get("ts") or event.get("ts")
    return Gesture(
        raw=raw,
        form="event",
        name=event["type"],
        user_id=event["user"],
        team_id=payload.get("team_id", ""),
        channel_id=event.get("channel") or event.get("channel_id") or item["channel"],
        text=typed(event.get("text") or ""),
        value=event.get("reaction") or ((about or "") if event["type"] == "pin_added" else ""),
        message_ts=about,
        edited=event is not told,
        key=payload["event_id"],
    )


def _as_it_reads_now(told: dict[str, Any]) -> dict[str, Any]:
    """The message with its new words, as if its editor said it. Slack calls it changed, too, when it shows a link."""
    now = told.get("message") or {}
    if "edited" not in now or now.get("text") == (told.get("previous_message") or {}).get("text"):
        raise Unheeded("a message that nobody gave other words")
    return {**now, "type": told["type"], "channel": told["channel"], "user": now["edited"]["user"]}


def _heed(event: dict[str, Any], payload: dict[str, Any]) -> None:
    """What no person said is not heeded; what we did ourselves comes back too."""
    if event["type"] not in EVENTS:
        raise Unheeded(f"an event of type {event['type']!r}, which nobody asked for")
    ours = {one["user_id"] for one in payload.get("authorizations") or () if one.get("is_bot")}
    subtype = event.get("subtype")
    if (subtype and subtype not in _SAID) or event.get("bot_id") or event["user"] in ours:
        raise Unheeded(f"{event['type']}: nothing that a person did")
