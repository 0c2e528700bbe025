"""People whom somebody asked into the room by name, by address, or as whoever is on call for a team (P-people)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app import ledger
from app.domain.audit import AuditType, Fact
from app.domain.incident import Incident, Responder
from app.domain.named import Named
from app.domain.people import Human, Person, Source
from app.errors import Refused, VendorError
from app.flows.people import each_once, slack_id_of
from app.ledger import Decision
from app.ports import Chat, Directory, OnCallSchedule, Store

AT_ONCE = 30  # below Slack's 100 and DynamoDB's 100, since each is an audit event


@dataclass
class Asked:
    """``wanted``: Slack id -> how they were asked for. ``failed``: who could not be found, and why."""

    wanted: dict[str, Person] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    lookups: dict[str, str] = field(default_factory=dict)  # source -> why it gave no answer


@dataclass(frozen=True)
class Outcome:
    came: tuple[str, ...]
    already: tuple[str, ...]
    failed: Mapping[str, str]


async def find(named: Named, schedule: OnCallSchedule, directory: Directory, chat: Chat) -> Asked:
    """Each fails alone, and is named in the answer."""
    asked = Asked(failed=dict.fromkeys(named.unread, "neither a person, an address nor a team"))
    people = [Person(name=one, email=None, source=Source.REQUEST, slack_id=one) for one in named.slack_ids]
    people += [Person(name=email, email=email, source=Source.REQUEST) for email in named.emails]
    for team in named.teams:
        people += await _of_team(team, schedule, directory, asked)
    people = each_once(people)
    if len(people) > AT_ONCE:
        asked.failed[f"{len(people) - AT_ONCE} more"] = f"{AT_ONCE} at once are enough: name whom you need"
        people = people[:AT_ONCE]
    found = await asyncio.gather(*(slack_id_of(person, chat) for person in people))
    for person, (slack_id, why_not) in zip(people, found, strict=True):
        if slack_id:
            asked.wanted.setdefault(slack_id, person)
        else:
            asked.failed[person.name] = why_not or "Slack limits how fast people are looked up: try again in a minute"
    return asked


async def _of_team(team: str, schedule: OnCallSchedule, directory: Directory, asked: Asked) -> list[Person]:
    """Who is on call for it now, and its group in the directory."""
    sources = {"on-call schedule": _on_call(schedule, team), "directory": directory.members(team)}
    people: list[Person] = []
    failed = False
    for source, answer in zip(sources, await asyncio.gather(*sources.values(), return_exceptions=True), strict=True):
        if isinstance(answer, VendorError):
            failed = True
            asked.lookups[source] = asked.failed[f"{team}, {source}"] = str(answer)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            people += answer
    if not people and not failed:
        why = "nobody is on call for a team of that name, and no group of the directory is mapped to it"
        asked.failed[team] = f"{why} (a name with blanks goes in quotes)"
    return people


async def _on_call(schedule: OnCallSchedule, team: str) -> Iterable[Person]:
    return (await schedule.team(team)).people


async def bring_in(store: Store, chat: Chat, incident: Incident, asked: Asked, human: Human) -> Outcome:
    """Into the room, on record with who asked. Twice is once: who is on record is not recorded again."""
    if incident.channel_id is None or incident.archived_at:
        raise Refused("This incident has no room to invite anybody to: it is still being made, or archived already.")
    wanted, failed = list(asked.wanted), dict(asked.failed)
    before = await chat.members(incident.channel_id)
    outcome = await chat.invite(incident.channel_id, [one for one in wanted if one not in before])
    failed |= {asked.wanted[one].name: why for one, why in outcome.failed.items()}
    here = [one for one in wanted if one in before or one in outcome.joined]
    not_found = [_fact(AuditType.RESPONDER_NOT_INVITED, human, who=who, why=why) for who, why in failed.items()]
    not_found += [
        _fact(AuditType.DIRECTORY_LOOKUP_FAILED, human, source=source, why=why) for source, why in asked.lookups.items()
    ]

    def decide(incident: Incident) -> Decision | None:
        known = {responder.slack_id for responder in incident.responders}
        new = [one for one in here if one not in known]
        facts = [
            _fact(AuditType.RESPONDER_INVITED, human, slack_id=one, source=Source.REQUEST, via=asked.wanted[one].source)
            for one in new
        ]
        came = tuple(Responder(slack_id=one, name=asked.wanted[one].name, source=Source.REQUEST) for one in new)
        changed = incident.but(responders=(*incident.responders, *came))
        return Decision(changed, [*facts, *not_found]) if facts or not_found else None

    await ledger.amend(store, incident.id, decide)
    already = tuple(one for one in wanted if one in before)
    return Outcome(came=tuple(one for one in here if one not in before), already=already, failed=failed)


async def let_in(store: Store, chat: Chat, incident: Incident, slack_id: str, human: Human) -> None:
    """Whoever is to have a part in it is in the room, and therefore somebody whom Slack knows. Raises ``Refused``."""
    person = Person(name=slack_id, email=None, source=Source.REQUEST, slack_id=slack_id)
    outcome = await bring_in(store, chat, incident, Asked(wanted={slack_id: person}), human)
    if why := outcome.failed.get(slack_id):
        raise Refused(f"<@{slack_id}> is not in this room and could not be invited ({why}). Name somebody else.")


def _fact(kind: AuditType, human: Human, **details: object) -> Fact:
    return Fact(type=kind, actor=human.actor, details=details)
