"""Who belongs in the room: from the on-call schedule and the directory, each failing alone, and from nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pydantic import BaseModel

from app.domain.alert import Alert
from app.domain.people import Person
from app.errors import VendorError
from app.ports import Chat, Directory, OnCallSchedule

_LOOKUPS = 2  # one lost answer must not leave somebody out of the room


class Responders(BaseModel):
    """``found`` have a Slack id, on-call first, nobody twice. ``absent``: name -> why Slack cannot reach them."""

    found: list[Person]
    absent: dict[str, str] = {}
    failures: dict[str, str] = {}  # source -> what went wrong; said aloud in the room
    chain: str = ""  # how the on-call people were found


async def resolve(alert: Alert, schedule: OnCallSchedule, directory: Directory, chat: Chat) -> Responders:
    (on_call, chain, why_on_call), (members, why_directory) = await asyncio.gather(
        _on_call(alert, schedule), _members(alert.team, directory)
    )
    failures = {"on-call schedule": why_on_call, "directory": why_directory}
    people = _each_once([*on_call, *members])
    ids = await asyncio.gather(*(_slack_id(person, chat) for person in people))
    found: dict[str, Person] = {}
    absent: dict[str, str] = {}
    for person, (slack_id, why_not) in zip(people, ids, strict=True):
        if slack_id is None:
            absent[person.name] = why_not
        else:
            found.setdefault(slack_id, person.model_copy(update={"slack_id": slack_id}))
    return Responders(
        found=list(found.values()), absent=absent, chain=chain, failures={k: why for k, why in failures.items() if why}
    )


async def _on_call(alert: Alert, schedule: OnCallSchedule) -> tuple[Sequence[Person], str, str]:
    try:
        on_call = await schedule.responders(alert)
    except VendorError as error:
        return (), "", str(error)
    return on_call.people, on_call.chain, "" if on_call.people else f"nobody is on call ({on_call.chain})"


async def _members(team: str | None, directory: Directory) -> tuple[Sequence[Person], str]:
    if team is None:
        return (), "the alert names no team"
    try:
        members = await directory.members(team)
    except VendorError as error:
        return (), str(error)
    return members, "" if members else f"no group with active members is mapped to team {team}"


async def _slack_id(person: Person, chat: Chat) -> tuple[str | None, str]:
    if person.slack_id:
        return person.slack_id, ""
    if not person.email:
        return None, "the directory has no e-mail address for them"
    why = ""
    for _ in range(_LOOKUPS):
        try:
            slack_id = await chat.slack_id(person.email)
        except VendorError as error:
            why = str(error)
        else:
            return slack_id, "" if slack_id else "Slack knows nobody by their e-mail address"
    return None, why


def _each_once(people: Sequence[Person]) -> list[Person]:
    """The same person on call and in the directory is one person: the first mention counts."""
    seen: set[str] = set()
    unique: list[Person] = []
    for person in people:
        keys = {key for key in (person.slack_id, (person.email or "").lower()) if key}
        if not keys & seen:
            unique.append(person)
        seen |= keys
    return unique
