"""What a person did in Slack, read from Slack's raw payload. Pure.

Three forms (https://docs.slack.dev/interactivity): a slash command, a button, a submitted modal. ``raw`` is the body as
Slack signed it: form-encoded, in HTTP mode and in Socket Mode alike.
"""

from __future__ import annotations

import json
from typing import Any, Literal
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict

from app.errors import Park

COMMAND = "/incident-response"


class Gesture(BaseModel):
    model_config = ConfigDict(frozen=True)

    raw: str
    form: Literal["command", "action", "modal"]
    name: str  # subcommand, action_id, or the modal's callback_id: the file that handles it
    user_id: str
    team_id: str
    channel_id: str | None = None
    text: str = ""  # what stood behind the subcommand
    value: str = ""  # the button's value, or the modal's private_metadata
    fields: dict[str, str] = {}  # a modal's inputs, by action_id
    trigger_id: str | None = None  # opens a modal; lives 3 s
    response_url: str | None = None  # answers privately; 5 uses within 30 min
    message_ts: str | None = None  # the message that held the button
    key: str = ""  # what makes the same gesture the same: for the queue's deduplication


def parse(raw: str) -> Gesture:
    """Raises ``Park``: a payload of unknown form stays unknown however often it is read."""
    try:
        form = {key: values[0] for key, values in parse_qs(raw, keep_blank_values=True).items()}
        if "payload" not in form:
            return _command(raw, form)
        payload: dict[str, Any] = json.loads(form["payload"])
        json.dumps(payload, ensure_ascii=False).encode()  # half a surrogate pair is no text: nothing could store it
        if payload["type"] == "block_actions":
            return _action(raw, payload)
        if payload["type"] == "view_submission":
            return _modal(raw, payload)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise Park(f"not a Slack gesture: {type(error).__name__}: {error}") from error
    raise Park(f"a Slack payload of type {payload['type']!r}, which nothing here handles")


def _command(raw: str, form: dict[str, str]) -> Gesture:
    name, _, rest = _unescaped(form["text"]).strip().partition(" ")
    name, text = name.lower() or "help", rest.strip()
    if text.split(" ", 1)[0] == "draft" and name == "status":
        name, text = "status_draft", text.partition(" ")[2].strip()
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


def _unescaped(text: str) -> str:
    """Slack escapes three characters in what people type: docs.slack.dev/messaging/formatting-message-text#escaping"""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


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
    for inputs in view.get("state", {}).get("values", {}).values():
        for action_id, state in inputs.items():
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
        trigger_id=payload.get("trigger_id"),
        key="|".join((payload["user"]["id"], view["id"], view.get("hash", ""))),
    )
