"""What a room hears of its alerts: who joined, how bad, whether it is over, and that it is not."""

from __future__ import annotations

from datetime import datetime

from app.domain.alert import State
from app.domain.alert_group import AlertGroup
from app.domain.incident import Incident
from app.domain.ticket import Ending
from app.messages.message import Message, actions, button, cut, escape, link, listing, say
from app.messages.room import slack_time, to

_ICONS = {
    State.FIRING: ":red_circle:",
    State.ACKNOWLEDGED: ":large_yellow_circle:",
    State.SILENCED: ":no_bell:",
    State.RESOLVED: ":large_green_circle:",
}


def joined(group: AlertGroup) -> Message:
    return say(
        f":heavy_plus_sign: Another alert of this incident: *#{group.number}* {_named(group)} ({group.severity}). "
        f"Not the same thing? `/incident-response split {group.number}`"
    )


def storm() -> Message:
    return say(
        ":heavy_plus_sign: More alerts are joining. I stop naming each one here: the first message of this room counts "
        "them, and `/incident-response status` lists them."
    )


def listed(incident: Incident) -> str:
    """A line for each, what is not over first."""
    groups = sorted(incident.groups, key=lambda group: (group.over, group.number))
    lines = [
        f"{_ICONS[group.state]} *#{group.number}* {_named(group)} · {group.state} since {slack_time(group.at)}"
        for group in groups
    ]
    return listing("*Alerts*\n", lines)


def changed(group: AlertGroup) -> Message:
    return say(f"{_ICONS[group.state]} OnCall: *#{group.number}* {_named(group)} is {group.event.value}.")


def fires_again(group: AlertGroup, ic: str | None) -> Message:
    return say(f":red_circle: {to(ic)}*#{group.number}* {_named(group)} fires again. This incident goes on.")


def reopened(incident: Incident) -> Message:
    return say(
        f":rotating_light: {to(incident.ic)}*it fires again.* This incident is open again, and so are its reminders. "
        "What was written about its end stays on record; there is a new postmortem draft when it ends again."
    )


def severity_changed(incident: Incident, actor: str) -> Message:
    by = f"says <@{actor.removeprefix('slack:')}>" if actor.startswith("slack:") else "by an alert that joined"
    return say(f":level_slider: This is a *{incident.severity}* now, {by}.")


def is_it_over(incident: Incident, at: datetime, end: str) -> Message:
    """``end``: which end of its alerts this asks about."""
    what = "Every alert" if len(incident.groups) > 1 else "The alert"
    then = (
        "It does not resolve by itself: customers still read that it goes on."
        if incident.public_open
        else f"If nobody says otherwise, it resolves by itself {slack_time(at)}."
    )
    message = say(f":large_green_circle: {to(incident.ic)}{what} of this incident has ended. *Is it over?* {then}")
    buttons = actions(
        button("resolve_incident", "Resolve", incident.id, style="primary"),
        button("keep_open", "Keep open", Ending(incident=incident.id, end=end).model_dump_json()),
    )
    return Message(text=message.text, blocks=(*message.blocks, buttons))


def answered(words: str) -> Message:
    """What stands in the place of the question then."""
    return say(f":large_green_circle: Every alert of this incident had ended. {words}")


def held_by_public(incident: Incident) -> Message:
    return say(
        f":hourglass: {to(incident.ic)}I do not resolve this incident by myself: customers still read that it goes on. "
        "When it is over, type `/incident-response resolve`; it offers the last word to them first."
    )


def split_off(group: AlertGroup, actor: str) -> Message:
    return say(
        f":heavy_minus_sign: <@{actor.removeprefix('slack:')}> took *#{group.number}* {_named(group)} out of this "
        "incident: it has one of its own now."
    )


def declared_here(incident: Incident, room: str) -> Message:
    """To whoever declared it, in private."""
    title = escape(cut(incident.title, 150))
    return say(f":rotating_light: {link(room, 'Here is the room')} of the incident that you declared: *{title}*.")


def _named(group: AlertGroup) -> str:
    return link(group.link, group.title) if group.link else escape(group.title)
