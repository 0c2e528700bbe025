"""Slack's methods about messages, pins and modals. https://docs.slack.dev/reference/methods"""

from __future__ import annotations

import json
from typing import Any

from app import clock
from app.sim import cast, slack_payloads
from app.sim.slack_blocks import block_complaints, view_complaints
from app.sim.slack_calls import AppSide, Method
from app.sim.slack_rules import TEXT_MAX, Failure, metadata_error
from app.sim.slack_shapes import message_json, view_json
from app.sim.slack_state import TRIGGER_S, Modal, Post, Whisper

Json = dict[str, Any]

PINS_MAX = 100
VIEW_MAX_BYTES = 250_000


def post_message(app: AppSide, given: Json) -> Json:
    channel = app.addressee(given["channel"])
    text, blocks = _content(app, given)
    post = Post(app.workspace.new_ts(), cast.BOT_USER_ID, text[:TEXT_MAX], blocks, _metadata(given))
    channel.posts.append(post)
    app.workspace.tell(slack_payloads.said(channel, post))
    more = {"warning": "message_truncated"} if len(text) > TEXT_MAX else {}
    return {"channel": channel.id, "ts": post.ts, "message": message_json(post, whole_metadata=True), **more}


def permalink(app: AppSide, given: Json) -> Json:
    channel = app.channel(given["channel"], "read")
    if channel.post(given["message_ts"]) is None:
        raise Failure("message_not_found")
    where = f"{app.workspace.url}/archives/{channel.id}/p{given['message_ts'].replace('.', '')}"
    return {"channel": channel.id, "permalink": where}


def update(app: AppSide, given: Json) -> Json:
    channel = app.channel(given["channel"], None, archived="is_inactive")
    post = channel.post(given["ts"])
    if post is None:
        raise Failure("message_not_found")
    if post.user != cast.BOT_USER_ID:
        raise Failure("cant_update_message")
    text, blocks = _content(app, given)
    post.before.append({"text": post.text, "blocks": post.blocks})
    post.text = text[:TEXT_MAX]
    post.blocks = blocks if "blocks" in given else post.blocks
    post.metadata = _metadata(given) if "metadata" in given else post.metadata
    return {"channel": channel.id, "ts": post.ts, "text": post.text, "message": message_json(post, whole_metadata=True)}


def post_ephemeral(app: AppSide, given: Json) -> Json:
    channel = app.channel(given["channel"], None)
    if given["user"] not in channel.members:
        raise Failure("user_not_in_channel")
    text, blocks = _content(app, given)
    whisper = Whisper(app.workspace.new_ts(), channel.id, given["user"], text, blocks, via="chat.postEphemeral")
    app.workspace.whispers.append(whisper)
    return {"message_ts": whisper.ts}


def pin(app: AppSide, given: Json) -> Json:
    channel = app.channel(given["channel"], None)
    if channel.post(given["timestamp"]) is None:
        raise Failure("message_not_found")
    if given["timestamp"] in channel.pins:
        raise Failure("already_pinned")
    if len(channel.pins) >= PINS_MAX:
        raise Failure("too_many_pins")
    channel.pins.append(given["timestamp"])
    app.workspace.tell(slack_payloads.pinned(channel, given["timestamp"], cast.BOT_USER_ID))
    return {}


def open_view(app: AppSide, given: Json) -> Json:
    trigger = app.workspace.triggers.get(given["trigger_id"])
    if trigger is None:
        raise Failure("invalid_trigger_id")
    if clock.wall() - trigger.issued_at > TRIGGER_S:
        raise Failure("expired_trigger_id")
    if trigger.used:
        raise Failure("exchanged_trigger_id")
    view = given["view"]
    if len(json.dumps(view).encode()) > VIEW_MAX_BYTES:
        raise Failure("view_too_large")
    if complaints := view_complaints(view):
        raise Failure("invalid_arguments", *complaints)
    trigger.used = True
    app.workspace.with_ids(view["blocks"])
    modal = Modal(app.workspace.new_id("V"), trigger.user, view, hash=app.workspace.new_ts())
    app.workspace.modals[modal.id] = modal
    return {"view": view_json(modal)}


def _content(app: AppSide, given: Json) -> tuple[str, list[Json]]:
    text, blocks = given.get("text", ""), given.get("blocks", [])
    if complaints := block_complaints(blocks):
        raise Failure("invalid_blocks", *complaints)
    if not text and not blocks:
        raise Failure("no_text")
    return text, app.workspace.with_ids(blocks)


def _metadata(given: Json) -> Json | None:
    metadata: Json | None = given.get("metadata")
    if metadata is not None and (problem := metadata_error(metadata)):
        raise Failure(problem)
    return metadata


METHODS = {
    "chat.postMessage": Method(
        post_message,
        # client_msg_id is taken and does nothing: what Slack makes of it is undocumented, so nothing may rest on it.
        "channel text? blocks:json? metadata:json? client_msg_id? unfurl_links:flag? unfurl_media:flag?",
        scope="chat:write",
    ),
    "chat.getPermalink": Method(permalink, "channel message_ts", takes_json=False),
    "chat.update": Method(update, "channel ts text? blocks:json? metadata:json?", scope="chat:write"),
    "chat.postEphemeral": Method(post_ephemeral, "channel user text? blocks:json?", scope="chat:write"),
    "pins.add": Method(pin, "channel timestamp", scope="pins:write"),
    "views.open": Method(open_view, "trigger_id view:json"),
}
