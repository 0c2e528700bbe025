"""The payloads of people's gestures, field by field as Slack sends them. Pure.

https://docs.slack.dev/interactivity/implementing-slash-commands
https://docs.slack.dev/reference/interaction-payloads
"""

from __future__ import annotations

from typing import Any

from app.sim import cast
from app.sim.slack_shapes import APP_ID, TEAM_DOMAIN, view_json
from app.sim.slack_state import Channel, Modal, User

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
