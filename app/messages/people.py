"""What is said about people: who is missed, who leaves, who hands over, who was asked in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.domain.incident import Handoff, Incident
from app.domain.people import Role
from app.domain.ticket import Offer
from app.messages.message import Message, actions, button, clip, escape, link, listing, say, section
from app.messages.room import take_command


def come(incident: Incident, room: str, why: str) -> Message:
    """To somebody outside the room: inside, nobody would read it, or nobody would act."""
    text = (
        f":rotating_light: *{incident.severity}: {escape(incident.title)}* ({escape(incident.service)}): *{why}*. "
        f"{link(room, 'Open the room')} and take command, or find somebody who does."
    )
    return Message(text=clip(text, 300), blocks=(section(text), actions(take_command(incident))))


def vacant(incident: Incident) -> Message:
    text = ":rotating_light: The incident commander left this room, and *nobody commands*. Somebody, *Take command*."
    return Message(text=text, blocks=(section(text), actions(take_command(incident))))


def nobody_left(incident: Incident, why: str, *, fallback: bool) -> Message:
    """Into the room, when everybody outside it was told, or nobody could be."""
    text = f":rotating_light: *{why.capitalize()}*, and nobody is left to tell outside this room. "
    text += "Somebody, *Take command*."
    if not fallback:
        text += " With `SLACK_FALLBACK_CHANNEL` set, a channel would have heard of it."
    return Message(text=text, blocks=(section(text), actions(take_command(incident))))


def role_given(role: Role, slack_id: str) -> Message:
    return say(f":bust_in_silhouette: <@{slack_id}> is {role} now.")


def offered(incident: Incident, offer: Handoff, room: str, capsule: Message) -> Message:
    """To the one who is asked: what they would take over, and their answer."""
    text = f":handshake: <@{offer.by}> offers you command of {link(room, f'{incident.severity}: {incident.title}')}."
    ticket = Offer(incident=incident.id, handoff=offer.id).model_dump_json()
    buttons = actions(
        button("accept_handoff", "Accept", ticket, style="primary"), button("decline_handoff", "Decline", ticket)
    )
    return Message(text=clip(text, 300), blocks=(section(text), *capsule.blocks, buttons))


def offer_made(offer: Handoff) -> Message:
    return say(f":handshake: <@{offer.by}> offers command to <@{offer.to}>, and commands until they accept.")


def offer_declined(offer: Handoff) -> Message:
    return say(f":handshake: <@{offer.to}> declined. <@{offer.by}>: you command this incident still.")


def invited(came: Sequence[str], already: Sequence[str], failed: Mapping[str, str]) -> Message:
    """What worked, and what did not and why. Names and reasons come from outside."""
    lines = [f":white_check_mark: invited: {_names(came)}"] if came else []
    lines += [f":information_source: here already: {_names(already)}"] if already else []
    lines += [f":x: {escape(who)}: {escape(why)}" for who, why in failed.items()]
    return say(listing("", lines) or "There was nobody to invite.")


def _names(slack_ids: Sequence[str]) -> str:
    return ", ".join(f"<@{slack_id}>" for slack_id in slack_ids)
