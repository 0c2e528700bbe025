"""The payloads of people's gestures and of events, field by field as Slack sends them. Pure.

https://docs.slack.dev/interactivity/implementing-slash-commands
https://docs.slack.dev/reference/interaction-payloads
https://docs.slack.dev/reference/events
"""

from __future__ import annotations

from typing import Any

from app.sim import cast
from app.sim.slack_shapes import APP_ID, TEAM_DOMAIN, message_json, view_json
from app.sim.slack_state import Channel, Modal, Post, User

Json = dict[str, Any]

COMMAND = "/incident-response"
_TOKEN = "deprecated-verification-token"  # noqa: S105  Slack still sends one; nobody should look at it


def command(user: User, channel: Channel, text: str, *, trigger_id: str, response_url: str) -> Json:
    return {
        "token": _TOKEN,
        "team_id": cast.TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": "privategroup" if channel.private else channel.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": COMMAND,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def click(
    user: User,
    channel: Channel,
    *,
    ts: str,
    message: Json | None,
    element: Json,
    block_id: str,
    action_ts: str,
    trigger_id: str,
    response_url: str,
) -> Json:
    """``message`` is None for one that only this person sees: Slack does not send its content."""
    pressed = {name: element[name] for name in ("action_id", "type", "text", "value", "style") if name in element}
    payload: Json = {
        **_interaction("block_actions", user),
        "trigger_id": trigger_id,
        "container": {
            "type": "message",
            "message_ts": ts,
            "channel_id": channel.id,
            "is_ephemeral": message is None,
        },
        "channel": {"id": channel.id, "name": "privategroup" if channel.private else channel.name},
        "response_url": response_url,
        "state": {"values": {}},
        "actions": [{**pressed, "block_id": block_id, "action_ts": action_ts}],
    }
    return payload if message is None else {**payload, "message": message}


def submission(user: User, modal: Modal, values: Json, *, trigger_id: str) -> Json:
    return {
        **_interaction("view_submission", user),
        "trigger_id": trigger_id,
        "view": view_json(modal, values),
        "response_urls": [],
    }


def _interaction(kind: str, user: User) -> Json:
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": cast.TEAM_ID},
        "team": {"id": cast.TEAM_ID, "domain": TEAM_DOMAIN},
        "api_app_id": APP_ID,
        "token": _TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


# ---------------------------------------------------------------- events


def event_callback(event: Json, event_id: str, at: int) -> Json:
    """What every event comes in. The app's own user is among the authorizations: it hears of its own deeds too."""
    bot = {"enterprise_id": None, "team_id": cast.TEAM_ID, "user_id": cast.BOT_USER_ID, "is_bot": True}
    return {
        "token": _TOKEN,
        "team_id": cast.TEAM_ID,
        "api_app_id": APP_ID,
        "type": "event_callback",
        "event": event,
        "event_id": event_id,
        "event_time": at,
        "authorizations": [{**bot, "is_enterprise_install": False}],
        "is_ext_shared_channel": False,
    }


def joined(channel: Channel, user: str, *, inviter: str) -> Json:
    return {**_membership("member_joined_channel", channel, user), "inviter": inviter}


def left(channel: Channel, user: str) -> Json:
    return _membership("member_left_channel", channel, user)


def _membership(kind: str, channel: Channel, user: str) -> Json:
    channel_type = "G" if channel.private else "C"
    return {"type": kind, "user": user, "channel": channel.id, "channel_type": channel_type, "team": cast.TEAM_ID}


def said(channel: Channel, post: Post) -> Json:
    channel_type = "im" if channel.with_user else "group" if channel.private else "channel"
    where = {"channel": channel.id, "channel_type": channel_type, "event_ts": post.ts}
    return {**message_json(post, whole_metadata=False), **where}


def changed(channel: Channel, post: Post, at: str) -> Json:
    """https://docs.slack.dev/reference/events/message/message_changed"""
    now = message_json(post, whole_metadata=False)
    before = {**now, "text": post.before[-1]["text"]}
    about = {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": now,
        "previous_message": before,
    }
    return {**about, "channel": channel.id, "channel_type": "group", "ts": at, "event_ts": at}


def pinned(channel: Channel, ts: str, user: str) -> Json:
    item = {"type": "message", "channel": channel.id, "created_by": user, "message": {"ts": ts}}
    return {"type": "pin_added", "user": user, "channel_id": channel.id, "item": item, "pin_count": len(channel.pins)}


def reacted(channel: Channel, post: Post, user: str, name: str) -> Json:
    item = {"type": "message", "channel": channel.id, "ts": post.ts}
    return {"type": "reaction_added", "user": user, "reaction": name, "item_user": post.user, "item": item}
