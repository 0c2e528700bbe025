"""How what a simulated workspace remembers looks in Slack's JSON."""

from __future__ import annotations

from typing import Any

from app.sim import cast
from app.sim.slack_state import Channel, Modal, Post

Json = dict[str, Any]

BOT_ID = "B0BOT"
APP_ID = "A0SANDBOX"
TEAM_DOMAIN = "sandbox"


def channel_json(channel: Channel) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.private,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "creator": channel.creator,
        "topic": {"value": channel.topic},
        "purpose": {"value": channel.purpose},
    }


def message_json(post: Post, *, whole_metadata: bool) -> Json:
    """A message as the API and the payload of a click show it."""
    body: Json = {"type": "message", "user": post.user, "ts": post.ts, "text": post.text, "blocks": post.blocks}
    if post.user == cast.BOT_USER_ID:
        body |= {"bot_id": BOT_ID, "app_id": APP_ID, "team": cast.TEAM_ID}
    if post.thread:
        body["thread_ts"] = post.thread
    if post.before:
        body["edited"] = {"user": post.user, "ts": post.ts}
    if post.metadata:
        body["metadata"] = post.metadata if whole_metadata else {"event_type": post.metadata["event_type"]}
    return body


def view_json(modal: Modal, values: Json | None = None) -> Json:
    return {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        **modal.view,
        "id": modal.id,
        "team_id": cast.TEAM_ID,
        "app_id": APP_ID,
        "bot_id": BOT_ID,
        "hash": modal.hash,
        "state": {"values": values or {}},
        "previous_view_id": None,
        "root_view_id": modal.id,
    }
