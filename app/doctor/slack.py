"""Slack: the bot's token and scopes, the app's token, and the channels that are told when nobody else can be."""

from __future__ import annotations

from typing import Any

from app.doctor.check import Check, CouldNotTell, Failed
from app.doctor.deployment import Deployment
from app.outbound import Response

# What the app does with each; the manifest asks for the same.
SCOPES = {
    "commands": "/incident-response",
    "chat:write": "messages",
    "groups:write": "making rooms, inviting, topics, archiving",
    "groups:read": "who is in a room",
    "groups:history": "finding what was posted before a crash",
    "im:write": "writing to one person",
    "im:history": "finding what was written to them before a crash",
    "channels:read": "the fallback channel",
    "channels:history": "finding what was posted there before a crash",
    "users:read": "people",
    "users:read.email": "finding people by their address",
    "pins:write": "pinning the first message",
    "pins:read": "taking what people pin into the timeline",
    "reactions:read": "taking what people mark with :pushpin: into the timeline",
    "usergroups:read": "who may approve a text, when a user group may",
}
_SCOPES_HEADER = "x-oauth-scopes"  # of every answer to a bot's token


async def _token(deployment: Deployment) -> str:
    _, body = await _call(deployment, "auth.test")
    if not body.get("ok"):
        raise Failed(f"auth.test: {_error(body)}")
    return f"{body.get('user')} in {body.get('team')}"


async def _scopes(deployment: Deployment) -> str:
    response, _ = await _call(deployment, "auth.test")
    if _SCOPES_HEADER not in response.headers:
        raise CouldNotTell("Slack did not say which scopes the token has")
    granted = {scope.strip() for scope in response.headers[_SCOPES_HEADER].split(",")}
    missing = [f"{scope} ({use})" for scope, use in SCOPES.items() if scope not in granted]
    if missing:
        raise Failed(f"not granted: {', '.join(missing)}")
    return f"all {len(SCOPES)} that are needed"


async def _app_token(deployment: Deployment) -> str:
    settings = deployment.settings
    if settings.slack_transport == "http" or settings.slack_app_token is None:
        return "not needed: SLACK_TRANSPORT=http"
    token = settings.slack_app_token.get_secret_value()
    _, body = await _call(deployment, "apps.connections.open", token=token)  # a ticket that nobody uses expires
    if not body.get("ok"):
        raise Failed(f"apps.connections.open: {_error(body)}")
    return "Socket Mode opens a connection"


async def _channels(deployment: Deployment) -> str:
    settings = deployment.settings
    if settings.slack_fallback_channel is None:
        raise CouldNotTell("SLACK_FALLBACK_CHANNEL is not set: nobody is told when no responder can be reached")
    channels = dict.fromkeys(filter(None, (settings.slack_fallback_channel, settings.manager_channel)))
    return ", ".join([await _posts_into(deployment, channel) for channel in channels])


async def _posts_into(deployment: Deployment, channel: str) -> str:
    _, body = await _call(deployment, "conversations.info", {"channel": channel})
    if body.get("error") == "missing_scope":
        raise CouldNotTell("the app may not look at it; see the check of the scopes")
    if not body.get("ok"):
        raise Failed(f"{channel}: {_error(body)}")
    found = body["channel"]
    if found["is_archived"]:
        raise Failed(f"#{found['name']} is archived")
    if not found["is_member"]:
        raise Failed(f"the app is not in #{found['name']}, so it cannot post there")
    return f"the app is in #{found['name']}"


async def _approvers(deployment: Deployment) -> str:
    group = deployment.settings.approver_usergroup_id
    if group is None:
        return "not needed: APPROVER_USERGROUP_ID is not set, so the commander alone approves"
    _, body = await _call(deployment, "usergroups.users.list", {"usergroup": group})
    if body.get("error") == "missing_scope":
        raise CouldNotTell("the app may not look at it; see the check of the scopes")
    if not body.get("ok"):
        raise Failed(f"{group}: {_error(body)}")
    if not body["users"]:
        raise Failed(f"{group} has no members")
    return f"{len(body['users'])} people"


async def _signing_secret(deployment: Deployment) -> str:
    if deployment.settings.slack_transport == "socket":
        return "Socket Mode: only the processor signs with it, and believes itself"
    raise CouldNotTell("Slack shows its signature only on a gesture of a person")


async def _call(
    deployment: Deployment, method: str, arguments: dict[str, str] | None = None, *, token: str = ""
) -> tuple[Response, dict[str, Any]]:
    settings = deployment.settings
    headers = {"Authorization": f"Bearer {token or settings.slack_bot_token.get_secret_value()}"}
    http = deployment.http("Slack", settings.slack_api_url, headers=headers)
    response = await http.send("POST", method, operation=method, form=arguments or {}, idempotent=True)
    body: dict[str, Any] = response.json()
    return response, body


def _error(body: dict[str, Any]) -> str:
    return str(body.get("error", "no reason given"))[:100]


CHECKS = (
    Check(
        "Slack: bot token",
        "the token is valid (`auth.test`)",
        "set SLACK_BOT_TOKEN to the Bot User OAuth Token (Slack app, OAuth & Permissions); reinstall a removed app",
        _token,
    ),
    Check(
        "Slack: scopes",
        f"each of these is granted: {', '.join(f'`{scope}`' for scope in SCOPES)}",
        "add the scopes to the Slack app (OAuth & Permissions, Bot Token Scopes), then reinstall it to the workspace",
        _scopes,
        after="Slack: bot token",
    ),
    Check(
        "Slack: app token",
        "Socket Mode opens a connection (`apps.connections.open`; its ticket is not used)",
        "set SLACK_APP_TOKEN to a token with connections:write (Slack app, Basic Information, App-Level Tokens), "
        "and enable Socket Mode",
        _app_token,
    ),
    Check(
        "Slack: channels",
        "the channels of SLACK_FALLBACK_CHANNEL and MANAGER_CHANNEL exist, are not archived, and the app is in them",
        "set SLACK_FALLBACK_CHANNEL (and MANAGER_CHANNEL) to a channel's id, and /invite the app there",
        _channels,
        after="Slack: bot token",
    ),
    Check(
        "Slack: approvers",
        "the user group whose members may approve texts exists and has members",
        "set APPROVER_USERGROUP_ID to the id of a user group (Slack, People, User groups), and add its members",
        _approvers,
        after="Slack: bot token",
    ),
    Check(
        "Slack: signing secret",
        "nothing from outside, with SLACK_TRANSPORT=http; in Socket Mode it need not be Slack's",
        "compare SLACK_SIGNING_SECRET with Slack app, Basic Information; then type /incident-response help: "
        "an answer is the proof",
        _signing_secret,
    ),
)
