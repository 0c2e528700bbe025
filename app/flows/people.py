"""Who belongs in the room: from the on-call schedule and the directory, each failing alone, and from nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pydantic import BaseModel

from app.domain.alert import DECLARED, Alert
from app.domain.people import Person, Source
from app.errors import VendorError, VendorThrottled
from app.ports import Chat, Directory, OnCallSchedule

_DECLARER = "whoever declared it"
# People for whom a room is made. With more it is no place to work in; what is recorded of them must fit an item of
# DynamoDB's; and Slack lets us look up fifty a minute, of all incidents together.
INVITED_MAX = 200
_LOOKUPS = 2  # one lost answer must not leave somebody out of the room


class Responders(BaseModel):
    """``found`` have a Slack id, on-call first, nobody twice. ``absent``: name -> why Slack cannot reach them."""

    found: list[Person]
    late: list[Person] = []  # to be looked up when Slack's rate limit allows
    absent: dict[str, str] = {}
    left_out: int = 0  # of the team, above INVITED_MAX; nobody looked them up
    failures: dict[str, str] = {}  # source -> what went wrong; said aloud in the room
    chain: str = ""  # how the on-call people were found


async def resolve(
    alert: Alert,
    team: str | None,
    schedule: OnCallSchedule,
    directory: Directory,
    chat: Chat,
    *,
    declared_by: str | None = None,
) -> Responders:
    (on_call, chain, why_on_call), (members, why_directory) = await asyncio.gather(
        _on_call(alert, team, schedule), _members(team, directory)
    )
    failures = {"on-call schedule": why_on_call, "directory": why_directory}
    asked = [Person(name=_DECLARER, email=None, source=Source.REQUEST, slack_id=declared_by)] if declared_by else []
    everybody = each_once([*on_call, *asked, *members])
    people = everybody[:INVITED_MAX]
    looked_up = await asyncio.gather(*(slack_id_of(person, chat) for person in people))
    found: dict[str, Person] = {}
    absent: dict[str, str] = {}
    late: list[Person] = []
    for person, (slack_id, why_not) in zip(people, looked_up, strict=True):
        if slack_id is not None:
            found.setdefault(slack_id, person.model_copy(update={"slack_id": slack_id}))
        elif why_not is None:
            late.append(person)
        else:
            absent[person.name] = why_not
    failures = {source: why for source, why in failures.items() if why}
    left_out = len(everybody) - len(people)
    return Responders(
        found=list(found.values()), late=late, absent=absent, left_out=left_out, chain=chain, failures=failures
    )


async def look_up_slowly(people: Sequence[Person], chat: Chat) -> tuple[list[Person], dict[str, str]]:
    """One after the other, as fast as Slack allows. Who was found, and why the others were not."""
    found: list[Person] = []
    absent: dict[str, str] = {}
    for person in people:
        slack_id, why_not = await slack_id_of(person, chat)
        if slack_id is None and why_not is None:
            raise VendorThrottled("Slack", "users.lookupByEmail", retry_after=10.0)
        if slack_id:
            found.append(person.model_copy(update={"slack_id": slack_id}))
        else:
            absent[person.name] = why_not or ""
    return found, absent


async def _on_call(alert: Alert, team: str | None, schedule: OnCallSchedule) -> tuple[Sequence[Person], str, str]:
    try:
        # What a person declared has no route in OnCall; its team may have somebody on call all the same.
        by_team = team if alert.source == DECLARED else None
        on_call = await (schedule.team(by_team) if by_team else schedule.responders(alert))
    except VendorError as error:
        return (), "", str(error)
    return on_call.people, on_call.chain, "" if on_call.people else f"nobody is on call ({on_call.chain})"


async def _members(team: str | None, directory: Directory) -> tuple[Sequence[Person], str]:
    if team is None:
        return (), "neither the alert nor the service catalogue names a team"
    try:
        members = await directory.members(team)
    except VendorError as error:
        return (), str(error)
    return members, "" if members else f"no group with active members is mapped to team {team}"


async def slack_id_of(person: Person, chat: Chat) -> tuple[str | None, str | None]:
    """The id, or why there is none; neither when Slack's rate limit keeps us from asking now."""
    if person.slack_id:
        return person.slack_id, None
    if not person.email:
        return None, "the directory has no e-mail address for them"
    why = ""
    for _ in range(_LOOKUPS):
        try:
            slack_id = await chat.slack_id(person.email)
        except VendorThrottled:
            return None, None
        except VendorError as error:
            why = str(error)
        else:
            return slack_id, "Slack knows nobody by their e-mail address"
    return None, why


def each_once(people: Sequence[Person]) -> list[Person]:
    """The same person on call and in the directory is one person: the first mention counts."""
    seen: set[str] = set()
    unique: list[Person] = []
    for person in people:
        keys = {key for key in (person.slack_id, (person.email or "").lower()) if key}
        if not keys & seen:
            unique.append(person)
        seen |= keys
    return unique
