"""Slack's methods about the app itself, channels and people. https://docs.slack.dev/reference/methods"""

from __future__ import annotations

from typing import Any

from app.sim import cast, slack_payloads
from app.sim.slack_calls import AppSide, Method
from app.sim.slack_rules import TOPIC_MAX, Failure, name_error, page
from app.sim.slack_shapes import BOT_ID, channel_json, message_json
from app.sim.slack_state import Channel, User

Json = dict[str, Any]


def auth_test(app: AppSide, _: Json) -> Json:
    return {
        "url": f"{app.workspace.url}/",
        "team": "Sandbox",
        "user": "incident-response",
        "team_id": cast.TEAM_ID,
        "user_id": cast.BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def create(app: AppSide, given: Json) -> Json:
    private = given.get("is_private", False)
    app.need("groups:write" if private else "channels:manage")
    problem = name_error(given["name"]) or ("name_taken" if app.workspace.named(given["name"]) else None)
    if problem:
        raise Failure(problem)
    return {"channel": channel_json(app.workspace.new_channel(given["name"], cast.BOT_USER_ID, private=private))}


def invite(app: AppSide, given: Json) -> Json:
    channel = app.channel(given["channel"], "write")
    ids = [one for one in given["users"].split(",") if one]
    if len(ids) > 100:
        raise Failure("too_many_users")
    errors = [{"user": one, "ok": False, "error": why} for one in ids if (why := _uninvitable(app, channel, one))]
    bad = {error["user"] for error in errors}
    if given.get("force") or not errors:
        channel.members |= set(ids) - bad
        for user in sorted(set(ids) - bad):
            app.workspace.tell(slack_payloads.joined(channel, user, inviter=cast.BOT_USER_ID))
    if errors:  # with force, too: the others are in the room all the same
        raise Failure(str(errors[0]["error"]), errors=errors)
    return {"channel": channel_json(channel)}


def _uninvitable(app: AppSide, channel: Channel, user_id: str) -> str | None:
    user = app.workspace.users.get(user_id)
    if user is None:
        return "user_not_found"
    if user_id == cast.BOT_USER_ID:
        return "cant_invite_self"
    if user.deleted:
        return "cant_invite"
    return "already_in_channel" if user_id in channel.members else None


def set_topic(app: AppSide, given: Json) -> Json:
    channel = app.channel(given["channel"], "write")
    channel.topic = _bounded(given["topic"])
    return {"channel": channel_json(channel)}


def set_purpose(app: AppSide, given: Json) -> Json:
    channel = app.channel(given["channel"], "write")
    channel.purpose = _bounded(given["purpose"])
    return {"channel": channel_json(channel)}


def archive(app: AppSide, given: Json) -> Json:
    channel = app.channel(given["channel"], "write", archived="already_archived")
    channel.archived = True
    return {}


def channel_info(app: AppSide, given: Json) -> Json:
    """A public channel is seen from outside, too."""
    channel = app.channel(given["channel"], "read")
    return {"channel": {**channel_json(channel), "is_member": cast.BOT_USER_ID in channel.members}}


def members(app: AppSide, given: Json) -> Json:
    channel = app.channel(given["channel"], "read")
    found, cursor = page(sorted(channel.members), given, limit_max=1000)
    return {"members": found, "response_metadata": {"next_cursor": cursor}}


def history(app: AppSide, given: Json) -> Json:
    channel = app.channel(given["channel"], "history")
    oldest, latest = float(given.get("oldest", 0)), float(given.get("latest", "inf"))
    ends = {oldest, latest} if given.get("inclusive") else set()
    said = [post for post in reversed(channel.posts) if post.thread is None]
    posts = [p for p in said if oldest < float(p.ts) < latest or float(p.ts) in ends]
    found, cursor = page(posts, given, limit_max=999)
    whole = given.get("include_all_metadata", False)
    return {
        "messages": [message_json(post, whole_metadata=whole) for post in found],
        "has_more": bool(cursor),
        "pin_count": len(channel.pins),
        "response_metadata": {"next_cursor": cursor},
    }


def replies(app: AppSide, given: Json) -> Json:
    """The thread; or, asked for by its own ts, an answer alone: https://github.com/slackapi/bolt-python/issues/783"""
    channel = app.channel(given["channel"], "history")
    found = [post for post in channel.posts if given["ts"] in {post.ts, post.thread}]
    if channel.post(given["ts"]) is None:
        raise Failure("thread_not_found")
    return {"messages": [message_json(post, whole_metadata=False) for post in found], "has_more": False}


def my_channels(app: AppSide, given: Json) -> Json:
    types = set(given.get("types", "public_channel").split(","))
    if types - {"public_channel", "private_channel"}:
        raise Failure("invalid_types")
    for kind, scope in (("private_channel", "groups:read"), ("public_channel", "channels:read")):
        app.need(scope if kind in types else "")
    mine = [
        channel
        for channel in app.workspace.channels.values()
        if cast.BOT_USER_ID in channel.members
        and not channel.with_user
        and ("private_channel" if channel.private else "public_channel") in types
        and not (channel.archived and given.get("exclude_archived"))
    ]
    found, cursor = page(mine, given, limit_max=999)
    return {"channels": [channel_json(one) for one in found], "response_metadata": {"next_cursor": cursor}}


def lookup(app: AppSide, given: Json) -> Json:
    for user in app.workspace.users.values():
        if user.email and user.email.lower() == given["email"].lower():
            return {"user": _user_json(app, user)}
    raise Failure("users_not_found")


def info(app: AppSide, given: Json) -> Json:
    user = app.workspace.users.get(given["user"])
    if user is None:
        raise Failure("user_not_found")
    return {"user": _user_json(app, user)}


def _user_json(app: AppSide, user: User) -> Json:
    """The address is there only for who may read addresses: https://docs.slack.dev/reference/scopes/users.read.email"""
    profile = {"real_name": user.name}
    if user.email and "users:read.email" in app.workspace.scopes:
        profile["email"] = user.email
    who = {"id": user.id, "team_id": cast.TEAM_ID, "name": user.name, "profile": profile}
    return {**who, "deleted": user.deleted, "is_bot": user.is_bot}


def group_members(app: AppSide, given: Json) -> Json:
    if given["usergroup"] not in app.workspace.usergroups:
        raise Failure("no_such_subteam")
    return {"users": sorted(app.workspace.usergroups[given["usergroup"]])}


def _bounded(text: str) -> str:
    if len(text) > TOPIC_MAX:
        raise Failure("too_long")
    return text


def open_direct(app: AppSide, given: Json) -> Json:
    app.need("im:write")
    user = app.workspace.users.get(given["users"])
    if user is None or user.is_bot:
        raise Failure("user_not_found")
    if user.deleted:
        raise Failure("user_disabled")
    return {"channel": {"id": app.workspace.direct(user.id).id}}


METHODS = {
    "auth.test": Method(auth_test),
    "conversations.create": Method(create, "name is_private:flag?"),
    "conversations.open": Method(open_direct, "users"),
    "conversations.invite": Method(invite, "channel users force:flag?"),
    "conversations.setTopic": Method(set_topic, "channel topic"),
    "conversations.setPurpose": Method(set_purpose, "channel purpose"),
    "conversations.archive": Method(archive, "channel"),
    "conversations.info": Method(channel_info, "channel", takes_json=False),
    "conversations.members": Method(members, "channel limit:number? cursor?", takes_json=False),
    "conversations.history": Method(
        history, "channel limit:number? cursor? oldest? latest? inclusive:flag? include_all_metadata:flag?"
    ),
    "conversations.replies": Method(replies, "channel ts"),
    "users.conversations": Method(my_channels, "types? exclude_archived:flag? limit:number? cursor?"),
    "users.info": Method(info, "user", scope="users:read", takes_json=False),
    "users.lookupByEmail": Method(lookup, "email", scope="users:read.email", takes_json=False),
    "usergroups.users.list": Method(group_members, "usergroup", scope="usergroups:read", takes_json=False),
}
